"""Runs: a queue, leases and fencing, all in one table that is the truth about who works."""

from typing import Any

from sqlalchemy import and_, bindparam, select, update

from hiringhall.domain.errors import LostRace
from hiringhall.domain.runs import LIVE, MOVES, Run, RunState
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import runs, tasks

_insert = Statement(insert_row(runs), name="insert_run")
_by_id = Statement(select(runs).where(runs.c.id == bindparam("run_id")), name="run_by_id")
_live_of_task = Statement(
    select(runs).where(runs.c.task_id == bindparam("task_id"), runs.c.ended_at_us.is_(None)),
    name="live_run_of_task",
)
# Of what is read at a start nothing is sorted here: SQLite would walk along the ids, past every run
# that there ever was, rather than sort what it finds in a partial index. Its conditions are spelled
# as those of the index are.
_live = Statement(
    select(runs).where(runs.c.state.in_([one.value for one in RunState if one in LIVE])),
    name="live_runs",
)
_left_lying = Statement(
    select(runs)
    .select_from(
        tasks.join(
            runs, and_(runs.c.task_id == tasks.c.id, runs.c.generation == tasks.c.generation)
        )
    )
    .where(tasks.c.waiting_for == "worker", runs.c.state == "lost"),
    name="runs_left_lying",
)
_newest_of_task = Statement(
    select(runs)
    .where(runs.c.task_id == bindparam("task_id"))
    .order_by(runs.c.generation.desc())
    .limit(1),
    name="newest_run_of_task",
)
_lease = Statement(
    update(runs)
    .where(runs.c.id == bindparam("run_id"), runs.c.state == "queued")
    .values(
        state="starting", node_id=bindparam("node"), lease_until_us=bindparam("lease_until_us")
    ),
    name="lease_run",
)
_begin = Statement(
    update(runs)
    .where(runs.c.id == bindparam("run_id"), runs.c.state == "starting")
    .values(state="running", started_at_us=bindparam("at_us")),
    name="begin_run",
)
_extend = Statement(
    update(runs)
    .where(runs.c.id == bindparam("run_id"), runs.c.lease_until_us.is_not(None))
    .values(lease_until_us=bindparam("until_us")),
    name="extend_lease",
)
_step = Statement(
    update(runs)
    .where(runs.c.id == bindparam("run_id"), runs.c.state == "running")
    .values(steps_done=runs.c.steps_done + 1),
    name="count_step",
)
_end = Statement(
    update(runs)
    .where(runs.c.id == bindparam("run_id"), runs.c.state == bindparam("was_state"))
    .values(
        state=bindparam("new_state"),
        lease_until_us=None,
        ended_at_us=bindparam("at_us"),
        ended_because=bindparam("because"),
    ),
    name="end_run",
)
_leased_by = Statement(
    select(runs).where(runs.c.lease_until_us.is_not(None), runs.c.node_id == bindparam("node")),
    name="runs_leased_by",
)
_overdue = Statement(
    select(runs)
    .where(runs.c.lease_until_us.is_not(None), runs.c.lease_until_us < bindparam("now_us"))
    .order_by(runs.c.id)
    .limit(bindparam("most")),
    name="overdue_runs",
)


async def add(tx: Tx, run: Run) -> None:
    """Queue a run; the database refuses a second live one of the same task."""
    await tx.run(
        _insert,
        id=run.id,
        task_id=run.task_id,
        organization_id=run.organization_id,
        team_id=run.team_id,
        generation=run.generation,
        turn=run.turn,
        steps_done=run.steps_done,
        state=run.state.value,
        runtime=run.runtime,
        role=run.role,
        priority=run.priority,
        attempts=run.attempts,
        losses=run.losses,
        previous_run_id=run.previous_run_id,
        node_id=None,
        lease_until_us=None,
        queued_at_us=run.queued_at_us,
        started_at_us=None,
        ended_at_us=None,
        ended_because=None,
        secret_sha256=None,
    )


