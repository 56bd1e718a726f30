"""The Agentix door's shapes of tasks (seed 004, "Tasks")."""

from collections.abc import Mapping, Sequence
from typing import Annotated, get_args

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hiringhall.domain.board import COLUMN_OF, COLUMNS, Output, make_output
from hiringhall.domain.errors import Invalid
from hiringhall.domain.feed import FeedEvent
from hiringhall.domain.ids import id_of_ref
from hiringhall.domain.questions import AskedQuestion
from hiringhall.domain.runs import Run
from hiringhall.domain.tasks import State, Task
from hiringhall.doors.agentix.wire import Ref, Time
from hiringhall.doors.agentix.wire_events import EventAnswer, event_answer
from hiringhall.doors.agentix.wire_workers import WorkerAnswer, sandbox_ref, worker_answer
from hiringhall.doors.agentix.words import STATUS, Status, actor_of, ref, time_of
from hiringhall.queries.boards import Details, Part

_STATUSES = get_args(Status)
_COLUMN_OF_STATUS: Mapping[str, State] = {STATUS[column]: column for column in COLUMNS}

_Integer = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Priority = Annotated[_Integer, Meta(description="Higher is more urgent")]
GivenStatus = Annotated[str | None, Meta(extra_json_schema={"enum": list(_STATUSES)})]
Criteria = Annotated[
    str | UnsetType | None,
    Meta(description="What the worker verifies, one by one, before it completes"),
]
RoleName = Annotated[
    str | UnsetType | None, Meta(description="The name of a role; required to spawn a worker")
]
Needed = Annotated[
    list[str],
    Meta(description="Ids of tasks of the team that must be done first", max_length=1_000),
]
Creator = Annotated[
    str | None, Meta(description="Who creates it, such as `worker:worker_…`; else the caller")
]


class TaskBody(msgspec.Struct, rename="camel", kw_only=True):
    """A task to be put on a team's board."""

    team_id: str
    title: str
    role: RoleName = UNSET
    description: str | None = None
    accept_criteria: Criteria = UNSET
    status: GivenStatus = None
    priority: Priority = 0
    dependencies: Needed = []
    created_by: Creator = None
    parent_task_id: Annotated[
        str | None, Meta(description="A task of the team that this one is a part of")
    ] = None


class SubtaskBody(msgspec.Struct, rename="camel", kw_only=True):
    """A part of a task, to be put on the board of its team."""

    title: str
    role: RoleName = UNSET
    description: str | None = None
    accept_criteria: Criteria = UNSET
    status: GivenStatus = None
    priority: Priority = 0
    dependencies: Needed = []
    created_by: Creator = None


class OutputBody(msgspec.Struct, rename="camel", kw_only=True):
    """What came of a task; `error` is why it failed."""

    summary: str | None = None
    branch: str | None = None
    error: str | None = None


class TaskPatch(msgspec.Struct, rename="camel", kw_only=True):
    """What is to be another way; what is left out stays.

    `teamId` and `parentTaskId` are fixed: they are taken as they are, and no other way.
    """

    title: str | None = None
    role: RoleName = UNSET
    description: str | UnsetType | None = UNSET
    accept_criteria: Criteria = UNSET
    status: GivenStatus = None
    priority: Priority | None = None
    dependencies: Needed | None = None
    output: OutputBody | None = None
    team_id: str | UnsetType | None = UNSET
    parent_task_id: str | UnsetType | None = UNSET


class TasksQuery(msgspec.Struct, rename="camel"):
    """Which of a team's tasks; all of them, unless it says how many."""

    team_id: str
    status: GivenStatus = None
    role: str | None = None
    parent_task_id: str | None = None
    limit: Annotated[int, Meta(ge=1, le=100, description="At most so many")] | None = None
    cursor: Annotated[str | None, Meta(description="A task's `id`: the tasks before it")] = None


class PartAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """A task that another is a part of, or that is a part of it."""

    id: Ref
    parent_task_id: Ref | None
    title: str
    role: str | None
    status: Status
    priority: int
    created_at: Time
    updated_at: Time


class FileAnswer(msgspec.Struct, rename="camel"):
    """A delivered file; the link works for an hour, without a key."""

    name: str
    size_bytes: int
    url: str


class OutputAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """What came of a task: of the newest delivery, and why it failed."""

    summary: str | None
    branch: str | None
    files: list[FileAnswer]
    error: str | None


class QuestionItem(msgspec.Struct, rename="camel", kw_only=True):
    """One of the things that are asked."""

    type: str
    question: str
    options: list[str]


class QuestionAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """What the worker needs to know; answered by a `message` event on the task."""

    id: str
    text: str
    questions: list[QuestionItem]


class TaskAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """A task with all that belongs to it."""

    id: Ref
    team_id: Ref
    parent_task_id: Ref | None
    parent_task: PartAnswer | None
    title: str
    description: str | None
    accept_criteria: str | None
    role: str | None
    status: Status
    priority: int
    dependencies: list[Ref]
    output: OutputAnswer | None
    question: QuestionAnswer | None
    waiting: Annotated[
        str | None,
        Meta(description="Why it does not go on, in plain words, where there is a reason"),
    ]
    created_by: str
    subtasks: list[PartAnswer]
    workers: list[WorkerAnswer]
    events: Annotated[list[EventAnswer], Meta(description="The newest first")]
    created_at: Time
    updated_at: Time


class RunAnswer(msgspec.Struct, rename="camel"):
    """The worker that was spawned."""

    worker_id: Ref
    sandbox_id: str


class ResumeAnswer(msgspec.Struct, rename="camel"):
    """The worker that goes on where the last one was."""

    worker_id: Ref
    sandbox_id: str
    resumed: bool = True


def column_of(status: str | None) -> State | None:
    """The column that a status is the word for; raises Invalid for one that is none."""
    if status is None:
        return None
    column = _COLUMN_OF_STATUS.get(status)
    if column is None:
        raise Invalid(f"status is one of {', '.join(_STATUSES)}", {"status": "unknown"})
    return column


def states_of(status: str | None) -> tuple[State, ...]:
    """The states that a status stands for; all of them where none is named. Raises Invalid."""
    column = column_of(status)
    return tuple(one for one in State if column is None or COLUMN_OF[one] is column)


def needed_ids(given: Sequence[str]) -> list[str]:
    """The tasks that are named as dependencies; raises Invalid for what can be no task's id."""
    found = [id_of_ref("task", one) for one in given]
    if None in found:
        raise Invalid("dependencies names something that is no task", {"dependencies": "unknown"})
    return [one for one in found if one is not None]


def parent_of(given: str | None) -> str | None:
    """The task that a new one hangs under; raises Invalid for what can be no task's id."""
    found = None if given is None else id_of_ref("task", given)
    if given is not None and found is None:
        raise Invalid("parentTaskId names no task of this team", {"parentTaskId": "unknown"})
    return found


def output_of(body: OutputBody | None) -> Output | None:
    """What is said of a task's output; raises Invalid."""
    if body is None:
        return None
    return make_output(summary=body.summary, branch=body.branch, error=body.error)


def said(value: str | UnsetType | None) -> str | None:
    """A text of a new task, where there is nothing to keep."""
    return None if isinstance(value, UnsetType) else value


def task_answer(
    details: Details, *, files: Sequence[FileAnswer] = (), events: Sequence[FeedEvent] = ()
) -> TaskAnswer:
    """A task with all that belongs to it."""
    task = details.task
    return TaskAnswer(
        id=ref("task", task.id),
        team_id=ref("team", task.team_id),
        parent_task_id=None if task.parent_id is None else ref("task", task.parent_id),
        parent_task=None if details.parent is None else _part_answer(details.parent),
        title=task.title,
        description=task.description or None,
        accept_criteria=task.accept_criteria,
        role=task.role,
        status=STATUS[task.state],
        priority=task.priority,
        dependencies=[ref("task", one) for one in details.dependencies],
        output=_output_answer(details, files),
        question=None if details.question is None else _question_answer(details.question),
        waiting=task.waiting_reason or None,
        created_by=_creator_of(task),
        subtasks=[_part_answer(one) for one in details.subtasks],
        workers=[worker_answer(run) for run in details.runs],
        events=[event_answer(event) for event in events],
        created_at=time_of(task.created_at_us),
        updated_at=time_of(task.updated_at_us),
    )


def run_answer(run: Run) -> RunAnswer:
    """A worker just spawned."""
    return RunAnswer(ref("worker", run.id), sandbox_ref(run))


def resume_answer(run: Run) -> ResumeAnswer:
    """A worker that goes on."""
    return ResumeAnswer(ref("worker", run.id), sandbox_ref(run))


def _creator_of(task: Task) -> str:
    """What its creator called itself, else the user behind the key, else the hall."""
    if task.created_label is not None:
        return task.created_label
    return actor_of("hall" if task.created_by is None else f"user:{task.created_by}")


def _part_answer(part: Part) -> PartAnswer:
    return PartAnswer(
        id=ref("task", part.id),
        parent_task_id=None if part.parent_id is None else ref("task", part.parent_id),
        title=part.title,
        role=part.role,
        status=STATUS[part.state],
        priority=part.priority,
        created_at=time_of(part.created_at_us),
        updated_at=time_of(part.updated_at_us),
    )


def _output_answer(details: Details, files: Sequence[FileAnswer]) -> OutputAnswer | None:
    made = details.deliverable
    if made is None and details.error is None:
        return None
    return OutputAnswer(
        summary=None if made is None else made.told,
        branch=None if made is None else made.branch,
        files=list(files),
        error=details.error,
    )


def _question_answer(asked: AskedQuestion) -> QuestionAnswer:
    return QuestionAnswer(
        id=asked.id,
        text=asked.text,
        questions=[
            QuestionItem(type=one.type.value, question=one.question, options=list(one.options))
            for one in asked.questions
        ],
    )
