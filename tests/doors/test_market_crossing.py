"""Tasks that cross between the market and the staff: every door says the same of where they are."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from hiringhall.actions.accounts import make_admin
from hiringhall.domain.tasks import State, Waiting
from hiringhall.doors.agentix.words import STATUS as AGENTIX
from hiringhall.doors.agentix.words import id_of, ref
from hiringhall.doors.agentwork.words import status_of
from hiringhall.doors.club.words import STATUS as CLUB
from hiringhall.hall import Hall
from tests.doors.agentix.conftest import Customer
from tests.doors.conftest import Visitor, Worker, visitor
from tests.doors.native.conftest import Caller
from tests.support.market import is_sound
from tests.support.teams import ROLE

pytestmark = pytest.mark.anyio

OPENING = 100_000
CLUB_PATH = "/api/agent/v1/tasks"
WORK: dict[str, Any] = {
    "title": "Label these",
    "description": "One word for each text.",
    "instructions": "positive or negative",
    "payout_cents": 500,
}
LONG = "Here is what this part was to come to, in full."


@dataclass
class Poster:
    """One customer with one key, at every door that a customer has."""

    ada: Visitor
    ceo: Customer
    native: Caller

    async def see(self, task_id: str) -> str:
        """Where a task is, once every door has said the same in its own words."""
        seen = await self.native.get(f"/tasks/{task_id}")
        state, waiting = State(seen["state"]), Waiting(seen["waiting_for"])
        assert (await self.ada.task(task_id))["status"] == status_of(state, waiting)
        assert (await self.ceo.get(f"/tasks/{ref('task', task_id)}"))["status"] == AGENTIX[state]
        club = (await self.ada.get(f"{CLUB_PATH}/{task_id}")).json()
        assert club["status"] == CLUB[state]
        return f"{seen['engagement']} {seen['state']}"

    async def has_cents(self) -> int:
        """What is available."""
        return (await self.native.get("/account"))["available_cents"]


@pytest.fixture
def poster(http: httpx.AsyncClient, ada: Visitor) -> Poster:
    """Who posts, at whichever door."""
    ceo = Customer(http, None, ada.key)  # pyright: ignore[reportArgumentType]
    return Poster(ada, ceo, Caller(ada.http, ada.key, ada.organization_id))


@pytest.fixture
def maker(bob: Visitor) -> Caller:
    """Who works, of another organization."""
    return Caller(bob.http, bob.key, bob.organization_id)


@pytest.fixture
async def admin(hall: Hall, http: httpx.AsyncClient) -> Caller:
    """Who runs the hall."""
    boss = await visitor(http, hall, "boss")
    await make_admin(hall, email="boss@example.com")
    return Caller(http, boss.key, boss.organization_id)


async def test_a_task_of_the_club_is_won_by_an_agent_of_nexwork(
    poster: Poster, maker: Caller, admin: Caller, hall: Hall
) -> None:
    scout = await maker.with_agent(admin)
    task_id = (await poster.ada.post(CLUB_PATH, WORK)).json()["task"]["id"]
    assert await poster.see(task_id) == "claim open"
    nexwork, key = "/api/v1/tasks", {"Authorization": f"Bearer {scout.key}"}
    listed = (await maker.http.get(nexwork, headers=key)).json()["tasks"]
    assert [one["id"] for one in listed] == [task_id]
    proposal = {"planText": "I label each of them by hand.", "estimatedCostCents": 500}
    body = proposal | {"confidenceScore": 0.9, "estimatedHours": 1}
    answer = await maker.http.post(f"{nexwork}/{task_id}/propose", json=body, headers=key)
    assert answer.status_code == 201, answer.text
    assert await poster.see(task_id) == "claim assigned"
    answer = await maker.http.post(
        f"{nexwork}/{task_id}/deliver", json={"content": "positive"}, headers=key
    )
    assert answer.status_code == 201, answer.text
    assert await poster.see(task_id) == "claim in_review"
    answer = await poster.ada.post(f"{CLUB_PATH}/{task_id}/feedback", {"rating": 5})
    assert answer.status_code == 200, answer.text
    assert await poster.see(task_id) == "claim done"
    assert (await scout.get("/earnings"))["released_cents"] == 500
    assert await is_sound(hall)


async def test_what_an_agent_hands_in_by_its_address_is_seen_at_every_door(
    poster: Poster, maker: Caller, admin: Caller
) -> None:
    scout = await maker.with_agent(admin)
    task_id = (await poster.ada.post(CLUB_PATH, WORK)).json()["task"]["id"]
    await scout.post(f"/tasks/{task_id}/claim")
    links = ["https://example.com/labels.csv", "https://example.com/notes.md"]
    answer = await maker.http.post(
        f"/api/v1/tasks/{task_id}/deliver",
        json={"fileUrls": links[1:], "submissionUrl": links[0]},
        headers={"Authorization": f"Bearer {scout.key}"},
    )
    assert answer.status_code == 201, answer.text
    club = (await poster.ada.get(f"{CLUB_PATH}/{task_id}")).json()
    listed = (await poster.ada.get(CLUB_PATH)).json()["tasks"][0]
    agentwork = await poster.ada.task(task_id)
    result = (await poster.ada.get(f"/api/v1/tasks/{task_id}/result")).json()
    agentix = await poster.ceo.get(f"/tasks/{ref('task', task_id)}")
    wanted = "https://example.com/notes.md\nhttps://example.com/labels.csv"
    assert club["submission_text"] == listed["submission_text"] == wanted
    assert agentwork["solution"]["content"] == result["result_text"] == wanted
    assert agentix["output"]["summary"] == wanted


@pytest.mark.promise("NA-ASSIGN")
async def test_a_task_of_the_club_is_given_to_the_staff(
    poster: Poster, maker: Caller, worker: Worker, hall: Hall
) -> None:
    task_id = (await poster.ada.post(CLUB_PATH, WORK)).json()["task"]["id"]
    assert await poster.has_cents() == OPENING - 550
    await poster.native.post(f"/tasks/{task_id}/assign-to-staff")
    assert await poster.see(task_id) == "staff open"
    assert await poster.has_cents() == OPENING
    await maker.post(f"/tasks/{task_id}/claim", status=404)
    assert (await maker.get("/market"))["items"] == []
    run = await worker.begins()
    assert await poster.see(task_id) == "staff in_progress"
    await worker.reports(run, "Half of them")
    listed = (await poster.ada.get(CLUB_PATH)).json()
    assert [(one["id"], one["status"]) for one in listed["tasks"]] == [(task_id, "in_progress")]
    assert await is_sound(hall)


async def test_a_task_with_proposals_is_given_to_the_staff_and_accepted_at_agentwork(
    poster: Poster, maker: Caller, admin: Caller, worker: Worker, hall: Hall
) -> None:
    scout = await maker.with_agent(admin)
    task_id = (await poster.native.posts(engagement="proposals"))["id"]
    await scout.proposes(task_id)
    assert await poster.see(task_id) == "proposals open"
    await poster.native.post(f"/tasks/{task_id}/assign-to-staff")
    assert await poster.see(task_id) == "staff open"
    (mine,) = (await scout.get("/work"))["items"]
    assert mine["proposal_state"] == "closed"
    assert (await scout.post(f"/tasks/{task_id}/deliver", {"content": "x"}, 409))["code"]
    await worker.solves("All labelled")
    assert await poster.see(task_id) == "staff in_review"
    confirmed = {"status": "CONFIRMED"}
    assert (await poster.ada.say(task_id, "solution-status", confirmed)).status_code == 200
    assert await poster.see(task_id) == "staff done"
    assert await poster.has_cents() == OPENING
    assert await is_sound(hall)


async def test_a_draft_is_given_to_a_role_that_nobody_has_and_waits_for_it(
    poster: Poster, hall: Hall
) -> None:
    task_id = (await poster.native.posts(publish=False))["id"]
    given = await poster.native.post(f"/tasks/{task_id}/assign-to-staff", {"role": "painter"})
    assert (given["waiting_for"], "painter" in given["waiting_reason"]) == ("worker", True)
    assert await poster.see(task_id) == "staff open"
    assert await poster.has_cents() == OPENING
    refused = await poster.native.post(f"/tasks/{task_id}/assign-to-staff", status=409)
    assert refused["code"] == "conflict"
    assert await is_sound(hall)


@pytest.mark.promise("NA-OFFER")
async def test_a_task_that_nobody_in_the_house_can_do_is_offered_to_the_market(
    poster: Poster, maker: Caller, hall: Hall
) -> None:
    task_id = await poster.ada.create(title="Paint a page", role="painter")
    assert await poster.see(task_id) == "staff open"
    offer = {"price_cents": 1_000, "category": "painting", "time_limit_minutes": 30}
    offered = await poster.native.post(f"/tasks/{task_id}/offer", offer)
    assert (offered["state"], offered["hold"]["amount_cents"]) == ("open", 1_000)
    assert (offered["waiting_for"], offered["category"]) == ("nothing", "painting")
    assert await poster.see(task_id) == "claim open"
    assert [one["id"] for one in (await maker.get("/market"))["items"]] == [task_id]
    await maker.post(f"/tasks/{task_id}/claim")
    assert await poster.see(task_id) == "claim assigned"
    await maker.delivers(task_id)
    assert await poster.see(task_id) == "claim in_review"
    confirmed = {"status": "CONFIRMED"}
    assert (await poster.ada.say(task_id, "solution-status", confirmed)).status_code == 200
    assert await poster.see(task_id) == "claim done"
    assert (await maker.get("/account"))["available_cents"] == OPENING + 900
    assert (await poster.ada.result(task_id))["result_text"] == "positive"
    assert await is_sound(hall)


async def test_a_task_of_a_board_is_offered_for_proposals(
    poster: Poster, maker: Caller, admin: Caller, hall: Hall
) -> None:
    team, *_ = await poster.ceo.get("/teams")
    body = {"teamId": team["id"], "title": "Draw it", "role": ROLE, "status": "ready"}
    task_id = id_of("task", (await poster.ceo.post("/tasks", body))["id"])
    assert await poster.see(task_id) == "staff open"
    refused = await poster.native.post(f"/tasks/{task_id}/offer", {"price_cents": 0}, 400)
    assert "price_cents" in refused["fields"]
    await poster.native.post(f"/tasks/{task_id}/offer", {"price_cents": 200_000}, 402)
    assert await poster.see(task_id) == "staff open"
    offer = {"price_cents": 2_000, "engagement": "proposals"}
    await poster.native.post(f"/tasks/{task_id}/offer", offer)
    scout = await maker.with_agent(admin)
    made = await scout.proposes(task_id, 1_500)
    await poster.native.post(f"/proposals/{made['id']}/shortlist")
    assert await poster.see(task_id) == "proposals assigned"
    # Money is held for it: a board's moves are the market's words now.
    await poster.ceo.patch(f"/tasks/{ref('task', task_id)}", {"status": "done"}, 409)
    assert await poster.see(task_id) == "proposals assigned"
    delivered = await scout.delivers(task_id)
    await poster.native.post(f"/deliverables/{delivered['id']}/accept")
    assert await poster.see(task_id) == "proposals done"
    assert await poster.has_cents() == OPENING - 1_500
    assert await is_sound(hall)


async def test_what_crossed_once_is_posted_anew_and_not_held_for_twice(
    poster: Poster, worker: Worker, hall: Hall
) -> None:
    task_id = (await poster.native.posts())["id"]
    await poster.native.post(f"/tasks/{task_id}/assign-to-staff", {"role": "painter"})
    refused = await poster.native.post(f"/tasks/{task_id}/offer", {"price_cents": 10}, 409)
    assert "post it anew" in refused["detail"]
    mine = await poster.ada.create(title="A page")
    refused = await poster.native.post(f"/tasks/{mine}/offer", {"price_cents": 10}, 409)
    assert "about to begin" in refused["detail"]
    await worker.begins()
    assert (await poster.native.post(f"/tasks/{mine}/offer", {"price_cents": 10}, 409))["code"]
    assert await is_sound(hall)


async def test_a_task_of_agentwork_is_split_and_its_plan_confirmed_there(
    poster: Poster, maker: Caller, admin: Caller, hall: Hall
) -> None:
    scout = await maker.with_agent(admin, task_force=True)
    task_id = await poster.ada.create(title="Ten companies", role="nobody")
    offer = {"price_cents": 3_000, "engagement": "task_force"}
    await poster.native.post(f"/tasks/{task_id}/offer", offer)
    part = {"key": "find", "title": "Find", "brief": "Find ten", "share_cents": 3_000}
    await poster.native.post(f"/tasks/{task_id}/task-force", {"subtasks": [part]}, 201)
    assert await poster.see(task_id) == "task_force awaiting_reply"
    assert (await poster.ada.task(task_id))["status"] == "awaiting_spec_approval"
    approved = {"status": "CONFIRMED"}
    assert (await poster.ada.say(task_id, "spec-status", approved)).status_code == 200
    assert await poster.see(task_id) == "task_force in_progress"
    (find,) = (await poster.native.get(f"/tasks/{task_id}/task-force"))["subtasks"]
    assert (find["agent_id"], await poster.see(find["id"])) == (scout.id, "task_force assigned")
    await scout.delivers(find["id"], LONG)
    assert (await poster.ada.say(find["id"], "solution-status", approved)).status_code == 200
    assert await poster.see(find["id"]) == "task_force done"
    assert await poster.see(task_id) == "task_force in_review"
    listed = (await poster.ada.get(CLUB_PATH)).json()
    assert [one["id"] for one in listed["tasks"]] == [task_id]
    assert (await poster.ada.say(task_id, "solution-status", approved)).status_code == 200
    assert await poster.see(task_id) == "task_force done"
    assert await is_sound(hall)
