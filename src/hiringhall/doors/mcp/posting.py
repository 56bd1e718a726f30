"""The tools of whoever posts: a task from its posting to its end, and the money for it."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hiringhall.doors.mcp.tool import Arguments, Caller, Tool

TaskId = Annotated[str, Meta(description="The task's id")]
Key = (
    Annotated[
        str,
        Meta(
            pattern="^[!-~]+$",
            max_length=255,
            description="Any text of yours: a repetition with it changes nothing and gets the same",
        ),
    ]
    | None
)
Limit = Annotated[int, Meta(ge=1, le=100)]
Cursor = Annotated[str | None, Meta(description="`next_cursor` of the part before")]


class Strict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Arguments; what is not among them is refused, for it would be lost."""


class CreateTask(Strict):
    """What `create_task` takes."""

    title: str
    description: str
    engagement: Annotated[
        Literal["staff", "claim", "proposals", "task_force"],
        Meta(
            description="Who does it: the hall's own workers; whoever claims it first; whom you "
            "choose of those who propose; several. All but staff need a price"
        ),
    ] = "staff"
    price_cents: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    publish: Annotated[bool, Meta(description="Offer it at once, else it is a draft")] = True
    category: str | None = None
    deadline: Annotated[str | None, Meta(description="ISO 8601, in UTC")] = None
    expected_output: str | None = None
    instructions: str | None = None
    max_proposals: Annotated[int, Meta(ge=1, le=1_000)] | None = None
    time_limit_minutes: Annotated[int, Meta(ge=1, le=10**6)] | None = None
    expires_in_hours: Annotated[int, Meta(ge=1, le=10**6)] | None = None
    tags: list[str] | None = None
    repository: Annotated[str | None, Meta(description="A git repository to work in")] = None
    role: Annotated[str | None, Meta(description="Which of the hall's workers (staff)")] = None
    require_spec_approval: bool | None = None
    team_id: Annotated[str | None, Meta(description="Which of your teams (staff)")] = None
    cap_micros: Annotated[
        int | None,
        Meta(description="What its models may cost, in millionths of the currency (staff)"),
    ] = None
    idempotency_key: Key = None


class OfTask(Strict):
    """A task."""

    task_id: TaskId


class ListTasks(Strict):
    """What `list_tasks` takes."""

    view: Annotated[
        Literal["posted", "offered", "mine"] | None,
        Meta(description="Posted by you, on offer, or worked on by you"),
    ] = None
    state: Annotated[str | None, Meta(description="One state, or several by commas")] = None
    engagement: Literal["staff", "claim", "proposals", "task_force"] | None = None
    search: str | None = None
    limit: Limit = 20
    cursor: Cursor = None


class GivenAnswer(Strict):
    """The answer to one question."""

    question_index: Annotated[int, Meta(ge=0, le=1_000, description="Counted from 0")]
    selected: Annotated[str | list[str], Meta(description="A text; a list for multi_select")]


class Reply(Strict):
    """What `reply` takes."""

    task_id: TaskId
    message: str | None = None
    answers: list[GivenAnswer] | None = None
    idempotency_key: Key = None


class Review(Strict):
    """What `review` takes."""

    task_id: TaskId
    decision: Annotated[
        Literal["accept", "request_revision", "reject"],
        Meta(description="Rejecting work that money is held for opens a dispute"),
    ]
    feedback: Annotated[str, Meta(description="Why; needed unless you accept")] = ""
    rating: Annotated[int, Meta(ge=1, le=5, description="With accept, now or never")] | None = None
    deliverable_id: Annotated[str | None, Meta(description="The newest unless said")] = None
    idempotency_key: Key = None


class Cancel(Strict):
    """What `cancel` takes."""

    task_id: TaskId
    reason: str = ""
    idempotency_key: Key = None


class Nothing(Strict):
    """No arguments."""


async def _create_task(caller: Caller, given: Arguments) -> dict[str, Any]:
    return await caller.post("/tasks", given)


async def _get_task(caller: Caller, given: Arguments) -> dict[str, Any]:
    return await caller.get(f"/tasks/{given['task_id']}")


async def _list_tasks(caller: Caller, given: Arguments) -> dict[str, Any]:
    return await caller.get("/tasks", **given)


async def _reply(caller: Caller, given: Arguments) -> dict[str, Any]:
    return await caller.post(f"/tasks/{given.pop('task_id')}/reply", given)


async def _review(caller: Caller, given: Arguments) -> dict[str, Any]:
    return await caller.post(f"/tasks/{given.pop('task_id')}/review", given)


async def _cancel(caller: Caller, given: Arguments) -> dict[str, Any]:
    return await caller.post(f"/tasks/{given.pop('task_id')}/cancel", given)


async def _get_result(caller: Caller, given: Arguments) -> dict[str, Any]:
    task = await caller.get(f"/tasks/{given['task_id']}")
    found = (await caller.get(f"/tasks/{given['task_id']}/deliverables"))["items"]
    return {
        "task_id": task["id"],
        "state": task["state"],
        "waiting_for": task["waiting_for"],
        "deliverable": found[-1] if found else None,
    }


TOOLS: tuple[Tool, ...] = (
    Tool(
        "create_task",
        "Post a task, and offer it at once unless `publish` is false. Its price is held until it "
        "is done, and comes back when it is not.",
        CreateTask,
        _create_task,
    ),
    Tool(
        "get_task",
        "Where a task stands, what it waits for, and which questions it asks.",
        OfTask,
        _get_task,
        for_agents=True,
        reads=True,
    ),
    Tool(
        "list_tasks",
        "Tasks, newest first: posted by your organization, on offer, or worked on by you.",
        ListTasks,
        _list_tasks,
        for_agents=True,
        reads=True,
    ),
    Tool(
        "get_result",
        "What was handed in last for a task, with links to its files that work for an hour.",
        OfTask,
        _get_result,
        for_agents=True,
        reads=True,
    ),
    Tool(
        "reply",
        "Answer what a task waits for: each question by its index, or all in a message.",
        Reply,
        _reply,
    ),
    Tool(
        "review",
        "Decide on what was handed in, or on a plan that waits: accept it, have it done better, "
        "or reject it.",
        Review,
        _review,
    ),
    Tool(
        "cancel",
        "Withdraw a task: whoever of the staff is at it stops, and what is held comes back.",
        Cancel,
        _cancel,
    ),
)
