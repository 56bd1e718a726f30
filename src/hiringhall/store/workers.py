"""Runs as those see them who look on: by team, by task, each alone; and what they add up to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, case, cast, func, select

from hiringhall.domain.runs import Run, RunState
from hiringhall.domain.tasks import State
from hiringhall.store.database import Tx
from hiringhall.store.runs import to_run
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import runs, tasks, teams

NEWEST = "~"
"""Behind every id there will be."""
MOST_OF_TASK = 20
"""How many runs a task is shown with."""
EVER = (0, 2**62)
"""From the first microsecond to the last."""


@dataclass(frozen=True, slots=True)
class WorkedTask:
    """The task of a run, in so far as the run shows it."""

    id: str
    title: str
    role: str | None
    state: State
    priority: int


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with its task, and why it ended."""

    run: Run
    task: WorkedTask
    ended_because: str | None


@dataclass(frozen=True, slots=True)
class Span:
    """Which runs are counted: by when they were begun (µs UTC), `until_us` not included.

    Those of a team, or without one of all teams of the organization.
    """

    organization_id: str
    team_id: str | None = None
    from_us: int = EVER[0]
    until_us: int = EVER[1]


@dataclass(frozen=True, slots=True)
class Sums:
    """How many runs were begun, and how many milliseconds they took up to now."""

    spawns: int
    worked_ms: int


_of_team = (
    select(runs)
    .where(runs.c.team_id == bindparam("team_id"), runs.c.id < bindparam("before"))
    .order_by(runs.c.id.desc())
    .limit(bindparam("most"))
)
_all_of_team = Statement(_of_team, name="runs_of_team")
_some_of_team = Statement(
    _of_team.where(any_of(runs.c.state, "states")), name="runs_of_team_in_states"
)
# Not by the ids: of all the runs of a team few are live, and an index has these alone.
_live_of_team = Statement(
    select(runs)
    .where(
        runs.c.team_id == bindparam("team_id"),
        runs.c.ended_at_us.is_(None),
        any_of(runs.c.state, "states"),
    )
    .order_by(runs.c.id.desc()),
    name="live_runs_of_team",
)
_numbered = (
    select(
        runs.c.id,
        func.row_number()
        .over(partition_by=runs.c.task_id, order_by=runs.c.generation.desc())
        .label("position"),
    )
    .where(any_of(runs.c.task_id, "task_ids"))
    .subquery()
)
_of_tasks = Statement(
    select(runs)
    .select_from(_numbered.join(runs, runs.c.id == _numbered.c.id))
    .where(_numbered.c.position <= bindparam("most"))
    .order_by(runs.c.task_id, runs.c.generation.desc()),
    name="runs_of_tasks",
)
_view = Statement(
    select(
        runs,
        tasks.c.title.label("task_title"),
        tasks.c.role.label("task_role"),
        tasks.c.state.label("task_state"),
        tasks.c.priority.label("task_priority"),
    )
    .select_from(runs.join(tasks, tasks.c.id == runs.c.task_id))
    .where(runs.c.id == bindparam("run_id")),
    name="run_view",
)

_TEAMS_OF_ORGANIZATION = select(teams.c.id).where(
    teams.c.organization_id == bindparam("organization_id")
)
_now_us = bindparam("now_us", type_=BigInteger())
_ended_us = func.coalesce(
    runs.c.ended_at_us,
    case((_now_us > runs.c.started_at_us, _now_us), else_=runs.c.started_at_us),
)
_worked_ms = cast((_ended_us - runs.c.started_at_us) // 1_000, BigInteger)


def _begun(wanted: Select[Any], *, team: bool) -> Select[Any]:
    whose = runs.c.team_id == bindparam("team_id")
    return wanted.where(
        whose if team else runs.c.team_id.in_(_TEAMS_OF_ORGANIZATION),
        runs.c.started_at_us >= bindparam("from_us"),
        runs.c.started_at_us < bindparam("until_us"),
    )


_SUMS = select(
    func.count().label("spawns"),
    cast(func.coalesce(func.sum(_worked_ms), 0), BigInteger).label("worked_ms"),
).select_from(runs)
_sums = {
    team: Statement(_begun(_SUMS, team=team), name=f"run_sums{'_of_team' if team else ''}")
    for team in (True, False)
}
_begun_runs = {
    team: Statement(
        _begun(select(runs), team=team)
        .order_by(runs.c.started_at_us.desc(), runs.c.id.desc())
        .limit(bindparam("most")),
        name=f"begun_runs{'_of_team' if team else ''}",
    )
    for team in (True, False)
}


async def of_team(
    tx: Tx,
    team_id: str,
    *,
    states: Sequence[RunState] | None = None,
    before: str = NEWEST,
    most: int,
) -> list[Run]:
    """A team's runs before an id, newest first; of some states only, where these are named."""
    if states is None:
        rows = await tx.all(_all_of_team, team_id=team_id, before=before, most=most)
    else:
        words = [one.value for one in states]
        rows = await tx.all(_some_of_team, team_id=team_id, before=before, most=most, states=words)
    return [to_run(row) for row in rows]


async def live_of_team(tx: Tx, team_id: str, states: Sequence[RunState]) -> list[Run]:
    """A team's runs that have not ended, in some states, newest first."""
    words = [one.value for one in states]
    return [to_run(row) for row in await tx.all(_live_of_team, team_id=team_id, states=words)]


async def of_tasks(
    tx: Tx, task_ids: Sequence[str], *, most: int = MOST_OF_TASK
) -> dict[str, list[Run]]:
    """The newest runs of each of some tasks, newest first; a task without any is left out."""
    found: dict[str, list[Run]] = {}
    for row in await tx.all(_of_tasks, task_ids=list(task_ids), most=most):
        found.setdefault(row.task_id, []).append(to_run(row))
    return found


async def view(tx: Tx, run_id: str) -> RunView | None:
    """A run with its task."""
    row = await tx.one(_view, run_id=run_id)
    if row is None:
        return None
    task = WorkedTask(
        row.task_id, row.task_title, row.task_role, State(row.task_state), row.task_priority
    )
    return RunView(to_run(row), task, row.ended_because)


async def sums(tx: Tx, span: Span, *, now_us: int) -> Sums:
    """What the runs of a span add up to."""
    team = span.team_id is not None
    row = await tx.one(_sums[team], now_us=now_us, **_params(span))
    return Sums(row.spawns, row.worked_ms) if row else Sums(0, 0)


async def begun(tx: Tx, span: Span, *, most: int) -> list[Run]:
    """The runs of a span, the last begun first."""
    rows = await tx.all(_begun_runs[span.team_id is not None], most=most, **_params(span))
    return [to_run(row) for row in rows]


def _params(span: Span) -> dict[str, Any]:
    whose = (
        {"organization_id": span.organization_id}
        if span.team_id is None
        else {"team_id": span.team_id}
    )
    return {**whose, "from_us": span.from_us, "until_us": span.until_us}
