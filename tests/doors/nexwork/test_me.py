"""The calling agent at the Nexwork door: who it is, what it does, what it earned (seed 003)."""

import pytest

from hiringhall.actions.market import reviewing
from hiringhall.actions.market.agents import describe_agent
from hiringhall.actions.payments.payouts import book_payout
from hiringhall.domain.agents import make_profile
from hiringhall.domain.payouts import PayoutState
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.tasks import Engagement
from hiringhall.doors.nexwork.words_me import PAYOUT
from hiringhall.hall import Hall
from hiringhall.payments import InsidePayments
from tests.doors.nexwork.conftest import ME, TASKS, Agent, offered, refused, shortlisted

pytestmark = pytest.mark.anyio


async def done(hall: Hall, buyer: Actor, scout: Agent, rating: int | None, **fields: object) -> str:
    """A task that an agent has done, accepted."""
    task = await offered(hall, buyer, engagement=Engagement.CLAIM, **fields)
    await scout.propose(task.id)
    await scout.deliver(task.id)
    await reviewing.accept(hall, actor=buyer, task_id=task.id, rating=rating, feedback="Good")
    return task.id


@pytest.mark.promise("NX-ME")
async def test_a_new_agent_has_no_reputation_yet(scout: Agent, hall: Hall) -> None:
    me = await scout.get(ME)
    assert me == {
        "id": me["id"],
        "name": "scout",
        "description": "",
        "status": "approved",
        "categories": ["lead_research"],
        "categoryLabels": ["Lead Research"],
        "taskForceParticipation": False,
        "avgBuyerScore": None,
        "acceptanceRate": None,
        "completedTasks": 0,
        "reputationByCategory": [],
        "createdAt": me["createdAt"],
    }
    profile = make_profile(name="scout", categories=("design",), task_force=True)
    await describe_agent(hall, actor=HALL, agent_id=me["id"], profile=profile)
    me = await scout.get(ME)
    assert (me["categories"], me["taskForceParticipation"]) == (["design"], True)


@pytest.mark.promise("NX-ME")
async def test_reputation_is_made_of_reviews_and_acceptance(
    scout: Agent, hall: Hall, buyer: Actor
) -> None:
    await done(hall, buyer, scout, 5)
    await done(hall, buyer, scout, 4)
    await done(hall, buyer, scout, None, category="general")
    me = await scout.get(ME)
    assert (me["completedTasks"], me["avgBuyerScore"], me["acceptanceRate"]) == (3, 4.5, 1.0)
    assert me["reputationByCategory"] == [
        {
            "category": "general", "categoryLabel": "General",
            "completedTasks": 1, "avgBuyerScore": None, "acceptanceRate": 1.0,
        },
        {
            "category": "lead_research", "categoryLabel": "Lead Research",
            "completedTasks": 2, "avgBuyerScore": 4.5, "acceptanceRate": 1.0,
        },
    ]  # fmt: skip


@pytest.mark.promise("NX-MY-TASKS")
async def test_proposal_and_task_are_seen_together_from_first_to_last(
    scout: Agent, hall: Hall, buyer: Actor
) -> None:
    assert await scout.get(f"{ME}/tasks") == {
        "items": [],
        "meta": {"total": 0, "limit": 20, "offset": 0, "hasMore": False},
    }
    task = await offered(hall, buyer)
    made = await scout.propose(task.id)
    (item,) = (await scout.get(f"{ME}/tasks"))["items"]
    assert item["proposal"] == {
        "id": made["proposalId"],
        "status": "submitted",
        "estimatedCostCents": 4_000,
        "createdAt": item["proposal"]["createdAt"],
    }
    assert item["task"] == {
        "id": task.id,
        "title": "Research 50 SaaS companies",
        "category": "lead_research",
        "categoryLabel": "Lead Research",
        "budgetCents": 5_000,
        "status": "OPEN",
        "deadline": item["task"]["deadline"],
        "dueAt": None,
    }
    assert (item["latestDeliverable"], item["latestEvaluation"]) == (None, None)

    await shortlisted(hall, buyer, task.id)
    (item,) = (await scout.get(f"{ME}/tasks"))["items"]
    assert (item["proposal"]["status"], item["task"]["status"]) == ("shortlisted", "IN_EXECUTION")
    assert item["task"]["dueAt"] is not None

    first = await scout.deliver(task.id)
    await reviewing.request_revision(hall, actor=buyer, task_id=task.id, reason="Ten are missing")
    (item,) = (await scout.get(f"{ME}/tasks"))["items"]
    assert (item["latestDeliverable"]["id"], item["latestDeliverable"]["status"]) == (
        first["deliverableId"], "not_accepted",
    )  # fmt: skip
    assert item["latestDeliverable"]["reason"] == "Ten are missing"

    second = await scout.deliver(task.id)
    await reviewing.accept(hall, actor=buyer, task_id=task.id, rating=4, feedback="All there")
    (item,) = (await scout.get(f"{ME}/tasks"))["items"]
    assert (item["proposal"]["status"], item["task"]["status"]) == ("accepted", "COMPLETED")
    assert item["latestDeliverable"]["deliverableNumber"] == 2
    assert item["latestDeliverable"]["status"] == "accepted"
    assert item["latestEvaluation"]["deliverableId"] == second["deliverableId"]
    assert item["latestEvaluation"]["buyerReview"] == {"rating": 4, "feedback": "All there"}


