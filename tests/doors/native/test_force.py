"""A Task Force at the native door: planned, confirmed, talked in, delivered, paid."""

from typing import Any

import pytest

from hiringhall.hall import Hall
from tests.doors.native.conftest import Caller
from tests.support.market import is_sound

pytestmark = pytest.mark.anyio

OPENING = 100_000
LONG = "Here is what this part was to come to, in full."
OUTLINE = {
    "subtasks": [
        {"key": "find", "title": "Find", "brief": "Find ten companies", "share_cents": 2_000},
        {
            "key": "write",
            "title": "Write",
            "brief": "Write of them",
            "share_cents": 1_500,
            "depends_on": ["find"],
        },
    ]
}


async def planned(poster: Caller) -> dict[str, Any]:
    """A funded task, and its plan."""
    task = await poster.posts(engagement="task_force", title="Ten companies")
    made = await poster.post(f"/tasks/{task['id']}/task-force", OUTLINE, 201)
    assert [one["id"] for one in made["subtasks"]] == [None, None]
    return made


async def confirmed(poster: Caller) -> dict[str, Any]:
    """The same, with the buyer's yes; its parts by their keys."""
    task_id = (await planned(poster))["task_id"]
    force = await poster.post(f"/tasks/{task_id}/task-force/confirm")
    return {"id": task_id} | {one["key"]: one for one in force["subtasks"]}


@pytest.mark.promise("NA-FORCE")
async def test_from_outline_to_payment(
    poster: Caller, maker: Caller, admin: Caller, hall: Hall
) -> None:
    scout = await maker.with_agent(admin, task_force=True)
    made = await planned(poster)
    assert (made["status"], made["task_state"]) == ("planned", "awaiting_reply")
    assert (made["waiting_for"], made["share_cents"]) == ("plan_decision", 3_500)
    task_id = made["task_id"]
    assert "Find" in (await poster.get(f"/tasks/{task_id}"))["plan"]["text"]
    force = await poster.post(f"/tasks/{task_id}/task-force/confirm")
    find, write = force["subtasks"]
    assert (find["state"], find["agent_id"], write["state"]) == ("assigned", scout.id, "draft")

    context = await scout.get(f"/tasks/{find['id']}/context")
    assert (context["project_title"], context["brief"]) == ("Ten companies", "Find ten companies")
    assert (await poster.get(f"/tasks/{find['id']}"))["state"] == "assigned"
    said = await scout.post(f"/tasks/{find['id']}/messages", {"content": "I have it"}, 201)
    assert (said["sender_type"], said["kind"], said["subtask_id"]) == ("agent", "text", find["id"])
    assert (await poster.get(f"/tasks/{find['id']}"))["state"] == "in_progress"

    delivered = await scout.delivers(find["id"], LONG)
    await poster.post(f"/deliverables/{delivered['id']}/accept", {"rating": 5})
    context = await scout.get(f"/tasks/{write['id']}/context")
    (before,) = context["dependencies"]
    assert (before["title"], before["state"], before["content"]) == ("Find", "done", LONG)
    delivered = await scout.delivers(write["id"], LONG)
    await poster.post(f"/deliverables/{delivered['id']}/accept")

    whole = await poster.get(f"/tasks/{task_id}")
    assert whole["state"] == "in_review"
    (handed_in,) = (await poster.get(f"/tasks/{task_id}/deliverables"))["items"]
    assert handed_in["content"] == f"# Find\n\n{LONG}\n\n# Write\n\n{LONG}"
    await poster.post(f"/deliverables/{handed_in['id']}/accept")
    force = await poster.get(f"/tasks/{task_id}/task-force")
    assert (force["status"], force["paid_cents"]) == ("over", 1_800 + 1_350)
    assert (await poster.get("/account"))["available_cents"] == OPENING - 3_500
    assert (await maker.get("/account"))["available_cents"] == OPENING + 3_150
    assert await is_sound(hall)


async def test_without_a_model_an_outline_is_asked_for(poster: Caller) -> None:
    task = await poster.posts(engagement="task_force")
    there = f"/tasks/{task['id']}/task-force"
    refused = await poster.post(there, None, 400)
    assert refused["fields"] == {"subtasks": "is required"}
    assert (await poster.get(there, 409))["code"] == "conflict"
    claim = await poster.posts()
    assert (await poster.post(f"/tasks/{claim['id']}/task-force", OUTLINE, 409))["code"]


async def test_a_no_asks_for_another_plan(poster: Caller) -> None:
    task_id = (await planned(poster))["task_id"]
    body = {"accepted": False, "reason": "Too dear"}
    refused = await poster.post(f"/tasks/{task_id}/task-force/confirm", body)
    assert (refused["status"], refused["task_state"]) == ("planned", "open")
    again = await poster.post(f"/tasks/{task_id}/task-force", OUTLINE, 201)
    assert again["task_state"] == "awaiting_reply"


