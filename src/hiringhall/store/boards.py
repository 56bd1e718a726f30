"""Tasks as a team's board shows them: a page of them, with all that belongs to each.

What belongs to them is fetched for a whole page at once, in as many statements as there are kinds
of it, however many tasks there are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Select, bindparam, func, select

from hiringhall.domain.questions import AskedQuestion, QuestionKind, questions_from_json
from hiringhall.domain.runs import Run
from hiringhall.domain.tasks import QUESTIONED, UNDONE, State, Task
from hiringhall.store import deliverables, dependencies, workers
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable, FileRow
from hiringhall.store.events import to_event
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import events, questions, tasks
from hiringhall.store.tasks import to_task

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part:
    """A task as what it is a part of, or what is a part of it, is shown with it."""

    id: str
    parent_id: str | None
    title: str
    state: State
    role: str | None
    priority: int
    created_at_us: int
    updated_at_us: int


@dataclass(frozen=True, slots=True)
class Details:
    """A task with all that belongs to it.

    `question` is there while a reply is awaited, `error` where the task ended without being done.
    """

    task: Task
    parent: Part | None
    subtasks: list[Part]
    dependencies: list[str]
    deliverable: Deliverable | None
    files: list[FileRow]
    error: str | None
    question: AskedQuestion | None
    runs: list[Run]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tasks of a team: in which states, and where they are given, of a role and a parent.

    `whole` leaves those that are a part of none.
    """

    states: tuple[State, ...] = tuple(State)
    role: str | None = None
    parent_id: str | None = None
    whole: bool = False


def _page_of(*, by_role: bool, by_parent: bool, whole: bool) -> Statement:
    wanted: Select[Any] = select(tasks).where(
        tasks.c.team_id == bindparam("team_id"),
        tasks.c.id < bindparam("before"),
        any_of(tasks.c.state, "states"),
    )
    if by_role:
        wanted = wanted.where(tasks.c.role == bindparam("role"))
    if by_parent:
        wanted = wanted.where(tasks.c.parent_id == bindparam("parent_id"))
    if whole:
        wanted = wanted.where(tasks.c.parent_id.is_(None))
    said = {"by_role": by_role, "by_parent": by_parent, "whole": whole}
    name = "_".join(["board", *(one for one, is_so in said.items() if is_so)])
    return Statement(wanted.order_by(tasks.c.id.desc()).limit(bindparam("most")), name=name)


_PAGES = {
    (by_role, by_parent, whole): _page_of(by_role=by_role, by_parent=by_parent, whole=whole)
    for by_role in (False, True)
    for by_parent in (False, True)
    for whole in (False, True)
}
_part = select(
    tasks.c.id,
    tasks.c.parent_id,
    tasks.c.title,
    tasks.c.state,
    tasks.c.role,
    tasks.c.priority,
    tasks.c.created_at_us,
    tasks.c.updated_at_us,
)
_parents = Statement(_part.where(any_of(tasks.c.id, "task_ids")), name="parents_of_tasks")
_subtasks = Statement(
    _part.where(any_of(tasks.c.parent_id, "task_ids")).order_by(tasks.c.id),
    name="subtasks_of_tasks",
)
_count_subtasks = Statement(
    select(func.count().label("count")).where(tasks.c.parent_id == bindparam("parent_id")),
    name="count_subtasks",
)
_questions = Statement(
    select(questions).where(any_of(questions.c.id, "question_ids")), name="questions_by_ids"
)
_ends = Statement(
    select(events)
    .where(
        any_of(events.c.task_id, "task_ids"), events.c.type.in_(("task_cancelled", "task_failed"))
    )
    .order_by(events.c.task_id, events.c.number),
    name="ends_of_tasks",
)


async def page(tx: Tx, *, team_id: str, wanted: Filter, before: str, most: int) -> list[Task]:
    """A team's tasks that pass a filter, newest first, from behind an id."""
    by: dict[str, str] = {}
    if wanted.role is not None:
        by["role"] = wanted.role
    if wanted.parent_id is not None:
        by["parent_id"] = wanted.parent_id
    rows = await tx.all(
        _PAGES["role" in by, "parent_id" in by, wanted.whole],
        team_id=team_id,
        before=before,
        states=[state.value for state in wanted.states],
        most=most,
        **by,
    )
    return [to_task(row) for row in rows]


async def count_subtasks(tx: Tx, parent_id: str) -> int:
    """How many subtasks a task has."""
    row = await tx.one(_count_subtasks, parent_id=parent_id)
    return 0 if row is None else row.count


async def details_of(tx: Tx, found: Sequence[Task]) -> list[Details]:
    """Some tasks with all that belongs to them, in the same order."""
    ids = [task.id for task in found]
    parents = await _by_key(
        tx, _parents, "task_ids", _ids_of(task.parent_id for task in found), _to_part, "id"
    )
    parts = await _by_key(tx, _subtasks, "task_ids", ids, _to_part, "parent_id")
    needed = await dependencies.of_tasks(tx, ids)
    handed_in = await deliverables.with_files(tx, _ids_of(task.deliverable_id for task in found))
    asked = await _by_key(
        tx,
        _questions,
        "question_ids",
        _ids_of(task.question_id for task in found if task.waiting_for in QUESTIONED),
        _to_question,
        "id",
    )
    ended = [task.id for task in found if task.state in UNDONE]
    ends = await _by_key(tx, _ends, "task_ids", ended, to_event, "task_id")
    worked = await workers.of_tasks(tx, ids)
    return [
        Details(
            task=task,
            parent=_only(parents, task.parent_id),
            subtasks=parts.get(task.id, []),
            dependencies=needed.get(task.id, []),
            deliverable=handed_in.get(task.deliverable_id or "", deliverables.NOTHING)[0],
            files=handed_in.get(task.deliverable_id or "", deliverables.NOTHING)[1],
            error=_error(task, [str(one.data["text"]) for one in ends.get(task.id, [])]),
            question=_only(asked, task.question_id),
            runs=worked.get(task.id, []),
        )
        for task in found
    ]


def _error(task: Task, reasons: list[str]) -> str | None:
    """Why a task ended without being done."""
    if task.state not in UNDONE:
        return None
    said = reasons[-1] if reasons else ""
    return said or {State.CANCELLED: "Cancelled", State.EXPIRED: "Expired"}.get(
        task.state, "Failed"
    )


async def _by_key(
    tx: Tx,
    statement: Statement,
    name: str,
    wanted: list[str],
    make: Callable[[Any], T],
    key: str,
) -> dict[str, list[T]]:
    """What a statement finds for some ids, by one of its columns; nothing is asked for no ids."""
    found: dict[str, list[T]] = {}
    if wanted:
        for row in await tx.all(statement, **{name: wanted}):
            found.setdefault(getattr(row, key), []).append(make(row))
    return found


def _ids_of(maybe: Any) -> list[str]:
    return sorted({one for one in maybe if one is not None})


def _only(found: dict[str, list[T]], key: str | None) -> T | None:
    return found[key][0] if key is not None and key in found else None


def _to_part(row: Any) -> Part:
    return Part(
        row.id,
        row.parent_id,
        row.title,
        State(row.state),
        row.role,
        row.priority,
        row.created_at_us,
        row.updated_at_us,
    )


def _to_question(row: Any) -> AskedQuestion:
    return AskedQuestion(
        row.id, QuestionKind(row.kind), row.text, questions_from_json(row.questions)
    )
