"""Tasks with all that belongs to them, as an actor may see them: one, and a team's, by filters."""

from collections.abc import AsyncIterator

from hiringhall.domain import ids
from hiringhall.domain.errors import NotFound
from hiringhall.domain.policy import Actor, check_sees
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.queries.teams import team_view
from hiringhall.store import boards, tasks
from hiringhall.store.boards import Details, Filter, Part
from hiringhall.store.database import Tx
from hiringhall.store.tasks import NEWEST

PAGE = 100

__all__ = ["PAGE", "Details", "Filter", "Part", "all_of_team", "page_of_team", "task_details"]


async def task_details(hall: Hall, *, actor: Actor, task_id: str) -> Details:
    """A task with all that belongs to it; raises NotFound and NotYours."""

    async def find(tx: Tx) -> Details:
        task = await _seen(tx, actor, task_id)
        (details,) = await boards.details_of(tx, [task])
        return details

    return await hall.database.scan(find)


async def page_of_team(
    hall: Hall,
    *,
    actor: Actor,
    team_id: str,
    wanted: Filter,
    before: str | None = None,
    limit: int = PAGE,
) -> list[Details]:
    """One page of a team's tasks, newest first, from behind an id.

    Raises NotFound and NotYours for the team, and for the parent that is filtered by.
    """
    await team_view(hall, actor=actor, team_id=team_id)

    async def find(tx: Tx) -> list[Details]:
        if wanted.parent_id is not None:
            await _seen(tx, actor, wanted.parent_id)
        page = await boards.page(
            tx, team_id=team_id, wanted=wanted, before=before or NEWEST, most=limit
        )
        return await boards.details_of(tx, page)

    return await hall.database.scan(find)


async def all_of_team(
    hall: Hall, *, actor: Actor, team_id: str, wanted: Filter
) -> AsyncIterator[list[Details]]:
    """All of a team's tasks that pass a filter, newest first, page by page; raises the same."""
    before: str | None = None
    while True:
        page = await page_of_team(hall, actor=actor, team_id=team_id, wanted=wanted, before=before)
        if page:
            yield page
            before = page[-1].task.id
        if len(page) < PAGE:
            return


async def _seen(tx: Tx, actor: Actor, task_id: str) -> Task:
    task = await tasks.by_id(tx, task_id) if ids.is_uuid(task_id) else None
    check_sees(actor, None if task is None else task.organization_id, "task")
    if task is None:
        raise NotFound("task")
    return task
