"""Timers: what has to happen to a task at an hour, one row a kind."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, cast, delete, func, literal, select

from hiringhall.domain.lifecycle import Timer
from hiringhall.domain.market import AssignmentState
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import assignments, timers


@dataclass(frozen=True, slots=True)
class DueTimer:
    """A timer whose hour has come."""

    task_id: str
    kind: Timer
    due_at_us: int


_insert = Statement(insert_row(timers), name="insert_timer")
_insert_for_worker = Statement(
    lambda insert: (
        insert(timers)
        .from_select(
            ["task_id", "kind", "due_at_us"],
            select(
                assignments.c.task_id,
                literal(Timer.GONE.value),
                cast(bindparam("due_at_us"), BigInteger),
            )
            .where(
                assignments.c.worker_id == bindparam("worker"),
                assignments.c.state == AssignmentState.ACTIVE.value,
            )
            .distinct(),
        )
        .on_conflict_do_nothing(index_elements=["task_id", "kind"])
    ),
    name="insert_timers_of_worker",
)
_clear = Statement(
    delete(timers).where(timers.c.task_id == bindparam("task_id"), any_of(timers.c.kind, "kinds")),
    name="clear_timers",
)
_due = Statement(
    select(timers)
    .where(timers.c.due_at_us <= bindparam("now_us"))
    .order_by(timers.c.due_at_us, timers.c.task_id)
    .limit(bindparam("most")),
    name="due_timers",
)
_next = Statement(select(func.min(timers.c.due_at_us).label("due_at_us")), name="next_timer")
_at = Statement(
    select(timers.c.due_at_us).where(
        timers.c.task_id == bindparam("task_id"), timers.c.kind == bindparam("kind")
    ),
    name="timer_of_task",
)
_of_tasks = Statement(
    select(timers.c.task_id, timers.c.due_at_us).where(
        any_of(timers.c.task_id, "task_ids"), any_of(timers.c.kind, "kinds")
    ),
    name="timers_of_tasks",
)
_take = Statement(
    delete(timers).where(
        timers.c.task_id == bindparam("task_id"),
        timers.c.kind == bindparam("kind"),
        timers.c.due_at_us == bindparam("due_at_us"),
    ),
    name="take_timer",
)


async def set_timer(tx: Tx, *, task_id: str, kind: Timer, due_at_us: int) -> None:
    """Set a timer, anew where it runs already."""
    await clear(tx, task_id=task_id, kinds=frozenset({kind}))
    await tx.run(_insert, task_id=task_id, kind=kind.value, due_at_us=due_at_us)


async def worker_is_gone(tx: Tx, worker_id: str, *, at_us: int) -> int:
    """Have every task that a worker has looked at because of that; how many."""
    return await tx.run(_insert_for_worker, worker=worker_id, due_at_us=at_us)


async def clear(tx: Tx, *, task_id: str, kinds: frozenset[Timer]) -> None:
    """Stop timers of a task; those that do not run are passed over."""
    await tx.run(_clear, task_id=task_id, kinds=sorted(kind.value for kind in kinds))


async def due_at(tx: Tx, *, task_id: str, kind: Timer) -> int | None:
    """When a timer of a task has its hour; None where it does not run."""
    row = await tx.one(_at, task_id=task_id, kind=kind.value)
    return None if row is None else row.due_at_us


async def of_tasks(tx: Tx, task_ids: Sequence[str], *, kinds: frozenset[Timer]) -> dict[str, int]:
    """When the first of these timers of each task has its hour; tasks without one are left out."""
    if not task_ids:
        return {}
    found: dict[str, int] = {}
    rows = await tx.all(
        _of_tasks, task_ids=sorted(set(task_ids)), kinds=sorted(kind.value for kind in kinds)
    )
    for row in rows:
        found[row.task_id] = min(row.due_at_us, found.get(row.task_id, row.due_at_us))
    return found


async def due(tx: Tx, *, now_us: int, most: int) -> list[DueTimer]:
    """Timers whose hour has come, the longest due first."""
    return [
        DueTimer(row.task_id, Timer(row.kind), row.due_at_us)
        for row in await tx.all(_due, now_us=now_us, most=most)
    ]


async def take(tx: Tx, timer: DueTimer) -> bool:
    """Take a timer off before acting on it; False when it was taken or set anew meanwhile."""
    return (
        await tx.run(_take, task_id=timer.task_id, kind=timer.kind.value, due_at_us=timer.due_at_us)
        == 1
    )


async def next_due_at_us(tx: Tx) -> int | None:
    """When the next timer is due, or None."""
    row = await tx.one(_next)
    return None if row is None else row.due_at_us
