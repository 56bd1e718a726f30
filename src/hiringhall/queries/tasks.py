"""Tasks as an actor may see them: where one stands, what came of it, what happened, the list."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from hiringhall.domain import ids
from hiringhall.domain.errors import NotFound
from hiringhall.domain.logged import LoggedEvent
from hiringhall.domain.policy import Actor, may_see
from hiringhall.domain.tasks import State
from hiringhall.hall import Hall
from hiringhall.store import deliverables, events, questions, tasks
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable, FileRow
from hiringhall.store.tasks import NEWEST, Standing, TaskLine, TaskRow

PAGE = 500
LOG_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What came of a task so far: its newest deliverable with files, else its last words."""

    task: Standing
    text: str | None
    files: list[FileRow]


async def task_view(hall: Hall, *, actor: Actor, task_id: str) -> TaskRow:
    """Where a task stands, with what its poster is to decide; raises NotFound."""
    if not ids.is_uuid(task_id):
        raise NotFound("task")

    async def find(tx: Tx) -> TaskRow | None:
        return await tasks.view(tx, task_id)

    row = await hall.database.read(find)
    if row is None or not may_see(actor, row.task.organization_id):
        raise NotFound("task")
    return row


async def task_result(hall: Hall, *, actor: Actor, task_id: str) -> TaskResult:
    """The newest deliverable of a task, else the worker's last message; raises NotFound."""
    row = await task_view(hall, actor=actor, task_id=task_id)
    deliverable_id = row.task.deliverable_id
    if deliverable_id is None:
        return TaskResult(row.task, await _last_words(hall, row.task), [])

    async def find(tx: Tx) -> tuple[Deliverable | None, list[FileRow]]:
        deliverable = await deliverables.by_id(tx, deliverable_id)
        return deliverable, await deliverables.files_of(tx, deliverable_id)

    deliverable, files = await hall.database.read(find)
    return TaskResult(row.task, None if deliverable is None else deliverable.told, files)


async def _last_words(hall: Hall, task: Standing) -> str | None:
    """Why the task failed, else the newest question."""

    async def find(tx: Tx) -> str | None:
        if task.state is State.FAILED:
            ended = await events.of_task_typed(tx, task.id, ("task_failed",))
            if ended:
                return str(ended[-1].data["text"])
        if task.question_id is None:
            return None
        question = await questions.by_id(tx, task.question_id)
        return None if question is None else question.text

    return await hall.database.read(find)


async def task_log(hall: Hall, *, actor: Actor, task_id: str, after: int = 0) -> list[LoggedEvent]:
    """All events of a task from behind a number, oldest first; raises NotFound."""
    await task_view(hall, actor=actor, task_id=task_id)

    async def find(tx: Tx) -> list[LoggedEvent]:
        found: list[LoggedEvent] = []
        number = after
        while True:
            page = await events.of_task(tx, task_id, after=number, most=LOG_PAGE)
            found += page
            if len(page) < LOG_PAGE:
                return found
            number = page[-1].number

    return await hall.database.scan(find)


async def list_tasks(
    hall: Hall, *, actor: Actor, before: str | None = None, limit: int = PAGE
) -> list[TaskLine]:
    """One page of the organization's tasks, newest first, from behind an id."""

    async def find(tx: Tx) -> list[TaskLine]:
        return await tasks.page(
            tx, organization_id=actor.organization_id or "", before=before or NEWEST, most=limit
        )

    return await hall.database.scan(find)


async def all_tasks(hall: Hall, *, actor: Actor) -> AsyncIterator[list[TaskLine]]:
    """All of the organization's tasks, newest first, page by page."""
    before: str | None = None
    while True:
        page = await list_tasks(hall, actor=actor, before=before)
        if page:
            yield page
            before = page[-1].id
        if len(page) < PAGE:
            return


async def file_for_download(hall: Hall, *, file_id: str) -> FileRow:
    """A delivered file for whoever holds a signed link to it; raises NotFound."""
    if not ids.is_uuid(file_id):
        raise NotFound("file")

    async def find(tx: Tx) -> FileRow | None:
        return await deliverables.file_by_id(tx, file_id)

    row = await hall.database.read(find)
    if row is None:
        raise NotFound("file")
    return row
