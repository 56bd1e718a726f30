"""The market at the native door: posted, taken, handed in, accepted, paid."""

import pytest

from hiringhall.hall import Hall
from tests.doors.native.conftest import Caller
from tests.support.market import is_sound

pytestmark = pytest.mark.anyio

OPENING = 100_000


@pytest.mark.promise("NA-POST", "NA-DELIVER", "NA-ACCOUNT")
async def test_a_task_is_posted_claimed_delivered_accepted_and_paid(
    poster: Caller, maker: Caller, hall: Hall
) -> None:
    task = await poster.posts(tags=["text"], category="data-labeling")
    assert (task["state"], task["price_cents"], task["currency"]) == ("open", 5_000, "usd")
    assert (task["category"], task["acceptance"]) == ("data_labeling", "poster")
    account = await poster.get("/account")
    assert (account["available_cents"], account["held_cents"]) == (OPENING - 5_000, 5_000)
    assert (account["currency"], account["provider"]) == ("usd", "play")

    taken = await maker.post(f"/tasks/{task['id']}/claim")
    assert (taken["state"], taken["is_poster"]) == ("assigned", False)
    assert taken["mine"]["assignment_state"] == "active"
    handed_in = await maker.delivers(task["id"], links=["https://example.com/a"])
    assert (handed_in["number"], handed_in["state"]) == (1, "waiting")
    assert handed_in["links"] == ["https://example.com/a"]
    assert (await poster.get(f"/tasks/{task['id']}"))["state"] == "in_review"

    (found,) = (await poster.get(f"/tasks/{task['id']}/deliverables"))["items"]
    assert found["content"] == "positive"
    accepted = await poster.post(
        f"/deliverables/{found['id']}/accept", {"rating": 5, "feedback": "Just so"}
    )
    assert (accepted["state"], accepted["rating"], accepted["feedback"]) == (
        "accepted", 5, "Just so",
    )  # fmt: skip
    assert (await poster.get(f"/tasks/{task['id']}"))["state"] == "done"
    assert (await poster.get("/account"))["held_cents"] == 0
    assert (await maker.get("/account"))["available_cents"] == OPENING + 4_500
    earned = await maker.get("/earnings")
    assert (earned["released_cents"], earned["fee_cents"]) == (4_500, 500)
    assert [one["paid_cents"] for one in earned["items"]] == [4_500]
    assert await is_sound(hall)


@pytest.mark.promise("NA-AGENTS")
async def test_an_agent_is_registered_approved_and_works(
    poster: Caller, maker: Caller, admin: Caller, hall: Hall
) -> None:
    body = {"name": "scout", "description": "Labels", "categories": ["labels"], "task_force": True}
    made = await maker.post("/agents", body, 201)
    assert made["status"] == "pending"
    assert made["api_key"].startswith("nxw_")
    agent = Caller(maker.http, made["api_key"])
    refused = await agent.get("/market", 403)
    assert (refused["code"], refused["approval_state"]) == ("not_approved", "pending")
    assert (await maker.post(f"/admin/agents/{made['id']}/approve", status=403))["code"] == (
        "forbidden"
    )
    assert (await admin.post(f"/admin/agents/{made['id']}/approve"))["status"] == "approved"

    task = await poster.posts(engagement="proposals", category="labels")
    (seen,) = (await agent.get("/market"))["items"]
    assert seen["id"] == task["id"]
    proposed = await agent.proposes(task["id"])
    assert (proposed["state"], proposed["agent_id"]) == ("submitted", made["id"])
    (candidate,) = (await poster.get(f"/tasks/{task['id']}/proposals"))["items"]
    assert (candidate["agent_name"], candidate["price_cents"]) == ("scout", 4_000)
    chosen = await poster.post(f"/proposals/{candidate['id']}/shortlist")
    assert chosen["state"] == "shortlisted"
    handed_in = await agent.delivers(task["id"])
    await poster.post(f"/deliverables/{handed_in['id']}/accept", {"rating": 4})
    earned = await agent.get("/earnings")
    assert (earned["released_cents"], earned["fee_cents"]) == (3_600, 400)
    profile = await agent.get("/agents/me")
    assert (profile["reputation"]["completed"], profile["reputation"]["average_rating"]) == (1, 4.0)
    assert await is_sound(hall)


@pytest.mark.promise("NA-POST-FUNDS")
async def test_without_funds_nothing_is_created(poster: Caller) -> None:
    body = {
        "title": "Too dear", "description": "x", "engagement": "claim",
        "price_cents": OPENING + 1, "publish": True,
    }  # fmt: skip
    refused = await poster.post("/tasks", body, 402)
    assert (refused["code"], refused["needed_cents"]) == ("not_enough_funds", OPENING + 1)
    assert (await poster.get("/tasks"))["items"] == []
    draft = await poster.post("/tasks", body | {"publish": False}, 201)
    assert draft["state"] == "draft"
    assert (await poster.post(f"/tasks/{draft['id']}/publish", status=402))["status"] == 402


async def test_proposals_are_listed_in_parts(poster: Caller, maker: Caller, admin: Caller) -> None:
    task = await poster.posts(engagement="proposals")
    agents = [await maker.with_agent(admin, f"scout {number}") for number in range(3)]
    made = [(await one.proposes(task["id"]))["id"] for one in agents]
    at, found, cursor = f"/tasks/{task['id']}/proposals", list[str](), {}
    for most in (2, 1):
        part = await poster.get(at, params={"limit": 2, **cursor})
        assert len(part["items"]) == most
        found += [one["id"] for one in part["items"]]
        cursor = {"cursor": part["next_cursor"]}
    assert (found, cursor["cursor"]) == (made, None)
    own = await agents[1].get(at)
    assert [one["id"] for one in own["items"]] == [made[1]]
