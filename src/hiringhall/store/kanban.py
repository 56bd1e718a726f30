"""A team's board as people look at it: the foremost of each state, and how many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, cast, func, select, union_all

from hiringhall.domain.tasks import Engagement, State, Waiting
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import tasks


@dataclass(frozen=True, slots=True)
class Card:
    """A task as it hangs on the board."""

    id: str
    title: str
    state: State
    engagement: Engagement
    waiting_for: Waiting
    waiting_reason: str
    role: str | None
    priority: int
    parent_id: str | None
    last_activity_at_us: int


_SHOWN = (
    tasks.c.id,
    tasks.c.title,
    tasks.c.state,
    tasks.c.engagement,
    tasks.c.waiting_for,
    tasks.c.waiting_reason,
    tasks.c.role,
    tasks.c.priority,
    tasks.c.parent_id,
    tasks.c.last_activity_at_us,
)


def _foremost_in(state: State) -> Select[Any]:
    """By state, so that the index gives them in their order, however many there are."""
    found = (
        select(*_SHOWN)
        .where(tasks.c.team_id == bindparam("team_id"), tasks.c.state == state.value)
        .order_by(tasks.c.priority.desc(), tasks.c.id.desc())
        .limit(bindparam("most"))
        .subquery()
    )
    return select(found)


_foremost = Statement(union_all(*map(_foremost_in, State)), name="foremost_of_team")
_counts = Statement(
    select(tasks.c.state, cast(func.count(), BigInteger).label("there"))
    .where(tasks.c.team_id == bindparam("team_id"))
    .group_by(tasks.c.state),
    name="count_tasks_of_team",
)
_titles = Statement(
    select(tasks.c.id, tasks.c.title).where(any_of(tasks.c.id, "task_ids")), name="titles_of_tasks"
)


async def foremost(tx: Tx, team_id: str, *, most: int) -> list[Card]:
    """The tasks of a team, at most so many of each state: by priority, then the newest."""
    return [
        Card(
            id=row.id,
            title=row.title,
            state=State(row.state),
            engagement=Engagement(row.engagement),
            waiting_for=Waiting(row.waiting_for),
            waiting_reason=row.waiting_reason,
            role=row.role,
            priority=row.priority,
            parent_id=row.parent_id,
            last_activity_at_us=row.last_activity_at_us,
        )
        for row in await tx.all(_foremost, team_id=team_id, most=most)
    ]


async def counts(tx: Tx, team_id: str) -> dict[State, int]:
    """How many tasks of a team are in each state."""
    rows = await tx.all(_counts, team_id=team_id)
    return dict.fromkeys(State, 0) | {State(row.state): row.there for row in rows}


async def titles(tx: Tx, task_ids: Sequence[str]) -> dict[str, str]:
    """What some tasks are called."""
    if not task_ids:
        return {}
    return {row.id: row.title for row in await tx.all(_titles, task_ids=list(task_ids))}
