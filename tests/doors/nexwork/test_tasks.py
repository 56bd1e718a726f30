"""Work at the Nexwork door: found, proposed for, delivered, as seed 003 says."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from hiringhall.actions.market import proposing
from hiringhall.actions.market.post import withdraw_task
from hiringhall.domain.market import Item
from hiringhall.domain.policy import Actor
from hiringhall.domain.proposals import ProposalState
from hiringhall.domain.tasks import Engagement, State
from hiringhall.doors.nexwork.words import PROPOSAL as PROPOSAL_WORDS
from hiringhall.doors.nexwork.words import STATUS
from hiringhall.hall import Hall
from tests.doors.nexwork.conftest import (
    DELIVERY,
    PROPOSAL,
    TASKS,
    Agent,
    enrolled,
    offered,
    refused,
    shortlisted,
)
from tests.support.halls import Clock, sign_up
from tests.support.market import draft, is_sound

pytestmark = pytest.mark.anyio

UNKNOWN = "019c936e-3800-7014-91dd-418d04139373"


@pytest.mark.promise("NX-LIST", "NX-LIST-META", "NX-MONEY-AND-TIME")
async def test_open_work_is_listed_as_the_page_prints_it(
    scout: Agent, hall: Hall, buyer: Actor
) -> None:
    task = await offered(hall, buyer)
    assert await scout.get(f"{TASKS}?limit=10") == {
        "tasks": [
            {
                "id": task.id,
                "title": "Research 50 SaaS companies",
                "category": "lead_research",
                "categoryLabel": "Lead Research",
                "budgetCents": 5000,
                "status": "OPEN",
                "proposalCount": 0,
                "proposalsRemaining": 10,
                "canSubmitProposal": True,
            }
        ],
        "meta": {
            "total": 1,
            "limit": 10,
            "offset": 0,
            "hasMore": False,
            "filters": {"category": None},
            "accessibleCategories": ["lead_research", "general"],
        },
    }


@pytest.mark.promise("NX-LIST")
async def test_a_list_is_newest_first_by_category_and_part(
    scout: Agent, hall: Hall, buyer: Actor
) -> None:
    made = [(await offered(hall, buyer)).id for _ in range(3)]
    other = await offered(hall, buyer, category="general")
    first = await scout.get(f"{TASKS}?limit=2")
    assert [one["id"] for one in first["tasks"]] == [other.id, made[2]]
    assert (first["meta"]["total"], first["meta"]["hasMore"]) == (4, True)
    rest = await scout.get(f"{TASKS}/?limit=2&offset=2")
    assert [one["id"] for one in rest["tasks"]] == [made[1], made[0]]
    assert (rest["meta"]["offset"], rest["meta"]["hasMore"]) == (2, False)
    beyond = await scout.get(f"{TASKS}?offset=9")
    assert (beyond["tasks"], beyond["meta"]["total"], beyond["meta"]["hasMore"]) == ([], 4, False)
    for spelled in ("lead_research", "Lead-Research"):
        narrowed = await scout.get(f"{TASKS}?category={spelled}")
        assert [one["id"] for one in narrowed["tasks"]] == made[::-1]
        assert narrowed["meta"]["filters"] == {"category": "lead_research"}
    foreign = await scout.get(f"{TASKS}?category=design")
    assert (foreign["tasks"], foreign["meta"]["total"]) == ([], 0)


@pytest.mark.promise("NX-LIST-OPEN")
async def test_only_open_funded_tasks_with_time_ahead_are_listed(
    scout: Agent, hall: Hall, buyer: Actor, clock: Clock
) -> None:
    await draft(hall, buyer, engagement=Engagement.PROPOSALS, category="lead_research")
    await offered(hall, buyer, category="design")
    cancelled = await offered(hall, buyer)
    await withdraw_task(hall, actor=buyer, task_id=cancelled.id)
    full = await offered(hall, buyer, max_proposals=1)
    rival = await enrolled(scout.http, hall, "other", categories=("lead_research",))
    await rival.propose(full.id)
    over = await offered(hall, buyer, expires_in_hours=1)
    assert [one["id"] for one in (await scout.get(TASKS))["tasks"]] == [over.id]
    clock.advance(3_600)
    listed = await scout.get(TASKS)
    assert (listed["tasks"], listed["meta"]["total"]) == ([], 0)
    await scout.get(f"{TASKS}/{over.id}", 404)


@pytest.mark.promise("NX-TASK")
async def test_a_task_is_read_with_its_brief_and_the_agents_part_in_it(
    scout: Agent, hall: Hall, buyer: Actor
) -> None:
    task = await offered(
        hall,
        buyer,
        instructions="Name every source.",
        expected_output="One CSV",
        inputs=(Item(name="list", url="https://example.com/list.csv"), Item(text="B2B alone")),
    )
    listed = (await scout.get(TASKS))["tasks"][0]
    seen = await scout.get(f"{TASKS}/{task.id}")
    assert {name: seen[name] for name in listed} == listed
    assert seen["brief"] == "Who they are, and whether they fit.\n\nName every source."
    assert seen["inputs"] == [{"name": "list", "url": "https://example.com/list.csv"}, "B2B alone"]
    assert (seen["expectedOutput"], seen["maxProposals"]) == ("One CSV", 10)
    assert seen["deadline"].endswith("Z")
    nothing = {
        "hasProposed": False, "proposalId": None, "proposalStatus": None,
        "shortlisted": False, "canDeliver": False, "deliverableCount": 0,
    }  # fmt: skip
    assert seen["agentContext"] == nothing

    made = await scout.propose(task.id)
    seen = await scout.get(f"{TASKS}/{task.id}")
    mine = nothing | {
        "hasProposed": True, "proposalId": made["proposalId"], "proposalStatus": "submitted",
    }  # fmt: skip
    assert seen["agentContext"] == mine
    assert (seen["proposalCount"], seen["canSubmitProposal"]) == (1, False)
    assert (await scout.get(TASKS))["tasks"][0]["canSubmitProposal"] is False

    await shortlisted(hall, buyer, task.id)
    mine |= {"proposalStatus": "shortlisted", "shortlisted": True, "canDeliver": True}
    assert (await scout.get(f"{TASKS}/{task.id}"))["agentContext"] == mine
    await scout.deliver(task.id)
    seen = await scout.get(f"{TASKS}/{task.id}")
    assert seen["status"] == "DELIVERED"
    assert seen["agentContext"] == mine | {"canDeliver": False, "deliverableCount": 1}


@pytest.mark.promise("NX-TASK-HIDDEN")
async def test_a_task_that_the_agent_may_not_see_is_not_there(
    scout: Agent, rival: Agent, hall: Hall, buyer: Actor
) -> None:
    foreign = await offered(hall, buyer, category="design")
    unseen = await draft(hall, buyer, engagement=Engagement.PROPOSALS, category="lead_research")
    taken = await offered(hall, buyer, max_proposals=1)
    await rival.propose(taken.id)
    await shortlisted(hall, buyer, taken.id)
    answers = set[str]()
    for task_id in (foreign.id, unseen.id, UNKNOWN, "x", foreign.id.upper(), "%00"):
        for answer in (
            await scout.get(f"{TASKS}/{task_id}", 404),
            await scout.propose(task_id, 404),
            await scout.deliver(task_id, 404),
        ):
            refused(answer, "NOT_FOUND")
            answers.add(json.dumps(answer))
    assert len(answers) == 1
    await scout.get(f"{TASKS}/{taken.id}", 404)
    await scout.deliver(taken.id, 404)
    assert (await rival.get(f"{TASKS}/{taken.id}"))["agentContext"]["shortlisted"] is True


@pytest.mark.promise("NX-PROPOSE")
async def test_a_proposal_is_made_as_the_page_prints_it(
    scout: Agent, hall: Hall, buyer: Actor
) -> None:
    task = await offered(hall, buyer)
    made = await scout.propose(task.id)
    assert made == {
        "proposalId": made["proposalId"],
        "status": "submitted",
        "meta": {
            "taskId": task.id,
            "taskStatus": "OPEN",
            "proposalCount": 1,
            "proposalsRemaining": 9,
            "autoClosed": False,
        },
    }


WRONG = [
    ({"planText": "Too short"}, "planText", "Plan must be at least 20 characters"),
    ({"planText": " " * 30 + "x"}, "planText", "Plan must be at least 20 characters"),
    ({"planText": "x" * 10_001}, "planText", "Plan must be at most 10000 characters"),
    ({"planText": 7}, "planText", None),
    ({"planText": None}, "planText", None),
    ({"sampleOutput": "x" * 10_001}, "sampleOutput", None),
    ({"confidenceScore": 1.01}, "confidenceScore", None),
    ({"confidenceScore": -0.1}, "confidenceScore", None),
    ({"confidenceScore": "high"}, "confidenceScore", None),
    ({"estimatedCostCents": 0}, "estimatedCostCents", None),
    ({"estimatedCostCents": 10.5}, "estimatedCostCents", None),
    ({"estimatedCostCents": "4000"}, "estimatedCostCents", None),
    ({"estimatedCostCents": 10**30}, "estimatedCostCents", None),
    ({"estimatedHours": 0}, "estimatedHours", None),
    ({"estimatedHours": 10**9}, "estimatedHours", None),
]


@pytest.mark.promise("NX-ERRORS")
@pytest.mark.parametrize(("fields", "name", "said"), WRONG)
async def test_a_wrong_field_is_named_with_what_is_wrong(
    scout: Agent, hall: Hall, buyer: Actor, fields: dict[str, Any], name: str, said: str | None
) -> None:
    task = await offered(hall, buyer)
    error = refused(await scout.propose(task.id, 400, **fields), "VALIDATION_ERROR")
    assert list(error["details"]["fieldErrors"]) == [name]
    assert error["details"]["fieldErrors"][name] == [error["message"]]
    assert said is None or error["message"] == said
    assert (await scout.get(f"{TASKS}/{task.id}"))["proposalCount"] == 0


@pytest.mark.promise("NX-ERRORS")
async def test_several_wrong_fields_are_named_at_once(
    scout: Agent, hall: Hall, buyer: Actor
) -> None:
    task = await offered(hall, buyer)
    error = refused(
        await scout.propose(task.id, 400, planText="x", confidenceScore=2, estimatedHours=-1),
        "VALIDATION_ERROR",
    )
    assert set(error["details"]["fieldErrors"]) == {
        "planText", "confidenceScore", "estimatedHours",
    }  # fmt: skip
    needed = refused(await scout.post(f"{TASKS}/{task.id}/propose", {}, 400), "VALIDATION_ERROR")
    assert len(needed["details"]["fieldErrors"]) == 1


@pytest.mark.promise("NX-PROPOSE-REFUSED")
async def test_above_the_budget_twice_or_too_late_is_refused(
    scout: Agent, rival: Agent, hall: Hall, buyer: Actor, clock: Clock
) -> None:
    task = await offered(hall, buyer, max_proposals=2, expires_in_hours=1)
    error = refused(await scout.propose(task.id, 400, estimatedCostCents=5_001), "VALIDATION_ERROR")
    assert set(error["details"]["fieldErrors"]) == {"estimatedCostCents"}
    await scout.propose(task.id, estimatedCostCents=5_000)
    refused(await scout.propose(task.id, 409), "CONFLICT")
    clock.advance(3_600)
    refused(await rival.propose(task.id, 409), "CONFLICT")


@pytest.mark.promise("NX-PROPOSE-LAST")
async def test_the_last_slot_closes_the_intake(
    scout: Agent, rival: Agent, hall: Hall, buyer: Actor
) -> None:
    task = await offered(hall, buyer, max_proposals=1)
    meta = (await scout.propose(task.id))["meta"]
    assert (meta["taskStatus"], meta["proposalsRemaining"], meta["autoClosed"]) == (
        "CLOSED", 0, True,
    )  # fmt: skip
    refused(await rival.propose(task.id, 409), "CONFLICT")
    assert (await rival.get(TASKS))["tasks"] == []


@pytest.mark.promise("NX-PROPOSE-LAST")
async def test_of_32_agents_who_want_the_last_slot_one_has_it(
    http: httpx.AsyncClient, hall: Hall, buyer: Actor
) -> None:
    agents = [await enrolled(http, hall, f"agent{number}") for number in range(33)]
    task = await offered(hall, buyer, category="general", max_proposals=2)
    await agents.pop().propose(task.id)
    answers = await asyncio.gather(
        *(one.ask("POST", f"{TASKS}/{task.id}/propose", PROPOSAL) for one in agents)
    )
    assert sorted(one.status_code for one in answers) == [201] + [409] * 31
    (won,) = [one.json() for one in answers if one.status_code == 201]
    assert won["meta"]["autoClosed"] is True
    assert won["meta"]["proposalCount"] == 2
    assert await is_sound(hall)


@pytest.mark.promise("NX-PROPOSE")
async def test_a_task_for_whoever_comes_first_is_had_by_the_first_proposal(
    scout: Agent, rival: Agent, hall: Hall, buyer: Actor
) -> None:
    task = await offered(hall, buyer, engagement=Engagement.CLAIM)
    assert (await scout.get(f"{TASKS}/{task.id}"))["proposalsRemaining"] == 1
    made = await scout.propose(task.id)
    assert (made["status"], made["meta"]["taskStatus"]) == ("shortlisted", "IN_EXECUTION")
    assert (made["meta"]["proposalsRemaining"], made["meta"]["autoClosed"]) == (0, True)
    refused(await rival.propose(task.id, 409), "CONFLICT")
    await scout.deliver(task.id)


async def test_a_proposal_taken_back_is_seen_as_that(
    scout: Agent, hall: Hall, buyer: Actor
) -> None:
    task = await offered(hall, buyer)
    made = await scout.propose(task.id)
    assert scout.actor is not None
    await proposing.withdraw_proposal(hall, actor=scout.actor, proposal_id=made["proposalId"])
    seen = await scout.get(f"{TASKS}/{task.id}")
    assert seen["agentContext"]["proposalStatus"] == "withdrawn"
    assert (seen["proposalCount"], seen["canSubmitProposal"]) == (0, False)


async def test_a_repeated_request_is_answered_alike_to_its_agent_alone(
    scout: Agent, hall: Hall, buyer: Actor, http: httpx.AsyncClient
) -> None:
    task = await offered(hall, buyer)
    first = await scout.post(f"{TASKS}/{task.id}/propose", PROPOSAL, Idempotency_Key="once")
    again = await scout.post(f"{TASKS}/{task.id}/propose", PROPOSAL, Idempotency_Key="once")
    assert first == again
    changed = PROPOSAL | {"estimatedHours": 2}
    refused(
        await scout.post(f"{TASKS}/{task.id}/propose", changed, 409, Idempotency_Key="once"),
        "CONFLICT",
    )
    await shortlisted(hall, buyer, task.id)
    path = f"{TASKS}/{task.id}/deliver"
    delivered = await scout.post(path, DELIVERY, Idempotency_Key="once")
    assert await scout.post(path, DELIVERY, Idempotency_Key="once") == delivered


async def test_agents_of_one_operator_share_no_idempotency_key(
    hall: Hall, buyer: Actor, http: httpx.AsyncClient
) -> None:
    operator = await sign_up(hall, "operator")
    task = await offered(hall, buyer, category="general")
    made = [
        await (await enrolled(http, hall, name, operator=operator)).post(
            f"{TASKS}/{task.id}/propose", PROPOSAL, Idempotency_Key="once"
        )
        for name in ("one", "two")
    ]
    assert [one["meta"]["proposalCount"] for one in made] == [1, 2]


def test_each_state_has_a_word() -> None:
    assert set(STATUS) == set(State)
    assert set(PROPOSAL_WORDS) == set(ProposalState)
