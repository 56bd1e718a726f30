"""The native door's shapes for whoever works on the market: proposals, own work, earnings."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hiringhall.domain.proposals import Proposal
from hiringhall.doors.native.paging import MOST, USUAL, Cursor, Limit
from hiringhall.doors.native.wire_agents import ReputationAnswer, reputation_answer
from hiringhall.doors.native.wire_deliverables import WorkerAnswer, worker_answer
from hiringhall.doors.native.words import Cents, Count, Time, Uuid, maybe_time, time_of
from hiringhall.queries.market import BoardLine, Candidate
from hiringhall.queries.my_work import Earned, Earning, Earnings, Work


class ProposeBody(msgspec.Struct, kw_only=True):
    """A plan and a price for a task."""

    plan: Annotated[str, Meta(description="20 to 10,000 characters")]
    price_cents: Cents
    sample: str | None = None
    confidence: Annotated[float | None, Meta(description="0 to 1")] = None
    estimated_hours: float | None = None


class ProposalAnswer(msgspec.Struct, kw_only=True):
    """A proposal; `reputation` is of whoever made it, for who is to choose."""

    id: Uuid
    task_id: Uuid
    agent_id: Uuid | None
    agent_name: str | None
    worker: WorkerAnswer
    price_cents: Cents
    plan: str
    sample: str | None
    confidence: float | None
    estimated_hours: float | None
    state: Annotated[
        str,
        Meta(description="submitted, shortlisted, accepted, declined, withdrawn or closed"),
    ]
    reason: str | None
    reputation: ReputationAnswer | None
    created_at: Time
    updated_at: Time


class ProposedAnswer(ProposalAnswer, kw_only=True):
    """A proposal just made, and what it did to the task's slots."""

    proposals: Count
    max_proposals: Count
    intake_closed: bool


class ProposalsQuery(msgspec.Struct):
    """Which part of a task's proposals; a task has up to 100 slots."""

    limit: Limit = MOST
    cursor: Cursor = None


class ProposalsAnswer(msgspec.Struct):
    """A part of the proposals for a task, oldest first."""

    items: list[ProposalAnswer]
    next_cursor: str | None


class BoardQuery(msgspec.Struct):
    """What is looked for among what is on offer."""

    category: str | None = None
    search: Annotated[str, Meta(description="Words that a task has to have")] = ""
    engagement: Literal["claim", "proposals"] | None = None
    least_price_cents: Annotated[Cents, Meta(description="Only what pays so much or more")] = 0
    limit: Limit = USUAL
    cursor: Cursor = None


class BoardLineAnswer(msgspec.Struct, kw_only=True):
    """A task on offer."""

    id: Uuid
    title: str
    description: Annotated[str, Meta(description="Its beginning; all of it is the task's own")]
    engagement: str
    category: str
    tags: list[str]
    price_cents: Cents
    currency: str
    time_limit_minutes: Count
    max_proposals: Count
    proposals: Count
    closes_at: Time
    created_at: Time


class BoardAnswer(msgspec.Struct):
    """A part of what is on offer, newest first.

    `total` is how much there is in all, `categories` those that the caller may have, null for all.
    """

    items: list[BoardLineAnswer]
    next_cursor: str | None
    total: Count
    categories: list[str] | None


class CategoryAnswer(msgspec.Struct):
    """How much of a category is on offer."""

    category: str
    label: str
    on_offer: Count


class CategoriesAnswer(msgspec.Struct):
    """What is on offer by category."""

    items: list[CategoryAnswer]
    total: Count
    next_cursor: str | None = None


class WorkAnswer(msgspec.Struct, kw_only=True):
    """A task that the caller proposed for or claimed, and how far that is."""

    task_id: Uuid
    title: str
    engagement: str
    category: str
    state: str
    budget_cents: Cents
    share_cents: Annotated[Cents, Meta(description="What acceptance brings, before the fee")]
    closes_at: Time | None
    proposal_id: Uuid | None
    proposal_state: str | None
    assignment_id: Uuid | None
    assignment_state: str | None
    due_at: Time | None
    began_at: Time
    deliverable_id: Uuid | None
    deliverable_number: Count | None
    deliverable_accepted: bool | None
    deliverable_reason: str | None
    delivered_at: Time | None
    rating: Count | None
    feedback: str | None


class WorkPageAnswer(msgspec.Struct):
    """A part of somebody's work, newest first, and how much there is in all."""

    items: list[WorkAnswer]
    next_cursor: str | None
    total: Count


class EarningAnswer(msgspec.Struct, kw_only=True):
    """A payout as its earner sees it."""

    id: Uuid
    task_id: Uuid
    title: str
    agent_id: Uuid | None
    user_id: Uuid | None
    paid_cents: Cents
    fee_cents: Cents
    state: str
    created_at: Time
    updated_at: Time


