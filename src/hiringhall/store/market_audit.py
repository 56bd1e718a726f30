"""What an audit reads of the market: whatever contradicts itself, as a sentence."""

from sqlalchemy import BigInteger, and_, case, cast, func, not_, or_, select

from hiringhall.domain.market import AssignmentState
from hiringhall.domain.proposals import STANDING, ProposalState
from hiringhall.domain.tasks import FINAL, MARKET, ON_IT, Engagement, State
from hiringhall.store.database import Tx
from hiringhall.store.rows import words_of
from hiringhall.store.statements import Statement
from hiringhall.store.tables import (
    assignments,
    board,
    board_counts,
    disputes,
    hold_parts,
    holds,
    payouts,
    proposals,
    ratings,
    tasks,
    terms,
    timers,
)

MOST = 100

_HAD = ON_IT | {State.IN_REVIEW, State.DISPUTED}
"""States in which somebody has a task of the market."""

_there = select(board.c.category, func.count().label("there")).group_by(board.c.category).subquery()
_kept = (
    select(
        board_counts.c.category, cast(func.sum(board_counts.c.on_offer), BigInteger).label("kept")
    )
    .group_by(board_counts.c.category)
    .subquery()
)
_drift = Statement(
    select(_kept.c.category, _kept.c.kept, func.coalesce(_there.c.there, 0).label("there"))
    .select_from(_kept.outerjoin(_there, _there.c.category == _kept.c.category))
    .where(_kept.c.kept != func.coalesce(_there.c.there, 0))
    .limit(MOST),
    name="board_drift",
)
_on_market = tasks.c.engagement.in_(words_of(MARKET))
_is_force = tasks.c.engagement == Engagement.TASK_FORCE.value
_is_part = and_(_is_force, tasks.c.parent_id.is_not(None))
_is_whole = and_(_is_force, tasks.c.parent_id.is_(None))
# Parts are given and never on offer.
_is_open = case((and_(tasks.c.state == State.OPEN.value, not_(_is_part)), 1), else_=0)
_is_shown = case((board.c.task_id.is_not(None), 1), else_=0)
_astray = Statement(
    select(tasks.c.id, tasks.c.state, terms.c.category)
    .select_from(
        tasks.outerjoin(terms, terms.c.task_id == tasks.c.id).outerjoin(
            board, board.c.task_id == tasks.c.id
        )
    )
    .where(or_(_on_market, board.c.task_id.is_not(None)))
    .where(or_(_is_open != _is_shown, terms.c.task_id.is_(None)))
    .limit(MOST),
    name="board_astray",
)


_active = (
    select(func.count())
    .where(assignments.c.task_id == tasks.c.id, assignments.c.state == AssignmentState.ACTIVE.value)
    .scalar_subquery()
)
_open_disputes = (
    select(func.count())
    .where(disputes.c.task_id == tasks.c.id, disputes.c.state == "open")
    .scalar_subquery()
)
_clocks = select(func.count()).where(timers.c.task_id == tasks.c.id).scalar_subquery()
_standing = (
    select(func.count())
    .where(proposals.c.task_id == tasks.c.id, proposals.c.state.in_(words_of(STANDING)))
    .scalar_subquery()
)
_had = tasks.c.state.in_(words_of(_HAD))
_final = tasks.c.state.in_(words_of(FINAL))
_wrong = Statement(
    select(
        tasks.c.id,
        tasks.c.state,
        _active.label("active"),
        _open_disputes.label("open_disputes"),
        _clocks.label("clocks"),
        _standing.label("standing"),
    )
    .where(_on_market)
    .where(
        or_(
            # Nobody has a whole: its parts are theirs.
            and_(_had, not_(_is_whole), _active == 0),
            and_(~_had, _active > 0),
            and_(tasks.c.state == State.DISPUTED.value, _open_disputes == 0),
            and_(tasks.c.state != State.DISPUTED.value, _open_disputes > 0),
            and_(~_final, tasks.c.state != State.DRAFT.value, _clocks == 0),
            and_(_final, _clocks > 0),
            and_(_final, _standing > 0),
        )
    )
    .limit(MOST),
    name="market_tasks_astray",
)
_chosen = Statement(
    select(proposals.c.id, proposals.c.task_id)
    .select_from(
        proposals.outerjoin(
            assignments,
            and_(
                assignments.c.proposal_id == proposals.c.id,
                assignments.c.state == AssignmentState.ACTIVE.value,
            ),
        )
    )
    .where(proposals.c.state == ProposalState.SHORTLISTED.value, assignments.c.id.is_(None))
    .limit(MOST),
    name="chosen_without_a_task",
)
_rated = Statement(
    select(ratings.c.task_id, assignments.c.state)
    .select_from(ratings.join(assignments, assignments.c.id == ratings.c.assignment_id))
    .where(assignments.c.state != AssignmentState.COMPLETED.value)
    .limit(MOST),
    name="rated_without_acceptance",
)
_earned = (
    select(func.coalesce(func.sum(payouts.c.paid_cents), 0))
    .where(payouts.c.task_id == holds.c.task_id)
    .scalar_subquery()
)
_by_parts = (
    select(func.coalesce(func.sum(hold_parts.c.paid_cents), 0))
    .where(hold_parts.c.task_id == holds.c.task_id)
    .scalar_subquery()
)
_said_paid = func.coalesce(holds.c.paid_cents, _by_parts)
_unpaid = Statement(
    select(
        holds.c.task_id,
        cast(_said_paid, BigInteger).label("paid_cents"),
        cast(_earned, BigInteger).label("earned_cents"),
    )
    .where(_said_paid != _earned)
    .limit(MOST),
    name="paid_without_payout",
)


async def problems(tx: Tx) -> list[str]:
    """Everything on the market that does not hold."""
    found = [
        f"board: {row.kept} tasks of category {row.category} are counted and {row.there} there"
        for row in await tx.all(_drift)
    ]
    found += [
        f"task {row.id}: {row.state}, and the board or its terms say otherwise"
        for row in await tx.all(_astray)
    ]
    found += [
        f"task {row.id}: {row.state}, with {row.active} who have it, {row.open_disputes} open"
        f" disputes, {row.clocks} clocks and {row.standing} standing proposals"
        for row in await tx.all(_wrong)
    ]
    found += [
        f"task {row.task_id}: its proposal {row.id} was chosen, and its maker does not have it"
        for row in await tx.all(_chosen)
    ]
    found += [
        f"task {row.task_id}: rated, and the work is {row.state}" for row in await tx.all(_rated)
    ]
    found += [
        f"task {row.task_id}: {row.paid_cents} cents were paid out of its hold, and"
        f" {row.earned_cents} earned"
        for row in await tx.all(_unpaid)
    ]
    return found
