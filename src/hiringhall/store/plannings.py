"""What the manager has to plan: asked for, taken for a while, and gone when it is done."""

from typing import Any

from sqlalchemy import bindparam, delete, select, update

from hiringhall.domain.force import Reviewer
from hiringhall.domain.force_planning import Planning
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import force_plannings as plannings

_insert = Statement(insert_row(plannings), name="insert_planning")
_next_due = Statement(
    select(plannings)
    .where(plannings.c.due_at_us <= bindparam("now_us"))
    .order_by(plannings.c.due_at_us)
    .limit(1)
    .with_for_update(skip_locked=True),
    name="next_due_planning",
)
_is_due = Statement(
    select(plannings.c.task_id).where(plannings.c.due_at_us <= bindparam("now_us")).limit(1),
    name="planning_is_due",
)
_as_it_was = (plannings.c.task_id == bindparam("task")) & (
    plannings.c.asked_at_us == bindparam("was_asked_at_us")
)
_put_off = Statement(
    update(plannings)
    .where(_as_it_was, plannings.c.attempts == bindparam("was_attempts"))
    .values(
        attempts=bindparam("attempts_now"),
        due_at_us=bindparam("until_us"),
        answer=bindparam("said"),
        fault=bindparam("why"),
    ),
    name="put_off_planning",
)
_finish = Statement(
    delete(plannings).where(_as_it_was, plannings.c.attempts == bindparam("was_attempts")),
    name="finish_planning",
)
_forget = Statement(
    delete(plannings).where(plannings.c.task_id == bindparam("task")), name="forget_planning"
)


async def add(tx: Tx, planning: Planning) -> None:
    """Write down that a Task Force is to be planned."""
    await tx.run(
        _insert,
        task_id=planning.task_id,
        reviewer=planning.reviewer.value,
        attempts=planning.attempts,
        due_at_us=planning.due_at_us,
        asked_at_us=planning.asked_at_us,
        answer=planning.answer,
        fault=planning.fault,
    )


async def is_due(tx: Tx, *, now_us: int) -> bool:
    """Whether there is one to be taken."""
    return await tx.one(_is_due, now_us=now_us) is not None


async def next_due(tx: Tx, *, now_us: int) -> Planning | None:
    """The planning that has waited longest; on PostgreSQL locked, and no other's."""
    row = await tx.one(_next_due, now_us=now_us)
    return None if row is None else _to_planning(row)


async def put_off(tx: Tx, was: Planning, now: Planning) -> bool:
    """Let nobody take it before a time; False when somebody else took it, or it is over."""
    changed = await tx.run(
        _put_off,
        task=was.task_id,
        was_asked_at_us=was.asked_at_us,
        was_attempts=was.attempts,
        attempts_now=now.attempts,
        until_us=now.due_at_us,
        said=now.answer,
        why=now.fault,
    )
    return changed == 1


async def finish(tx: Tx, planning: Planning) -> bool:
    """It is over; False when somebody else took it meanwhile, or it was asked for anew."""
    changed = await tx.run(
        _finish,
        task=planning.task_id,
        was_asked_at_us=planning.asked_at_us,
        was_attempts=planning.attempts,
    )
    return changed == 1


async def forget(tx: Tx, task_id: str) -> None:
    """Nobody wants it any more."""
    await tx.run(_forget, task=task_id)


def _to_planning(row: Any) -> Planning:
    return Planning(
        task_id=row.task_id,
        reviewer=Reviewer(row.reviewer),
        attempts=row.attempts,
        due_at_us=row.due_at_us,
        asked_at_us=row.asked_at_us,
        answer=row.answer,
        fault=row.fault,
    )