class EarnedAnswer(msgspec.Struct):
    """What was earned in one state of payouts."""

    state: str
    payouts: Count
    paid_cents: Cents
    fee_cents: Cents


class EarningsAnswer(msgspec.Struct, kw_only=True):
    """What was earned: in all, by state of the payouts, and payout by payout, newest first."""

    currency: str
    released_cents: Annotated[Cents, Meta(description="What has arrived")]
    pending_cents: Annotated[Cents, Meta(description="What is earned and has not arrived yet")]
    fee_cents: Annotated[Cents, Meta(description="What the hall took beside it")]
    by_state: list[EarnedAnswer]
    items: list[EarningAnswer]
    next_cursor: str | None


def proposal_answer(one: Proposal, candidate: Candidate | None = None) -> ProposalAnswer:
    """A proposal."""
    return ProposalAnswer(**proposal_fields(one, candidate))


def proposal_fields(one: Proposal, candidate: Candidate | None = None) -> dict[str, Any]:
    """What every answer with a proposal says of it."""
    bid = one.bid
    confidence, minutes = bid.confidence_basis_points, bid.estimated_min
    agent = None if candidate is None else candidate.agent
    return {
        "id": one.id,
        "task_id": one.task_id,
        "agent_id": one.worker.agent_id,
        "agent_name": None if agent is None else agent.name,
        "worker": worker_answer(one.worker),
        "price_cents": bid.price_cents,
        "plan": bid.plan,
        "sample": bid.sample or None,
        "confidence": None if confidence is None else confidence / 10_000,
        "estimated_hours": None if minutes is None else minutes / 60,
        "state": one.state.value,
        "reason": one.reason or None,
        "reputation": None if candidate is None else reputation_answer(candidate.reputation),
        "created_at": time_of(one.created_at_us),
        "updated_at": time_of(one.updated_at_us),
    }


def board_line(line: BoardLine, *, currency: str) -> BoardLineAnswer:
    """A task on offer."""
    return BoardLineAnswer(
        id=line.id,
        title=line.title,
        description=line.description[:SHOWN_LENGTH],
        engagement=line.engagement.value,
        category=line.category,
        tags=list(line.tags),
        price_cents=line.price_cents,
        currency=currency,
        time_limit_minutes=line.time_limit_min,
        max_proposals=line.max_proposals,
        proposals=line.proposals,
        closes_at=time_of(line.closes_at_us),
        created_at=time_of(line.created_at_us),
    )


SHOWN_LENGTH = 500
"""How much of a description the board shows."""


def category_label(category: str) -> str:
    """A category as people read it."""
    return " ".join(word.capitalize() for word in category.split("_"))


def work_answer(one: Work) -> WorkAnswer:
    """A task that somebody works on."""
    return WorkAnswer(
        task_id=one.task_id,
        title=one.title,
        engagement=one.engagement.value,
        category=one.category,
        state=one.state.value,
        budget_cents=one.budget_cents,
        share_cents=one.price_cents,
        closes_at=maybe_time(one.closes_at_us),
        proposal_id=one.proposal_id,
        proposal_state=None if one.proposal_state is None else one.proposal_state.value,
        assignment_id=one.assignment_id,
        assignment_state=None if one.assignment_state is None else one.assignment_state.value,
        due_at=maybe_time(one.due_at_us),
        began_at=time_of(one.began_at_us),
        deliverable_id=one.deliverable_id,
        deliverable_number=one.deliverable_number,
        deliverable_accepted=one.deliverable_accepted,
        deliverable_reason=one.deliverable_reason,
        delivered_at=maybe_time(one.delivered_at_us),
        rating=one.rating,
        feedback=one.feedback or None,
    )


def earnings_answer(found: Earnings, *, currency: str, next_cursor: str | None) -> EarningsAnswer:
    """What somebody earned."""
    return EarningsAnswer(
        currency=currency,
        released_cents=found.released_cents,
        pending_cents=found.pending_cents,
        fee_cents=found.fee_cents,
        by_state=[_earned(one) for one in found.by_state],
        items=[_earning(one) for one in found.payouts],
        next_cursor=next_cursor,
    )


def _earned(one: Earned) -> EarnedAnswer:
    return EarnedAnswer(one.state.value, one.payouts, one.paid_cents, one.fee_cents)


def _earning(one: Earning) -> EarningAnswer:
    return EarningAnswer(
        id=one.id,
        task_id=one.task_id,
        title=one.title,
        agent_id=one.agent_id,
        user_id=one.user_id,
        paid_cents=one.paid_cents,
        fee_cents=one.fee_cents,
        state=one.state.value,
        created_at=time_of(one.created_at_us),
        updated_at=time_of(one.updated_at_us),
    )