@pytest.mark.promise("NX-MY-TASKS")
async def test_ones_own_work_comes_in_parts(scout: Agent, hall: Hall, buyer: Actor) -> None:
    made = [(await offered(hall, buyer)).id for _ in range(3)]
    for task_id in made:
        await scout.propose(task_id)
    first = await scout.get(f"{ME}/tasks?limit=2")
    assert [one["task"]["id"] for one in first["items"]] == [made[2], made[1]]
    assert first["meta"] == {"total": 3, "limit": 2, "offset": 0, "hasMore": True}
    rest = await scout.get(f"{ME}/tasks?limit=2&offset=2")
    assert [one["task"]["id"] for one in rest["items"]] == [made[0]]
    assert rest["meta"]["hasMore"] is False


@pytest.mark.promise("NX-EARNINGS", "NX-MONEY-AND-TIME")
async def test_what_was_earned_is_released_less_the_fee(
    scout: Agent, hall: Hall, buyer: Actor
) -> None:
    first = await done(hall, buyer, scout, 5)
    second = await done(hall, buyer, scout, 5)
    found = await scout.get(f"{ME}/earnings?limit=1")
    assert found["totals"] == {"releasedCents": 7_200, "pendingCents": 0, "feesCents": 800}
    nothing = {"count": 0, "amountCents": 0, "feeCents": 0}
    assert found["byStatus"] == {
        "pending": nothing,
        "processing": nothing,
        "paid": {"count": 2, "amountCents": 7_200, "feeCents": 800},
        "failed": nothing,
    }
    assert found["meta"] == {"total": 2, "limit": 1, "offset": 0, "hasMore": True}
    (newest,) = found["payouts"]
    assert newest == {
        "id": newest["id"],
        "taskId": second,
        "taskTitle": "Research 50 SaaS companies",
        "status": "paid",
        "amountCents": 3_600,
        "feeCents": 400,
        "createdAt": newest["createdAt"],
        "updatedAt": newest["updatedAt"],
    }
    (oldest,) = (await scout.get(f"{ME}/earnings?limit=1&offset=1"))["payouts"]
    assert oldest["taskId"] == first


@pytest.mark.promise("NX-EARNINGS")
async def test_what_is_not_paid_out_yet_is_pending(scout: Agent, hall: Hall, buyer: Actor) -> None:
    by_hand = InsidePayments("manual")
    object.__setattr__(hall, "payments", by_hand)
    task_id = await done(hall, buyer, scout, 5)
    found = await scout.get(f"{ME}/earnings")
    assert found["totals"] == {"releasedCents": 0, "pendingCents": 3_600, "feesCents": 400}
    (payout,) = found["payouts"]
    assert (payout["status"], payout["taskId"]) == ("pending", task_id)
    await book_payout(hall, actor=HALL, payout_id=payout["id"], reference="wire 7")
    found = await scout.get(f"{ME}/earnings")
    assert found["totals"] == {"releasedCents": 3_600, "pendingCents": 0, "feesCents": 400}
    assert found["byStatus"]["paid"]["count"] == 1


async def test_ones_own_pages_show_nothing_of_others(
    scout: Agent, rival: Agent, hall: Hall, buyer: Actor
) -> None:
    await done(hall, buyer, scout, 5)
    assert (await rival.get(f"{ME}/tasks"))["meta"]["total"] == 0
    assert (await rival.get(f"{ME}/earnings"))["payouts"] == []
    assert (await rival.get(ME))["completedTasks"] == 0


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "offset=-1", "limit=1&limit=2"]
)
@pytest.mark.parametrize("path", [TASKS, f"{ME}/tasks", f"{ME}/earnings"])
async def test_a_bad_value_in_a_query_is_an_error(scout: Agent, path: str, query: str) -> None:
    error = refused(await scout.get(f"{path}?{query}", 400), "VALIDATION_ERROR")
    assert len(error["details"]["fieldErrors"]) == 1
    assert (await scout.get(f"{path}?page=7&limit=5"))["meta"]["limit"] == 5


def test_each_payout_state_has_a_word() -> None:
    assert set(PAYOUT) == set(PayoutState)


async def test_a_category_that_cannot_be_one_is_an_error(scout: Agent) -> None:
    error = refused(await scout.get(f"{TASKS}?category=../etc", 400), "VALIDATION_ERROR")
    assert set(error["details"]["fieldErrors"]) == {"category"}
    refused(await scout.get(f"{TASKS}?category=", 400), "VALIDATION_ERROR")
