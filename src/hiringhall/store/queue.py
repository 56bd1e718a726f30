"""The queue of runs as a claim sees it: who waits, who has how much already, and the one to take.

A line is what one team has queued for one runtime. A claim looks at lines, not at runs: the index
is skipped from line to line, so that a hundred thousand runs of one team cost no more than one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    ScalarSelect,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
)

from hiringhall.domain.runs import Run
from hiringhall.store.database import Tx
from hiringhall.store.dialects import transaction_lock
from hiringhall.store.runs import to_run
from hiringhall.store.statements import Statement
from hiringhall.store.tables import runs, tasks, teams

# "runs" in ASCII: whoever holds this lock claims.
_LOCK = 0x72756E73


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place among the lines, which stand in the order of their teams' ids."""

    team_id: str = ""
    runtime: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """What a team has queued for a runtime, by the run that is at its front.

    `team_most` is how many runs the team wants at work at once.
    """

    place: Place
    organization_id: str
    team_most: int | None
    priority: int
    run_id: str


@dataclass(frozen=True, slots=True)
class AtWork:
    """How many runs nodes have in hand, by organization and by team."""

    of_organization: Mapping[str, int]
    of_team: Mapping[str, int]


_lock = Statement(select(transaction_lock(_LOCK).label("held")), name="lock_claims")
_at_work = Statement(
    select(
        runs.c.organization_id,
        runs.c.team_id,
        func.count().label("at_work"),
    )
    # Its condition is spelled as that of the index is.
    .where(runs.c.lease_until_us.is_not(None), runs.c.node_id.is_not(None))
    .group_by(runs.c.organization_id, runs.c.team_id),
    name="runs_at_work",
)
# From each line to the next by the index: two short descents, however long the lines are.
_lines = select(
    cast(bindparam("after_team"), Text).label("team_id"),
    cast(bindparam("after_runtime"), Text).label("runtime"),
    literal_column("0", BigInteger()).label("number"),
).cte("lines", recursive=True)


def _least(column: str, *where: ColumnElement[bool], of: FromClause) -> ScalarSelect[str]:
    wanted = of.c[column]
    return (
        select(wanted)
        .where(of.c.state == "queued", *where)
        .order_by(wanted)
        .limit(1)
        .correlate_except(of)
        .scalar_subquery()
    )


# Not (team_id, runtime) > (…, …), for which SQLite would use the first column alone.
_sibling, _after, _first_there = runs.alias("sibling"), runs.alias("after"), runs.alias("there")
_next_runtime = _least(
    "runtime",
    _sibling.c.team_id == _lines.c.team_id,
    _sibling.c.runtime > _lines.c.runtime,
    of=_sibling,
)
_next_team = _least("team_id", _after.c.team_id > _lines.c.team_id, of=_after)
_its_runtime = _least("runtime", _first_there.c.team_id == _next_team, of=_first_there)
_lines = _lines.union_all(
    select(
        case((_next_runtime.is_not(None), _lines.c.team_id), else_=_next_team),
        func.coalesce(_next_runtime, _its_runtime),
        (_lines.c.number + 1).label("number"),
    ).where(_lines.c.team_id.is_not(None), _lines.c.number < bindparam("most"))
)
_waiting = runs.alias("waiting")
_front_id = (
    select(_waiting.c.id)
    .where(
        _waiting.c.state == "queued",
        _waiting.c.team_id == _lines.c.team_id,
        _waiting.c.runtime == _lines.c.runtime,
    )
    .order_by(_waiting.c.priority.desc(), _waiting.c.id)
    .limit(1)
    .scalar_subquery()
)
_window = Statement(
    select(
        _lines.c.team_id,
        _lines.c.runtime,
        runs.c.organization_id,
        teams.c.max_workers,
        runs.c.priority,
        runs.c.id.label("run_id"),
    )
    .select_from(
        _lines.join(runs, runs.c.id == _front_id).join(teams, teams.c.id == _lines.c.team_id)
    )
    .where(_lines.c.number > 0)
    .order_by(_lines.c.number),
    name="lines_of_queue",
)
# The task's row is locked along: whoever changes a task locks it before its run, and a claim that
# had only the run would wait for the task, and they for each other.
_first = Statement(
    select(runs)
    .select_from(runs.join(tasks, tasks.c.id == runs.c.task_id))
    .where(
        runs.c.state == "queued",
        runs.c.team_id == bindparam("team_id"),
        runs.c.runtime == bindparam("runtime"),
    )
    .order_by(runs.c.priority.desc(), runs.c.id)
    .limit(1)
    .with_for_update(skip_locked=True),
    name="first_of_line",
)


async def lock(tx: Tx) -> None:
    """Claim alone until the end of this transaction: what is counted then stays true."""
    await tx.one(_lock)


async def at_work(tx: Tx) -> AtWork:
    """What nodes have in hand now."""
    of_organization: dict[str, int] = {}
    of_team: dict[str, int] = {}
    for row in await tx.all(_at_work):
        of_team[row.team_id] = row.at_work
        known = of_organization.get(row.organization_id, 0)
        of_organization[row.organization_id] = known + row.at_work
    return AtWork(of_organization, of_team)


async def window(tx: Tx, after: Place, *, most: int) -> list[Line]:
    """The next lines behind a place, in the order of their places: up to `most`."""
    return [
        Line(
            Place(row.team_id, row.runtime),
            row.organization_id,
            row.max_workers,
            row.priority,
            row.run_id,
        )
        for row in await tx.all(
            _window, after_team=after.team_id, after_runtime=after.runtime, most=most
        )
    ]


async def first_of(tx: Tx, place: Place) -> Run | None:
    """The run to start next of a line; on PostgreSQL locked, with its task.

    One whose task is being changed at this moment is passed over.
    """
    row = await tx.one(_first, team_id=place.team_id, runtime=place.runtime)
    return None if row is None else to_run(row)
