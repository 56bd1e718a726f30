"""An organization's tasks by what they are, newest first; and what several tasks have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, cast, func, select

from hiringhall.domain.tasks import Engagement, State, Task
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import proposals, tasks, terms
from hiringhall.store.tasks import to_task


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks: in which states, of which engagements, and of a team and a category if named.

    Only tasks of the market have a category.
    """

    states: tuple[State, ...] = tuple(State)
    engagements: tuple[Engagement, ...] = tuple(Engagement)
    team_id: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """What a task says, for whoever looks for words in it."""

    task_id: str
    title: str
    description: str


def _page_of(*columns: Any, name: str, in_team: bool, in_category: bool) -> Statement:
    wanted: Select[Any] = select(*columns).where(
        tasks.c.organization_id == bindparam("organization"),
        tasks.c.id < bindparam("before"),
        any_of(tasks.c.state, "states"),
        any_of(tasks.c.engagement, "engagements"),
    )
    if in_team:
        wanted = wanted.where(tasks.c.team_id == bindparam("team"))
    if in_category:
        wanted = wanted.join(terms, terms.c.task_id == tasks.c.id).where(
            terms.c.category == bindparam("category")
        )
    name += "_in_team" * in_team + "_in_category" * in_category
    return Statement(wanted.order_by(tasks.c.id.desc()).limit(bindparam("most")), name=name)


_Pages = dict[tuple[bool, bool], Statement]


def _pages_of(*columns: Any, name: str) -> _Pages:
    return {
        (in_team, in_category): _page_of(
            *columns, name=name, in_team=in_team, in_category=in_category
        )
        for in_team in (False, True)
        for in_category in (False, True)
    }


_PAGES = _pages_of(tasks, name="posted")
# Most of what is looked through is not what is looked for, and no more is read of it than its text.
_TEXTS = _pages_of(tasks.c.id, tasks.c.title, tasks.c.description, name="texts_posted")
_by_ids = Statement(select(tasks).where(any_of(tasks.c.id, "task_ids")), name="tasks_by_ids")
_counts = Statement(
    select(proposals.c.task_id, cast(func.count(), BigInteger).label("standing"))
    .where(any_of(proposals.c.task_id, "task_ids"), proposals.c.state != "withdrawn")
    .group_by(proposals.c.task_id),
    name="count_proposals_of_tasks",
)


async def page(
    tx: Tx, *, organization_id: str, wanted: Wanted, before: str, most: int
) -> list[Task]:
    """An organization's tasks that are wanted, newest first, from behind an id."""
    rows = await _some(tx, _PAGES, organization_id, wanted, before, most)
    return [to_task(row) for row in rows]


async def texts(
    tx: Tx, *, organization_id: str, wanted: Wanted, before: str, most: int
) -> list[Text]:
    """What the same tasks say."""
    rows = await _some(tx, _TEXTS, organization_id, wanted, before, most)
    return [Text(*row) for row in rows]


async def _some(
    tx: Tx, pages: _Pages, organization_id: str, wanted: Wanted, before: str, most: int
) -> list[Any]:
    more: dict[str, str] = {}
    if wanted.team_id is not None:
        more["team"] = wanted.team_id
    if wanted.category is not None:
        more["category"] = wanted.category
    return await tx.all(
        pages["team" in more, "category" in more],
        organization=organization_id,
        before=before,
        states=[one.value for one in wanted.states],
        engagements=[one.value for one in wanted.engagements],
        most=most,
        **more,
    )


async def by_ids(tx: Tx, task_ids: Sequence[str]) -> list[Task]:
    """Some tasks, in the order of the ids."""
    if not task_ids:
        return []
    found = {row.id: to_task(row) for row in await tx.all(_by_ids, task_ids=list(task_ids))}
    return [found[one] for one in task_ids if one in found]


async def proposal_counts(tx: Tx, task_ids: Sequence[str]) -> dict[str, int]:
    """How many slots for proposals are taken of each of some tasks."""
    if not task_ids:
        return {}
    rows = await tx.all(_counts, task_ids=list(task_ids))
    return dict.fromkeys(task_ids, 0) | {row.task_id: row.standing for row in rows}
