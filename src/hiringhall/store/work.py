"""What somebody does on the market, and what they earned: read for the worker's own pages."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, and_, bindparam, cast, func, null, select

from hiringhall.domain.market import AssignmentState
from hiringhall.domain.payouts import PayoutState
from hiringhall.domain.proposals import ProposalState
from hiringhall.domain.tasks import Engagement, State
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import (
    assignments,
    deliverables,
    disputes,
    payouts,
    proposals,
    ratings,
    submissions,
    tasks,
    terms,
)

_TO_DO = frozenset({State.ASSIGNED, State.IN_PROGRESS, State.AWAITING_REPLY, State.REVISING})


@dataclass(frozen=True, slots=True)
class Work:
    """A task that somebody proposed for or claimed, and how far that is.

    `parent_id` is what it is a part of. `deliverable_*` are of the newest that they handed in,
    `rating` what the buyer gave. `outcome_cents` is what a dispute about it gave, of which
    `earned_cents` is what they were paid.
    """

    id: str
    task_id: str
    parent_id: str | None
    title: str
    engagement: Engagement
    category: str
    state: State
    budget_cents: int
    closes_at_us: int | None
    proposal_id: str | None
    proposal_state: ProposalState | None
    price_cents: int
    assignment_id: str | None
    assignment_state: AssignmentState | None
    due_at_us: int | None
    began_at_us: int
    deliverable_id: str | None
    deliverable_number: int | None
    deliverable_accepted: bool | None
    deliverable_reason: str | None
    delivered_at_us: int | None
    rating: int | None
    feedback: str | None
    outcome_cents: int | None
    earned_cents: int

    @property
    def has_it(self) -> bool:
        """Whether it is theirs now."""
        return self.assignment_state is AssignmentState.ACTIVE

    @property
    def is_theirs_to_do(self) -> bool:
        """Whether they have to do something for it, by the hour it is due."""
        return self.has_it and self.state in _TO_DO

    @property
    def is_looked_at(self) -> bool:
        """Whether its poster has to decide on what they handed in."""
        return self.has_it and self.state is State.IN_REVIEW

    @property
    def is_sent_back(self) -> bool:
        """Whether what they handed in last is to be mended by them."""
        return self.has_it and self.state is State.REVISING and self.deliverable_accepted is False


@dataclass(frozen=True, slots=True)
class Earning:
    """A payout as its earner sees it."""

    id: str
    task_id: str
    title: str
    agent_id: str | None
    user_id: str | None
    paid_cents: int
    fee_cents: int
    state: PayoutState
    created_at_us: int
    updated_at_us: int


@dataclass(frozen=True, slots=True)
class Earned:
    """What was earned in one state of payouts."""

    state: PayoutState
    payouts: int
    paid_cents: int
    fee_cents: int


_mine = bindparam("worker", type_=Text)
# By its proposal where there is one: a claim by proposal is not shown twice.
_begun = (
    select(
        proposals.c.id,
        proposals.c.task_id,
        proposals.c.id.label("proposal_id"),
        proposals.c.state.label("proposal_state"),
        proposals.c.price_cents,
        proposals.c.created_at_us.label("began_at_us"),
        cast(null(), Text).label("claim_id"),
    )
    .where(proposals.c.worker_id == _mine)
    .union_all(
        select(
            assignments.c.id,
            assignments.c.task_id,
            cast(null(), Text),
            cast(null(), Text),
            assignments.c.share_cents,
            assignments.c.taken_at_us,
            assignments.c.id,
        ).where(assignments.c.worker_id == _mine, assignments.c.proposal_id.is_(None))
    )
    .subquery("begun")
)
_cut = (
    select(_begun)
    .order_by(_begun.c.id.desc())
    .limit(bindparam("most"))
    .offset(bindparam("skip"))
    .subquery("cut")
)
_newest = (
    select(func.max(submissions.c.deliverable_id))
    .where(submissions.c.assignment_id == assignments.c.id)
    .correlate(assignments)
    .scalar_subquery()
)
_outcome = (
    select(func.max(disputes.c.outcome_cents))
    .where(disputes.c.task_id == _cut.c.task_id, disputes.c.assignment_id == assignments.c.id)
    .correlate(_cut, assignments)
    .scalar_subquery()
)


def _paid(*about: ColumnElement[bool]) -> Any:
    """What its worker was paid for it, where their work was accepted or a dispute was settled."""
    paid = (
        select(cast(func.sum(payouts.c.paid_cents), BigInteger))
        .where(
            *about,
            func.coalesce(payouts.c.agent_id, payouts.c.user_id) == _mine,
            assignments.c.state == AssignmentState.COMPLETED.value,
        )
        .correlate(_cut, assignments)
        .scalar_subquery()
    )
    return func.coalesce(paid, 0)


_as_part = _paid(payouts.c.subtask_id == _cut.c.task_id)
_alone = _paid(payouts.c.task_id == _cut.c.task_id, payouts.c.subtask_id.is_(None))
_page = Statement(
    select(
        _cut.c.id,
        _cut.c.task_id,
        tasks.c.parent_id,
        tasks.c.title,
        tasks.c.engagement,
        terms.c.category,
        tasks.c.state,
        tasks.c.price_cents.label("budget_cents"),
        terms.c.closes_at_us,
        _cut.c.proposal_id,
        _cut.c.proposal_state,
        _cut.c.price_cents,
        assignments.c.id.label("assignment_id"),
        assignments.c.state.label("assignment_state"),
        assignments.c.due_at_us,
        _cut.c.began_at_us,
        deliverables.c.id.label("deliverable_id"),
        deliverables.c.number.label("deliverable_number"),
        deliverables.c.accepted.label("deliverable_accepted"),
        deliverables.c.reason.label("deliverable_reason"),
        deliverables.c.submitted_at_us.label("delivered_at_us"),
        ratings.c.rating,
        ratings.c.feedback,
        _outcome.label("outcome_cents"),
        cast(_as_part + _alone, BigInteger).label("earned_cents"),
    )
    .select_from(
        _cut.join(tasks, tasks.c.id == _cut.c.task_id)
        .join(terms, terms.c.task_id == _cut.c.task_id)
        .outerjoin(
            assignments,
            and_(
                assignments.c.task_id == _cut.c.task_id,
                assignments.c.worker_id == _mine,
                func.coalesce(assignments.c.proposal_id, assignments.c.id)
                == func.coalesce(_cut.c.proposal_id, _cut.c.claim_id),
            ),
        )
        .outerjoin(deliverables, deliverables.c.id == _newest)
        .outerjoin(ratings, ratings.c.assignment_id == assignments.c.id)
    )
    .order_by(_cut.c.id.desc()),
    name="work_of_worker",
)
_count = Statement(
    select(cast(func.count(), BigInteger).label("count")).select_from(_begun),
    name="count_work_of_worker",
)


def _earner(*, agent: bool) -> Any:
    return (payouts.c.agent_id if agent else payouts.c.organization_id) == bindparam("earner")


_earnings = {
    agent: Statement(
        select(
            payouts.c.id,
            payouts.c.task_id,
            tasks.c.title,
            payouts.c.agent_id,
            payouts.c.user_id,
            payouts.c.paid_cents,
            payouts.c.fee_cents,
            payouts.c.state,
            payouts.c.created_at_us,
            payouts.c.updated_at_us,
        )
        .select_from(payouts.join(tasks, tasks.c.id == payouts.c.task_id))
        .where(_earner(agent=agent))
        .order_by(payouts.c.id.desc())
        .limit(bindparam("most"))
        .offset(bindparam("skip")),
        name=f"earnings_of_{'agent' if agent else 'organization'}",
    )
    for agent in (True, False)
}
_earned = {
    agent: Statement(
        select(
            payouts.c.state,
            cast(func.count(), BigInteger).label("payout_count"),
            cast(func.sum(payouts.c.paid_cents), BigInteger).label("paid_cents"),
            cast(func.sum(payouts.c.fee_cents), BigInteger).label("fee_cents"),
        )
        .where(_earner(agent=agent))
        .group_by(payouts.c.state)
        .order_by(payouts.c.state),
        name=f"earned_by_{'agent' if agent else 'organization'}",
    )
    for agent in (True, False)
}


async def page(tx: Tx, *, worker_id: str, skip: int, most: int) -> list[Work]:
    """What somebody proposed for or claimed, newest first."""
    return [_to_work(row) for row in await tx.all(_page, worker=worker_id, skip=skip, most=most)]


async def count(tx: Tx, *, worker_id: str) -> int:
    """How much that is."""
    row = await tx.one(_count, worker=worker_id)
    return 0 if row is None else row.count


async def earnings(
    tx: Tx, *, agent_id: str | None, organization_id: str, skip: int, most: int
) -> list[Earning]:
    """What an agent, or else an organization with all its agents, earned; newest first."""
    earner = agent_id or organization_id
    rows = await tx.all(_earnings[agent_id is not None], earner=earner, skip=skip, most=most)
    return [
        Earning(
            row.id,
            row.task_id,
            row.title,
            row.agent_id,
            row.user_id,
            row.paid_cents,
            row.fee_cents,
            PayoutState(row.state),
            row.created_at_us,
            row.updated_at_us,
        )
        for row in rows
    ]


async def earned(tx: Tx, *, agent_id: str | None, organization_id: str) -> list[Earned]:
    """What that comes to, by how far the payouts are."""
    rows = await tx.all(_earned[agent_id is not None], earner=agent_id or organization_id)
    return [
        Earned(PayoutState(row.state), row.payout_count, row.paid_cents, row.fee_cents)
        for row in rows
    ]


def _to_work(row: Any) -> Work:
    chosen, accepted = row.proposal_state, row.deliverable_accepted
    return Work(
        id=row.id,
        task_id=row.task_id,
        parent_id=row.parent_id,
        title=row.title,
        engagement=Engagement(row.engagement),
        category=row.category,
        state=State(row.state),
        budget_cents=row.budget_cents,
        closes_at_us=row.closes_at_us,
        proposal_id=row.proposal_id,
        proposal_state=None if chosen is None else ProposalState(chosen),
        price_cents=row.price_cents,
        assignment_id=row.assignment_id,
        assignment_state=(
            None if row.assignment_state is None else AssignmentState(row.assignment_state)
        ),
        due_at_us=row.due_at_us,
        began_at_us=row.began_at_us,
        deliverable_id=row.deliverable_id,
        deliverable_number=row.deliverable_number,
        deliverable_accepted=None if accepted is None else bool(accepted),
        deliverable_reason=row.deliverable_reason,
        delivered_at_us=row.delivered_at_us,
        rating=row.rating,
        feedback=row.feedback,
        outcome_cents=row.outcome_cents,
        earned_cents=row.earned_cents,
    )
