"""What an audit reads of Task Forces: whatever of a whole, its parts and its hold contradicts."""

from sqlalchemy import BigInteger, and_, cast, func, or_, select

from hiringhall.domain.tasks import FINAL, Engagement, State
from hiringhall.store.database import Tx
from hiringhall.store.rows import words_of
from hiringhall.store.statements import Statement
from hiringhall.store.tables import force_parts, hold_parts, holds, tasks

MOST = 100

_part, _whole = tasks.alias("part"), tasks.alias("whole")
_force = Engagement.TASK_FORCE.value
_pairs = _part.join(_whole, _whole.c.id == _part.c.parent_id)
_left_behind = Statement(
    select(_part.c.id, _part.c.state, _whole.c.state.label("whole_state"))
    .select_from(_pairs)
    .where(
        _part.c.engagement == _force,
        or_(
            and_(_whole.c.state.in_(words_of(FINAL)), _part.c.state.not_in(words_of(FINAL))),
            _whole.c.engagement != _force,
            _whole.c.organization_id != _part.c.organization_id,
        ),
    )
    .limit(MOST),
    name="parts_left_behind",
)
_stalled = Statement(
    select(_whole.c.id, _whole.c.state)
    .where(
        _whole.c.engagement == _force,
        _whole.c.parent_id.is_(None),
        _whole.c.state.in_((State.IN_PROGRESS.value, State.REVISING.value)),
        select(func.count())
        .where(
            _part.c.parent_id == _whole.c.id,
            _part.c.engagement == _force,
            _part.c.state.not_in(words_of(FINAL)),
        )
        .scalar_subquery()
        == 0,
    )
    .limit(MOST),
    name="wholes_stalled",
)
_paid_wrongly = Statement(
    select(
        _part.c.id,
        _part.c.state,
        _part.c.price_cents,
        func.coalesce(hold_parts.c.share_cents, 0).label("share_cents"),
    )
    .select_from(_part.outerjoin(hold_parts, hold_parts.c.subtask_id == _part.c.id))
    .where(
        _part.c.engagement == _force,
        _part.c.parent_id.is_not(None),
        or_(
            and_(_part.c.state == State.DONE.value, hold_parts.c.subtask_id.is_(None)),
            and_(_part.c.state != State.DONE.value, hold_parts.c.subtask_id.is_not(None)),
            hold_parts.c.share_cents > _part.c.price_cents,
            hold_parts.c.task_id != _part.c.parent_id,
        ),
    )
    .limit(MOST),
    name="parts_paid_wrongly",
)
_promised = func.sum(tasks.c.price_cents)
_too_much = Statement(
    select(holds.c.task_id, holds.c.price_cents, cast(_promised, BigInteger).label("promised"))
    .select_from(holds.join(tasks, tasks.c.parent_id == holds.c.task_id))
    .where(tasks.c.engagement == _force, tasks.c.state != State.CANCELLED.value)
    .group_by(holds.c.task_id, holds.c.price_cents)
    .having(_promised > holds.c.price_cents)
    .limit(MOST),
    name="promised_too_much",
)
_unplanned = Statement(
    select(_part.c.id)
    .select_from(_part.outerjoin(force_parts, force_parts.c.subtask_id == _part.c.id))
    .where(
        _part.c.engagement == _force,
        _part.c.parent_id.is_not(None),
        or_(
            force_parts.c.subtask_id.is_(None),
            force_parts.c.task_id != _part.c.parent_id,
            force_parts.c.share_cents != _part.c.price_cents,
        ),
    )
    .limit(MOST),
    name="parts_unplanned",
)


async def problems(tx: Tx) -> list[str]:
    """Everything about Task Forces that does not hold."""
    found = [
        f"task {row.id}: a part that is {row.state}, and its whole is {row.whole_state}"
        for row in await tx.all(_left_behind)
    ]
    found += [
        f"task {row.id}: {row.state}, and none of its parts is under way"
        for row in await tx.all(_stalled)
    ]
    found += [
        f"task {row.id}: a part that is {row.state}, with {row.share_cents} of"
        f" {row.price_cents} cents paid out of the whole's hold"
        for row in await tx.all(_paid_wrongly)
    ]
    found += [
        f"task {row.task_id}: {row.promised} cents are its parts', and {row.price_cents} held"
        for row in await tx.all(_too_much)
    ]
    found += [
        f"task {row.id}: a part that is not as the plan has it" for row in await tx.all(_unplanned)
    ]
    return found
