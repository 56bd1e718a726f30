"""Drafts that are changed: all that was posted, judged as then, and nobody's change overwritten."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from hiringhall.actions.tasks.change import change_task
from hiringhall.actions.tasks.change import task_change as change_of
from hiringhall.domain.tasks import State
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
from tests.doors.conftest import Worker
from tests.doors.native.conftest import Caller, told
from tests.support.market import is_sound

pytestmark = pytest.mark.anyio

STAFF = {"title": "Build a page", "description": "With a hero."}
CLAIM = {"title": "Label", "description": "One word.", "engagement": "claim", "price_cents": 5_000}


async def change(
    poster: Caller, task: dict[str, Any], status: int = 200, **fields: Any
) -> dict[str, Any]:
    body = {"version": task["version"], **fields}
    return told(await poster.ask("PATCH", f"/tasks/{task['id']}", json=body), status)


@pytest.mark.promise("NA-CHANGE-DRAFT")
async def test_what_is_said_of_a_draft_is_changed_and_the_rest_stays(
    poster: Caller, hall: Hall
) -> None:
    more = {
        "tags": ["text"],
        "inputs": [{"name": "Spec", "url": "https://example.com/spec"}, "Be brief"],
        "expires_in_hours": 12,
        "category": "labels",
    }
    task = await poster.post("/tasks", CLAIM | more, 201)
    now = await change(
        poster, task, title="  Label  all ", price_cents=7_000, deadline="2099-01-01T00:00:00Z"
    )
    assert (now["title"], now["price_cents"], now["state"]) == ("Label all", 7_000, "draft")
    assert (now["tags"], now["category"], now["expires_in_hours"]) == (["text"], "labels", 12)
    assert now["inputs"] == [
        {"text": "", "name": "Spec", "url": "https://example.com/spec"},
        {"text": "Be brief", "name": "", "url": ""},
    ]
    assert (now["deadline"], now["version"]) == ("2099-01-01T00:00:00.000Z", task["version"] + 1)
    assert "change_draft" in now["can"]
    bare = await change(poster, now, deadline=None, tags=[], category=None)
    assert (bare["deadline"], bare["tags"], bare["category"]) == (None, [], "general")
    same = await change(poster, bare, title="Label all")
    assert same["version"] == bare["version"]
    events = (await poster.get(f"/tasks/{task['id']}/events"))["items"]
    said = [one["data"]["changes"] for one in events if one["type"] == "task_changed"]
    assert [sorted(one) for one in said] == [
        ["deadline_us", "price_cents", "title"],
        ["category", "deadline_us", "tags"],
    ]
    sold = await change(poster, same, publish=True)
    assert (sold["state"], sold["hold"]["amount_cents"]) == ("open", 7_000)
    found = (await poster.get("/tasks", params={"view": "posted"}))["items"]
    assert [one["title"] for one in found] == ["Label all"]
    assert await is_sound(hall)


@pytest.mark.promise("NA-CHANGE-DRAFT")
async def test_of_many_who_change_it_at_once_one_does(poster: Caller, hall: Hall) -> None:
    task = await poster.post("/tasks", CLAIM, 201)
    path = f"/tasks/{task['id']}"
    bodies = [{"version": 1, "title": f"Words of {one}"} for one in range(8)]
    answers = await asyncio.gather(*(poster.ask("PATCH", path, json=one) for one in bodies))
    assert Counter(one.status_code for one in answers) == {200: 1, 409: 7}
    (won,) = (one.json()["title"] for one in answers if one.status_code == 200)
    assert (await poster.get(path))["title"] == won
    late = await change(poster, task, 409, title="Later words")
    assert "Somebody changed this draft" in late["detail"]
    headers = {"Idempotency-Key": "once"}
    body = {"version": 2, "title": "The last words"}
    for _ in range(2):
        again = told(await poster.ask("PATCH", path, json=body, headers=headers), 200)
        assert (again["title"], again["version"]) == ("The last words", 3)
    assert await is_sound(hall)


async def test_a_draft_is_judged_as_a_new_task_is(poster: Caller, maker: Caller) -> None:
    task = await poster.post("/tasks", CLAIM, 201)
    for wrong, field in (
        ({"title": " "}, "title"),
        ({"price_cents": 0}, "price_cents"),
        ({"price_cents": None}, "price_cents"),
        ({"deadline": "2020-01-01T00:00:00Z"}, "deadline"),
        ({"role": "painter"}, "role"),
        ({"engagement": "barter"}, "engagement"),
    ):
        refused = await change(poster, task, 400, **wrong)
        assert list(refused["fields"]) == [field]
    poor = await change(poster, task, 402, price_cents=50_000_000, publish=True)
    assert poor["needed_cents"] == 50_000_000
    assert (await poster.get(f"/tasks/{task['id']}"))["price_cents"] == 5_000
    await change(maker, task, 404, title="Mine")
    await poster.post(f"/tasks/{task['id']}/publish")
    sold = await poster.get(f"/tasks/{task['id']}")
    refused = await change(poster, sold, 409, title="Cheaper")
    assert (refused["state"], refused["command"]) == ("open", "change_draft")


async def test_a_draft_goes_from_the_staff_to_the_market_and_back(
    poster: Caller, worker: Worker, hall: Hall
) -> None:
    task = await poster.post("/tasks", STAFF | {"require_spec_approval": True}, 201)
    assert task["require_spec_approval"]
    await change(poster, task, 400, engagement="claim")
    out = await change(poster, task, engagement="proposals", price_cents=2_000)
    assert (out["engagement"], out["price_cents"]) == ("proposals", 2_000)
    assert (out["require_spec_approval"], out["max_proposals"]) == (False, 10)
    back = await change(poster, out, engagement="staff", require_spec_approval=False)
    assert (back["price_cents"], back["category"], back["hold"]) == (None, None, None)
    sent = await change(poster, back, title="Build it", publish=True)
    assert (sent["state"], sent["title"]) == ("open", "Build it")
    await worker.solves("Done")
    assert await is_sound(hall)


async def test_what_was_held_before_is_not_offered_again_as_a_draft(
    poster: Caller, hall: Hall
) -> None:
    task = await poster.posts()
    task = await poster.post(f"/tasks/{task['id']}/assign-to-staff", {"role": "painter"})
    actor = await authenticate(hall, poster.key or "")
    aside = change_of(column=State.DRAFT)
    await change_task(hall, actor=actor, task_id=task["id"], change=aside)
    task = await poster.get(f"/tasks/{task['id']}")
    refused = await change(poster, task, 409, engagement="claim", price_cents=1_000)
    assert "post it anew" in refused["detail"]
    kept = await change(poster, task, title="Label them here")
    assert (kept["title"], kept["price_cents"]) == ("Label them here", 5_000)
    assert await is_sound(hall)
