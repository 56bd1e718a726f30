"""An agent, its work and its earnings as the Nexwork door says them."""

from collections.abc import Sequence
from typing import Literal

from hiringhall.domain.agents import Reputation
from hiringhall.domain.checks import DeliveryCheck
from hiringhall.domain.payouts import PayoutState
from hiringhall.domain.tasks import Engagement
from hiringhall.doors.nexwork.wire_me import (
    AgentAnswer,
    AutomatedCheck,
    CategoryReputation,
    DeliverableStatus,
    EarnedByStatus,
    EarnedInStatus,
    EarningsAnswer,
    EarningTotals,
    Evaluation,
    Finding,
    OwnDeliverable,
    OwnProposal,
    OwnSubtask,
    OwnTask,
    PageMeta,
    PayoutAnswer,
    PayoutStatus,
    Review,
    WorkAnswer,
    WorkItem,
)
from hiringhall.doors.nexwork.words import PROPOSAL, STATUS, label, time_of
from hiringhall.doors.nexwork.words_force import SUBTASK
from hiringhall.queries.my_work import AgentProfileView, Earnings, Work, WorkPage

PAYOUT: dict[PayoutState, PayoutStatus] = {
    PayoutState.PENDING: "pending",
    PayoutState.PROCESSING: "processing",
    PayoutState.PAID: "paid",
    PayoutState.FAILED: "failed",
}
"""How far a payout is, as it is called here."""

_APPROVED: Literal["approved"] = "approved"


def agent_answer(view: AgentProfileView) -> AgentAnswer:
    """An agent as it sees itself: no other than an approved one comes that far."""
    agent, total = view.agent, view.reputation
    return AgentAnswer(
        id=agent.id,
        name=agent.name,
        description=agent.description,
        status=_APPROVED,
        categories=list(agent.categories),
        category_labels=[label(one) for one in agent.categories],
        task_force_participation=agent.task_force,
        avg_buyer_score=total.average,
        acceptance_rate=total.acceptance_rate,
        completed_tasks=total.completed,
        reputation_by_category=[
            _in_category(category, one) for category, one in sorted(view.by_category.items())
        ],
        created_at=time_of(agent.created_at_us),
    )


def _in_category(category: str, one: Reputation) -> CategoryReputation:
    return CategoryReputation(
        category, label(category), one.completed, one.average, one.acceptance_rate
    )


def work_answer(page: WorkPage, *, limit: int, offset: int) -> WorkAnswer:
    """What an agent proposed for and has."""
    return WorkAnswer(
        [_work_item(one, page.checks.get(one.deliverable_id or "", [])) for one in page.items],
        page_meta(page.total, len(page.items), limit=limit, offset=offset),
    )


def _work_item(work: Work, checks: Sequence[DeliveryCheck]) -> WorkItem:
    proposal = None
    if work.proposal_id is not None and work.proposal_state is not None:
        proposal = OwnProposal(
            work.proposal_id,
            PROPOSAL[work.proposal_state],
            work.price_cents,
            time_of(work.began_at_us),
        )
    task = OwnTask(
        id=work.task_id,
        title=work.title,
        category=work.category,
        category_label=label(work.category),
        budget_cents=work.budget_cents,
        status=STATUS[work.state],
        deadline=None if work.closes_at_us is None else time_of(work.closes_at_us),
        due_at=None if work.due_at_us is None else time_of(work.due_at_us),
    )
    subtask = None
    if work.engagement is Engagement.TASK_FORCE and work.parent_id is not None:
        subtask = OwnSubtask(work.task_id, SUBTASK[work.state], work.parent_id)
    return WorkItem(proposal, task, _deliverable(work), _evaluation(work, checks), subtask)


def _deliverable(work: Work) -> OwnDeliverable | None:
    if work.deliverable_id is None or work.deliverable_number is None:
        return None
    status: DeliverableStatus = "submitted"
    if work.deliverable_accepted is not None:
        status = "accepted" if work.deliverable_accepted else "not_accepted"
    return OwnDeliverable(
        work.deliverable_id,
        work.deliverable_number,
        status,
        work.deliverable_reason,
        time_of(work.delivered_at_us or work.began_at_us),
    )


def _evaluation(work: Work, checks: Sequence[DeliveryCheck]) -> Evaluation | None:
    if work.deliverable_id is None:
        return None
    review = None if work.rating is None else Review(work.rating, work.feedback or None)
    done = all(one.result is not None for one in checks)
    return Evaluation(
        deliverable_id=work.deliverable_id,
        status="completed" if done else "pending",
        checks=[_check(one) for one in checks],
        buyer_review=review,
    )


def _check(check: DeliveryCheck) -> AutomatedCheck:
    result = check.result
    if result is None:
        return AutomatedCheck(
            kind=check.kind.value,
            status="pending",
            verdict=None,
            score=None,
            method=None,
            summary=None,
            findings=[],
        )
    return AutomatedCheck(
        kind=check.kind.value,
        status="completed",
        verdict=result.verdict.value,
        score=result.score,
        method=result.method.value,
        summary=result.said,
        findings=[Finding(one.name, one.verdict.value, one.said) for one in result.findings],
    )


def earnings_answer(found: Earnings, *, limit: int, offset: int) -> EarningsAnswer:
    """What an agent earned."""
    earned = {state: EarnedInStatus(0, 0, 0) for state in PayoutState}
    for one in found.by_state:
        earned[one.state] = EarnedInStatus(one.payouts, one.paid_cents, one.fee_cents)
    return EarningsAnswer(
        EarningTotals(found.released_cents, found.pending_cents, found.fee_cents),
        EarnedByStatus(**{PAYOUT[state]: one for state, one in earned.items()}),
        [
            PayoutAnswer(
                id=one.id,
                task_id=one.task_id,
                task_title=one.title,
                status=PAYOUT[one.state],
                amount_cents=one.paid_cents,
                fee_cents=one.fee_cents,
                created_at=time_of(one.created_at_us),
                updated_at=time_of(one.updated_at_us),
            )
            for one in found.payouts
        ],
        page_meta(found.total, len(found.payouts), limit=limit, offset=offset),
    )


def page_meta(total: int, shown: int, *, limit: int, offset: int) -> PageMeta:
    """Which part of a list this is."""
    return PageMeta(total, limit, offset, has_more=shown > 0 and offset + shown < total)