async def test_messages_have_a_thread_each_and_one_for_all(
    poster: Caller, maker: Caller, admin: Caller
) -> None:
    scout = await maker.with_agent(admin, task_force=True)
    force = await confirmed(poster)
    part, whole = f"/tasks/{force['find']['id']}/messages", f"/tasks/{force['id']}/messages"
    await scout.post(part, {"content": "Blocked: which countries?", "kind": "blocker"}, 201)
    seen = await poster.get(f"/tasks/{force['id']}")
    assert (seen["waiting_for"], "which countries" in seen["waiting_reason"]) == ("poster", True)
    said = await scout.post(part, {"content": "To all of you", "to_channel": True}, 201)
    assert said["subtask_id"] is None
    said = await poster.post(whole, {"content": "Any"}, 201)
    assert (said["sender_type"], said["subtask_id"]) == ("buyer", None)
    assert (await poster.get(f"/tasks/{force['id']}"))["waiting_for"] == "nothing"

    page = await scout.get(part, params={"limit": 2})
    rest = await scout.get(part, params={"cursor": page["next_cursor"]})
    told = [one["content"] for one in (*page["items"], *rest["items"])]
    assert [one for one in told if one in ("To all of you", "Any")] == ["To all of you", "Any"]
    channel = (await poster.get(whole))["items"]
    assert {one["subtask_id"] for one in channel} == {None}
    assert {one["sender_type"] for one in channel} == {"manager", "system", "agent", "buyer"}
    everything = (await poster.get(whole, params={"threads": "all", "limit": 100}))["items"]
    assert force["find"]["id"] in {one["subtask_id"] for one in everything}


async def test_anothers_part_is_forbidden_and_a_foreign_one_is_not_there(
    poster: Caller, maker: Caller, admin: Caller
) -> None:
    scout = await maker.with_agent(admin, task_force=True)
    force = await confirmed(poster)
    rival = await maker.with_agent(admin, "rival", task_force=True)
    find = force["find"]["id"]
    for path in (f"/tasks/{find}/context", f"/tasks/{find}/messages"):
        assert (await rival.get(path, 404))["code"] == "not_found"
    await rival.post(f"/tasks/{find}/messages", {"content": "Let me in"}, 404)
    await scout.post(f"/tasks/{find}/release-claim")
    assert (await rival.get(f"/tasks/{find}/context"))["state"] == "assigned"
    assert (await scout.get(f"/tasks/{find}/context", 403))["code"] == "forbidden"
    assert (await scout.post(f"/tasks/{find}/messages", {"content": "Me too"}, 403))["code"]
    assert (await maker.get(f"/tasks/{force['id']}/task-force", 404))["code"] == "not_found"


async def test_a_repeated_plan_and_a_repeated_word_are_one(poster: Caller) -> None:
    task = await poster.posts(engagement="task_force")
    again = {"headers": {"Idempotency-Key": "one"}}
    there = f"/tasks/{task['id']}/task-force"
    first = await poster.post(there, OUTLINE, 201, **again)
    assert await poster.post(there, OUTLINE, 201, **again) == first
    there, body = f"/tasks/{task['id']}/messages", {"content": "Hello"}
    said = await poster.post(there, body, 201, **again)
    assert await poster.post(there, body, 201, **again) == said
    assert len((await poster.get(there))["items"]) == 1


async def test_a_part_is_given_to_an_agent_of_the_buyers_choice(
    poster: Caller, maker: Caller, admin: Caller
) -> None:
    force = await confirmed(poster)
    seen = await poster.get(f"/tasks/{force['id']}")
    assert (seen["waiting_for"], "Nobody" in seen["waiting_reason"]) == ("poster", True)
    scout = await maker.with_agent(admin, task_force=True)
    there = f"/tasks/{force['find']['id']}/assign"
    refused = await poster.post(there, {"agent_id": force["id"]}, 400)
    assert refused["fields"] == {"agent_id": "not available"}
    given = await poster.post(there, {"agent_id": scout.id})
    assert given["state"] == "assigned"
    assert (await poster.get(f"/tasks/{force['id']}"))["waiting_for"] == "nothing"
    further = {"key": "more", "title": "More", "brief": "And more", "share_cents": 1_501}
    there = f"/tasks/{force['id']}/task-force/parts"
    refused = await poster.post(there, {"subtasks": [further]}, 400)
    assert "1500" in refused["detail"]
    grown = await poster.post(there, {"subtasks": [further | {"share_cents": 1_500}]}, 201)
    assert [one["state"] for one in grown["subtasks"]] == ["assigned", "draft", "assigned"]
