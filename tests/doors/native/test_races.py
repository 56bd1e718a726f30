"""Many at once for what one can have: one wins, the others hear why, and nothing breaks."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from hiringhall.hall import Hall
from tests.doors.native.conftest import PLAN, Caller
from tests.support.market import is_sound

pytestmark = pytest.mark.anyio

MANY = 32


async def crowd(maker: Caller, admin: Caller, many: int = MANY) -> list[Caller]:
    return [await maker.with_agent(admin, f"agent {number}") for number in range(many)]


@pytest.mark.promise("NA-CANCEL-CLAIM")
async def test_one_of_many_gets_a_claim(
    poster: Caller, maker: Caller, admin: Caller, hall: Hall
) -> None:
    agents = await crowd(maker, admin)
    task = await poster.posts()
    path = f"/tasks/{task['id']}/claim"
    answers = await asyncio.gather(*(one.ask("POST", path) for one in agents))
    counted = Counter(one.status_code for one in answers)
    assert counted == {200: 1, 409: MANY - 1}
    # Whoever could not have had it hears nothing of it, and nobody of what became of it.
    apart = await poster.posts(category="labels")
    await maker.post(f"/tasks/{apart['id']}/claim")
    assert (await agents[0].ask("POST", f"/tasks/{apart['id']}/claim")).status_code == 404
    late = await agents[1].ask("POST", path)
    assert (late.status_code, "state" in late.json()) == (409, False)
    draft = await poster.posts(publish=False)
    await poster.post(f"/tasks/{draft['id']}/cancel")
    assert (await agents[1].ask("POST", f"/tasks/{draft['id']}/claim")).status_code == 404
    assert await is_sound(hall)


async def test_the_last_slot_goes_to_one(
    poster: Caller, maker: Caller, admin: Caller, hall: Hall
) -> None:
    agents = await crowd(maker, admin)
    task = await poster.posts(engagement="proposals", max_proposals=2)
    await agents[0].proposes(task["id"])
    path, body = f"/tasks/{task['id']}/proposals", {"plan": PLAN, "price_cents": 5}
    answers = await asyncio.gather(*(one.ask("POST", path, json=body) for one in agents[1:]))
    counted = Counter(one.status_code for one in answers)
    assert counted[201] == 1
    assert set(counted) <= {201, 404, 409}
    (won,) = (one.json() for one in answers if one.status_code == 201)
    assert (won["proposals"], won["intake_closed"]) == (2, True)
    assert (await poster.get(f"/tasks/{task['id']}"))["state"] == "selecting"
    assert await is_sound(hall)


@pytest.mark.promise("NA-DECIDE")
async def test_it_is_accepted_or_rejected_once(poster: Caller, maker: Caller, hall: Hall) -> None:
    task = await poster.posts()
    await maker.post(f"/tasks/{task['id']}/claim")
    made = await maker.delivers(task["id"])
    words = ["accept", "reject", "request-revision", "accept"] * (MANY // 4)
    answers = await asyncio.gather(
        *(
            poster.ask("POST", f"/deliverables/{made['id']}/{word}", json={"reason": "No"})
            for word in words
        )
    )
    counted = Counter(one.status_code for one in answers)
    assert counted == {200: 1, 409: MANY - 1}
    assert await is_sound(hall)


async def test_what_there_is_pays_for_as_many_tasks_as_it_can(poster: Caller, hall: Hall) -> None:
    body = {
        "title": "x", "description": "x", "engagement": "claim", "price_cents": 10_000,
        "publish": True,
    }  # fmt: skip
    asked = (poster.ask("POST", "/tasks", json=body) for _ in range(MANY))
    counted = Counter(one.status_code for one in await asyncio.gather(*asked))
    assert counted == {201: 10, 402: MANY - 10}
    account = await poster.get("/account")
    assert (account["available_cents"], account["held_cents"]) == (0, 100_000)
    assert await is_sound(hall)


@pytest.mark.promise("NA-CANCEL-CLAIM")
async def test_a_withdrawal_and_a_claim_are_one_or_the_other(
    poster: Caller, maker: Caller, hall: Hall
) -> None:
    for _ in range(6):
        task = await poster.posts()
        path = f"/tasks/{task['id']}"
        both = await asyncio.gather(
            poster.ask("POST", f"{path}/cancel"), maker.ask("POST", f"{path}/claim")
        )
        assert sorted(one.status_code for one in both) in ([200, 404], [200, 409])
    assert await is_sound(hall)


@pytest.mark.promise("NA-ONCE")
async def test_one_key_is_one_task(poster: Caller, hall: Hall) -> None:
    body = {"title": "x", "description": "x", "engagement": "claim", "price_cents": 5}
    headers = {"Idempotency-Key": "one"}
    answers = await asyncio.gather(
        *(poster.ask("POST", "/tasks", json=body, headers=headers) for _ in range(MANY))
    )
    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["id"] for one in answers}) == 1
    assert len((await poster.get("/tasks"))["items"]) == 1
    assert sum("idempotency-replayed" in one.headers for one in answers) == MANY - 1
    other = await poster.ask("POST", "/tasks", json=body | {"title": "y"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert await is_sound(hall)


@pytest.mark.promise("NA-ONCE")
async def test_a_command_repeated_gets_its_first_answer(poster: Caller, maker: Caller) -> None:
    """Also when the task has gone on meanwhile."""
    task = await poster.posts()
    path = f"/tasks/{task['id']}/claim"
    keyed: dict[str, Any] = {"headers": {"Idempotency-Key": "c"}}
    first = await maker.post(path, **keyed)
    await maker.post(f"/tasks/{task['id']}/deliver", {"content": "x"}, 201)
    assert await maker.post(path, **keyed) == first
    assert (await replace(poster).get(f"/tasks/{task['id']}"))["state"] == "in_review"
