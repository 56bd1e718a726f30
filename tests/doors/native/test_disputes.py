"""Disputes at the native door: opened, argued, agreed, decided, with the log as evidence."""

from typing import Any

import pytest

from hiringhall.hall import Hall
from tests.doors.native.conftest import Caller
from tests.support.market import is_sound

pytestmark = pytest.mark.anyio

OPENING = 100_000


async def rejected(poster: Caller, maker: Caller) -> tuple[str, dict[str, Any]]:
    """A task whose delivery its poster rejected, and the dispute."""
    task = await poster.posts()
    await maker.post(f"/tasks/{task['id']}/claim")
    made = await maker.delivers(task["id"], "not quite")
    said = await poster.post(f"/deliverables/{made['id']}/reject", {"reason": "Half is missing"})
    assert (said["state"], said["feedback"]) == ("sent_back", "Half is missing")
    (dispute,) = (await maker.get(f"/tasks/{task['id']}/disputes"))["items"]
    assert (dispute["opened_by"], dispute["state"]) == ("poster", "open")
    return task["id"], dispute


@pytest.mark.promise("NA-DISPUTE")
async def test_both_sides_agree_on_an_amount(poster: Caller, maker: Caller, hall: Hall) -> None:
    task_id, dispute = await rejected(poster, maker)
    path = f"/disputes/{dispute['id']}"
    said = await maker.post(f"{path}/statements", {"text": "The brief asked for half"})
    assert (said["poster_spoke"], said["worker_spoke"]) == (True, True)
    offered = await maker.post(f"{path}/agree", {"worker_cents": 3_000})
    assert (offered["state"], offered["worker_cents"]) == ("open", 3_000)
    agreed = await poster.post(f"{path}/agree", {"worker_cents": 3_000})
    assert (agreed["state"], agreed["outcome_cents"]) == ("agreed", 3_000)
    assert (await poster.get(f"/tasks/{task_id}"))["state"] == "done"
    assert (await poster.get("/account"))["available_cents"] == OPENING - 3_000
    assert (await maker.get("/account"))["available_cents"] == OPENING + 2_700
    over = await poster.post(f"{path}/agree", {"worker_cents": 1}, 409)
    assert over["code"] == "conflict"
    assert await is_sound(hall)


async def test_a_rejection_says_what_it_is_about(poster: Caller, maker: Caller) -> None:
    task = await poster.posts()
    await maker.post(f"/tasks/{task['id']}/claim")
    made = await maker.delivers(task["id"])
    for body in ({}, {"reason": "  "}):
        said = await poster.post(f"/deliverables/{made['id']}/reject", body, 400)
        assert said["fields"] == {"reason": "empty"}
    assert (await poster.get(f"/tasks/{task['id']}"))["state"] == "in_review"
    await poster.post(f"/deliverables/{made['id']}/accept")
    late = await maker.post(f"/tasks/{task['id']}/disputes", {"reason": "Too little"}, 409)
    assert late["code"] == "wrong_state"


@pytest.mark.promise("NA-RESOLVE")
async def test_an_admin_decides_by_the_evidence(
    poster: Caller, maker: Caller, admin: Caller, hall: Hall
) -> None:
    task_id, dispute = await rejected(poster, maker)
    path = f"/disputes/{dispute['id']}"
    (waiting,) = (await admin.get("/admin/disputes"))["items"]
    assert waiting["id"] == dispute["id"]
    for reader in (poster, maker, admin):
        seen = await reader.get(path)
        assert (seen["share_cents"], seen["title"]) == (5_000, "Label these")
        assert [one["type"] for one in seen["evidence"]] == [
            "task_published", "task_claimed", "deliverable_submitted", "dispute_opened",
        ]  # fmt: skip
        assert len(seen["deliverable_ids"]) == 1
    await poster.post(f"{path}/resolve", {"worker_cents": 0}, 403)
    await maker.get("/admin/disputes", 403)
    await admin.post(f"{path}/resolve", {"worker_cents": 5_001}, 400)
    decided = await admin.post(f"{path}/resolve", {"worker_cents": 0, "reason": "Nothing there"})
    assert (decided["state"], decided["outcome_cents"]) == ("resolved", 0)
    task = await poster.get(f"/tasks/{task_id}")
    assert (task["state"], task["hold"]["state"]) == ("cancelled", "refunded")
    assert (await poster.get("/account"))["available_cents"] == OPENING
    assert await is_sound(hall)


async def test_a_new_delivery_ends_a_dispute(poster: Caller, maker: Caller) -> None:
    task_id, dispute = await rejected(poster, maker)
    again = await maker.delivers(task_id, "all of it")
    assert again["number"] == 2
    assert (await poster.get(f"/disputes/{dispute['id']}"))["state"] == "redelivered"
    await poster.post(f"/deliverables/{again['id']}/accept")


async def test_after_three_revisions_the_worker_may_open_one(poster: Caller, maker: Caller) -> None:
    task = await poster.posts()
    await maker.post(f"/tasks/{task['id']}/claim")
    early = await maker.post(f"/tasks/{task['id']}/disputes", {"reason": "Unclear"}, 409)
    assert early["code"] == "conflict"
    for number in range(3):
        made = await maker.delivers(task["id"], f"try {number}")
        await poster.post(f"/deliverables/{made['id']}/request-revision", {"reason": "No"})
    opened = await maker.post(f"/tasks/{task['id']}/disputes", {"reason": "It never ends"}, 201)
    assert (opened["opened_by"], opened["worker_spoke"]) == ("worker", True)


@pytest.mark.promise("NA-OTHERS")
async def test_a_dispute_is_nobody_elses(
    poster: Caller, maker: Caller, admin: Caller, hall: Hall
) -> None:
    task_id, dispute = await rejected(poster, maker)
    agent = await maker.with_agent(admin)
    path = f"/disputes/{dispute['id']}"
    assert (await agent.get(path, 404))["detail"] == "Dispute not found"
    await agent.get(f"/tasks/{task_id}/disputes", 404)
    await agent.post(f"{path}/statements", {"text": "x"}, 404)
    await agent.post(f"{path}/agree", {"worker_cents": 1}, 404)
    taking_sides = await admin.post(f"{path}/agree", {"worker_cents": 1}, 409)
    assert "takes no side" in taking_sides["detail"]


async def test_what_rivals_hand_in_is_no_evidence_for_a_worker(
    poster: Caller, maker: Caller, admin: Caller
) -> None:
    one, two = await maker.with_agent(admin, "one"), await maker.with_agent(admin, "two")
    task = await poster.posts(engagement="proposals")
    for proposal in [await agent.proposes(task["id"]) for agent in (one, two)]:
        await poster.post(f"/proposals/{proposal['id']}/shortlist")
    await one.delivers(task["id"], "a rival's secret")
    made = (await one.get(f"/tasks/{task['id']}/deliverables"))["items"]
    await poster.post(f"/deliverables/{made[0]['id']}/request-revision", {"reason": "No"})
    await two.delivers(task["id"], "my own")
    dispute = await two.post(f"/tasks/{task['id']}/disputes", {"reason": "Now"}, 201)
    seen = await two.get(f"/disputes/{dispute['id']}")
    assert "rival" not in str(seen)
    assert [one["data"].get("text") for one in seen["evidence"] if "submitted" in one["type"]] == [
        "my own"
    ]
