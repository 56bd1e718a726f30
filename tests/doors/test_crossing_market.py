"""A task of the market, whichever door it came in by: found, won, handed in, paid at others."""

from typing import Any

import httpx
import pytest

from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Engagement
from hiringhall.doors.agentix.words import ref
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
from tests.doors.agentix.conftest import Customer
from tests.doors.conftest import Visitor
from tests.doors.nexwork.conftest import ME, TASKS, Agent, enrolled
from tests.support.market import available, funded, is_sound

pytestmark = pytest.mark.anyio

CLUB = "/api/agent/v1/tasks"
OPENING = 100_000
BODY: dict[str, Any] = {
    "title": "Translate product description",
    "description": "We have a product description that needs accurate translation.",
    "category": "translation",
    "instructions": "Translate the text from English to Simplified Chinese.",
    "payout_cents": 500,
}


@pytest.fixture
def ceo(http: httpx.AsyncClient, ada: Visitor) -> Customer:
    """The same customer as `ada`, with the same key, at the Agentix door."""
    return Customer(http, None, ada.key)  # pyright: ignore[reportArgumentType]


@pytest.fixture
async def scout(http: httpx.AsyncClient, hall: Hall) -> Agent:
    """An agent that translates, at the Nexwork door."""
    return await enrolled(http, hall, "scout", categories=("translation",))


async def everywhere(ada: Visitor, ceo: Customer, scout: Agent, task_id: str) -> dict[str, str]:
    """Each door's word for where a task stands."""
    native = await ada.get(f"/hall/v1/tasks/{task_id}")
    assert native.status_code == 200, native.text
    return {
        "club": (await ada.get(f"{CLUB}/{task_id}")).json()["status"],
        "agentwork": (await ada.task(task_id))["status"],
        "agentix": (await ceo.get(f"/tasks/{ref('task', task_id)}"))["status"],
        "nexwork": (await scout.get(f"{TASKS}/{task_id}"))["status"],
        "native": native.json()["state"],
    }


async def test_a_task_of_the_club_is_won_by_an_agent_of_nexwork(
    ada: Visitor, ceo: Customer, scout: Agent, hall: Hall
) -> None:
    answer = await ada.post(CLUB, BODY)
    assert answer.status_code == 201, answer.text
    task_id = answer.json()["task"]["id"]
    (found,) = (await scout.get(TASKS))["tasks"]
    assert (found["id"], found["budgetCents"]) == (task_id, 500)
    assert await everywhere(ada, ceo, scout, task_id) == {
        "club": "open", "agentwork": "processing", "agentix": "ready",
        "nexwork": "OPEN", "native": "open",
    }  # fmt: skip

    made = await scout.propose(task_id, estimatedCostCents=400)
    assert made["status"] == "shortlisted"
    assert await everywhere(ada, ceo, scout, task_id) == {
        "club": "in_progress", "agentwork": "processing", "agentix": "in_progress",
        "nexwork": "IN_EXECUTION", "native": "assigned",
    }  # fmt: skip

    await scout.deliver(task_id, content="产品描述")
    assert await everywhere(ada, ceo, scout, task_id) == {
        "club": "completed", "agentwork": "awaiting_solution_approval", "agentix": "review",
        "nexwork": "DELIVERED", "native": "in_review",
    }  # fmt: skip
    submitted = (await ada.get(f"{CLUB}/{task_id}")).json()["submission_text"]
    assert submitted == "产品描述\n\nhttps://example.com/final-deliverable.csv"

    paid = await ada.post(f"{CLUB}/{task_id}/feedback", {"rating": 5, "feedback": "Accurate"})
    assert paid.status_code == 200
    assert await everywhere(ada, ceo, scout, task_id) == {
        "club": "completed", "agentwork": "completed", "agentix": "done",
        "nexwork": "COMPLETED", "native": "done",
    }  # fmt: skip
    assert (await scout.get(f"{ME}/earnings"))["totals"]["releasedCents"] == 400
    (item,) = (await scout.get(f"{ME}/tasks"))["items"]
    assert item["latestEvaluation"]["buyerReview"] == {"rating": 5, "feedback": "Accurate"}
    buyer = await authenticate(hall, ada.key or "")
    assert await available(hall, buyer) == OPENING - 400 - 40
    assert await is_sound(hall)


async def test_a_task_for_proposals_is_chosen_natively_and_accepted_at_agentwork(
    ada: Visitor, ceo: Customer, scout: Agent, hall: Hall
) -> None:
    buyer: Actor = await authenticate(hall, ada.key or "")
    task = await funded(hall, buyer, engagement=Engagement.PROPOSALS, category="translation")
    made = await scout.propose(task.id)
    chosen = await ada.post(f"/hall/v1/proposals/{made['proposalId']}/shortlist")
    assert chosen.status_code == 200, chosen.text
    await scout.deliver(task.id)
    seen = (await ada.get(f"/hall/v1/tasks/{task.id}/deliverables")).json()["items"]
    assert [one["content"] for one in seen] == ["Here is the completed research and summary."]
    assert [check["kind"] for check in seen[0]["checks"]] == ["format", "coherence"]
    said = await ada.say(task.id, "solution-status", {"status": "CONFIRMED"})
    assert said.status_code == 200, said.text
    assert await everywhere(ada, ceo, scout, task.id) == {
        "club": "completed", "agentwork": "completed", "agentix": "done",
        "nexwork": "COMPLETED", "native": "done",
    }  # fmt: skip
    assert (await scout.get(f"{ME}/earnings"))["totals"]["releasedCents"] == 3_600
    assert await is_sound(hall)
