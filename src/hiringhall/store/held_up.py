"""Tasks that could be run but for one they depend on, which has ended without being done."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, exists, or_, select

from hiringhall.domain.tasks import UNDONE, State, Waiting
from hiringhall.store.database import Tx
from hiringhall.store.rows import words_of
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import task_dependencies, tasks


@dataclass(frozen=True, slots=True)
class Stuck:
    """What a task says that it waits for, so that what is said already is not said again."""

    id: str
    waiting_for: Waiting
    waiting_reason: str


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A task that another depends on, and that has ended undone."""

    id: str
    title: str
    state: State


# Spelled as the condition of `ix_tasks_held_up` is.
_waits = (tasks.c.state == "open", tasks.c.waiting_for.in_(("poster", "dependency")))
_needed = tasks.alias("needed")
_obstructed = exists(
    select(task_dependencies.c.task_id)
    .select_from(task_dependencies.join(_needed, _needed.c.id == task_dependencies.c.depends_on_id))
    .where(task_dependencies.c.task_id == tasks.c.id, _needed.c.state.in_(words_of(UNDONE)))
)
_of_team = Statement(
    select(tasks.c.id, tasks.c.waiting_for, tasks.c.waiting_reason)
    .where(
        tasks.c.team_id == bindparam("team_id"),
        *_waits,
        tasks.c.id > bindparam("after"),
        or_(tasks.c.waiting_for == "dependency", _obstructed),
    )
    .order_by(tasks.c.id)
    .limit(bindparam("most")),
    name="held_up_of_team",
)
_teams = Statement(
    select(tasks.c.team_id)
    .where(
        *_waits,
        tasks.c.team_id > bindparam("after"),
        or_(
            and_(tasks.c.waiting_for == "poster", _obstructed),
            and_(tasks.c.waiting_for == "dependency", ~_obstructed),
        ),
    )
    .distinct()
    .order_by(tasks.c.team_id)
    .limit(bindparam("most")),
    name="teams_with_held_up_tasks",
)
_obstacles = Statement(
    select(task_dependencies.c.task_id, tasks.c.id, tasks.c.title, tasks.c.state)
    .select_from(task_dependencies.join(tasks, tasks.c.id == task_dependencies.c.depends_on_id))
    .where(any_of(task_dependencies.c.task_id, "task_ids"), tasks.c.state.in_(words_of(UNDONE)))
    .order_by(task_dependencies.c.task_id, task_dependencies.c.position),
    name="obstacles_of_tasks",
)


async def of_team(tx: Tx, team_id: str, *, after: str, most: int) -> list[Stuck]:
    """Those of a team that something stands in the way of, or that say so, in the order of ids."""
    rows = await tx.all(_of_team, team_id=team_id, after=after, most=most)
    return [Stuck(row.id, Waiting(row.waiting_for), row.waiting_reason) for row in rows]


async def teams_behind(tx: Tx, after: str, *, most: int) -> list[str]:
    """Teams with a task that is to say something else than it does, in the order of ids."""
    return [row.team_id for row in await tx.all(_teams, after=after, most=most)]


async def obstacles(tx: Tx, task_ids: Sequence[str]) -> dict[str, list[Obstacle]]:
    """What stands in the way of each of some tasks, in the order of their dependencies."""
    found: dict[str, list[Obstacle]] = {}
    for row in await tx.all(_obstacles, task_ids=list(task_ids)):
        found.setdefault(row.task_id, []).append(Obstacle(row.id, row.title, State(row.state)))
    return found