async def by_id(tx: Tx, run_id: str) -> Run | None:
    """A run as it stands."""
    row = await tx.one(_by_id, run_id=run_id)
    return None if row is None else to_run(row)


async def ended_because(tx: Tx, run_id: str) -> str | None:
    """Why a run ended, in the words of whoever ended it; None while it has not."""
    row = await tx.one(_by_id, run_id=run_id)
    return None if row is None else row.ended_because


async def live_of_task(tx: Tx, task_id: str) -> Run | None:
    """The run that is queued or at work on a task, or None."""
    row = await tx.one(_live_of_task, task_id=task_id)
    return None if row is None else to_run(row)


async def live(tx: Tx) -> list[Run]:
    """Every run that is queued or at work, oldest first."""
    return _oldest_first(await tx.all(_live))


async def left_lying(tx: Tx) -> list[Run]:
    """Every run that was lost, and that nobody could go on with yet."""
    return _oldest_first(await tx.all(_left_lying))


async def newest_of_task(tx: Tx, task_id: str) -> Run | None:
    """The run with the highest generation of a task, or None."""
    row = await tx.one(_newest_of_task, task_id=task_id)
    return None if row is None else to_run(row)


async def lease(tx: Tx, run_id: str, *, node_id: str, until_us: int) -> bool:
    """Take a queued run in hand until a time; False when somebody else did."""
    return await tx.run(_lease, run_id=run_id, node=node_id, lease_until_us=until_us) == 1


async def begin(tx: Tx, run_id: str, *, at_us: int) -> bool:
    """A leased run is at work now; False when it is not this node's any more."""
    return await tx.run(_begin, run_id=run_id, at_us=at_us) == 1


async def extend_lease(tx: Tx, run_id: str, *, until_us: int) -> bool:
    """Say that a run is alive; False when it has ended meanwhile."""
    return await tx.run(_extend, run_id=run_id, until_us=until_us) == 1


async def count_step(tx: Tx, run_id: str) -> bool:
    """Count one reported step; False when the run is not at work."""
    return await tx.run(_step, run_id=run_id) == 1


async def end(tx: Tx, run: Run, state: RunState, *, because: str, at_us: int) -> None:
    """End a run by compare-and-set; raises LostRace when it is not what was read."""
    if state not in MOVES.get(run.state, frozenset()):
        raise LostRace(f"A run that is {run.state.value} cannot become {state.value}")
    changed = await tx.run(
        _end,
        run_id=run.id,
        was_state=run.state.value,
        new_state=state.value,
        at_us=at_us,
        because=because,
    )
    if changed != 1:
        raise LostRace("The run changed at the same moment")


async def leased_by(tx: Tx, node_id: str) -> list[Run]:
    """What a node has in hand, oldest first."""
    return _oldest_first(await tx.all(_leased_by, node=node_id))


async def overdue(tx: Tx, *, now_us: int, most: int) -> list[Run]:
    """Runs whose lease is over: their node does not answer any more."""
    return [to_run(row) for row in await tx.all(_overdue, now_us=now_us, most=most)]


def _oldest_first(rows: list[Any]) -> list[Run]:
    return sorted(map(to_run, rows), key=lambda run: run.id)


def to_run(row: Any) -> Run:
    """A row of the table as the domain knows it."""
    return Run(
        id=row.id,
        task_id=row.task_id,
        organization_id=row.organization_id,
        team_id=row.team_id,
        generation=row.generation,
        turn=row.turn,
        steps_done=row.steps_done,
        state=RunState(row.state),
        runtime=row.runtime,
        role=row.role,
        priority=row.priority,
        attempts=row.attempts,
        losses=row.losses,
        previous_run_id=row.previous_run_id,
        node_id=row.node_id,
        lease_until_us=row.lease_until_us,
        queued_at_us=row.queued_at_us,
        started_at_us=row.started_at_us,
        ended_at_us=row.ended_at_us,
    )
