"""Tasks that a team which works by itself could begin: offered, waiting for a word, unhindered."""

from dataclasses import dataclass

from sqlalchemy import bindparam, exists, func, select

from hiringhall.domain.tasks import State
from hiringhall.domain.teams import Autonomy
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import events, runs, task_dependencies, tasks, teams


@dataclass(frozen=True, slots=True)
class TeamAtWork:
    """A team that works by itself, and how many runs it has queued or at work."""

    team_id: str
    most: int | None
    live: int


# Spelled as the condition of `ix_tasks_ready` is.
_offered = (tasks.c.state == "open", tasks.c.waiting_for == "poster", tasks.c.role.is_not(None))
_needed = tasks.alias("needed")
_unmet = exists(
    select(task_dependencies.c.task_id)
    .select_from(task_dependencies.join(_needed, _needed.c.id == task_dependencies.c.depends_on_id))
    .where(task_dependencies.c.task_id == tasks.c.id, _needed.c.state != State.DONE.value)
)
_ready = Statement(
    select(tasks.c.id)
    .where(
        tasks.c.team_id == bindparam("team_id"),
        *_offered,
        # One with a reason to wait has been looked at, and left to a person.
        tasks.c.waiting_reason == "",
        tasks.c.engagement == "staff",
        ~_unmet,
    )
    .order_by(tasks.c.priority.desc(), tasks.c.id)
    .limit(bindparam("most")),
    name="ready_tasks",
)
_teams = Statement(
    select(teams.c.id)
    .where(
        teams.c.autonomy == Autonomy.AUTONOMOUS.value,
        teams.c.id > bindparam("after"),
        exists(
            select(tasks.c.id).where(
                tasks.c.team_id == teams.c.id, *_offered, tasks.c.waiting_reason == ""
            )
        ),
    )
    .order_by(teams.c.id)
    .limit(bindparam("most")),
    name="teams_with_ready_tasks",
)
_team = Statement(
    select(teams.c.id, teams.c.max_workers)
    .where(teams.c.id == bindparam("team_id"), teams.c.autonomy == Autonomy.AUTONOMOUS.value)
    .with_for_update(key_share=True),
    name="autonomous_team",
)
# Not one list of three states: each of the two has a partial index of its own.
_queued = Statement(
    select(func.count().label("live")).where(
        runs.c.state == "queued", runs.c.team_id == bindparam("team_id")
    ),
    name="queued_of_team",
)
_at_work = Statement(
    select(func.count().label("live")).where(
        runs.c.lease_until_us.is_not(None), runs.c.team_id == bindparam("team_id")
    ),
    name="at_work_of_team",
)
_endings = Statement(
    select(events.c.type)
    .where(
        events.c.task_id == bindparam("task_id"),
        events.c.type.in_(["deliverable_submitted", "task_failed"]),
    )
    .order_by(events.c.number.desc())
    .limit(2),
    name="last_endings",
)


async def tasks_of(tx: Tx, team_id: str, *, most: int) -> list[str]:
    """What a team could begin now, by priority and then by age."""
    return [row.id for row in await tx.all(_ready, team_id=team_id, most=most)]


async def teams_behind(tx: Tx, after: str, *, most: int) -> list[str]:
    """Teams that work by themselves and may have something to begin, in the order of ids."""
    return [row.id for row in await tx.all(_teams, after=after, most=most)]


async def team_at_work(tx: Tx, team_id: str) -> TeamAtWork | None:
    """A team that works by itself, kept from beginning more elsewhere until this transaction ends.

    None for one that does not.
    """
    team = await tx.one(_team, team_id=team_id)
    if team is None:
        return None
    live = 0
    for statement in (_queued, _at_work):
        row = await tx.one(statement, team_id=team_id)
        live += 0 if row is None else row.live
    return TeamAtWork(team.id, team.max_workers, live)


async def failed_in_a_row(tx: Tx, task_id: str) -> int:
    """How often a task has failed since it last delivered something; 2 stands for more, too."""
    types = [row.type for row in await tx.all(_endings, task_id=task_id)]
    return next((number for number, one in enumerate(types) if one != "task_failed"), len(types))
