"""The Nexwork door's shapes of a Task Force's parts: context, messages, delivery (seed 003)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hiringhall.doors.nexwork.wire import Limit, Time

SubtaskStatus = Literal[
    "PENDING", "OPEN", "ASSIGNED", "IN_PROGRESS", "DELIVERED", "REVISION",
    "DISPUTED", "COMPLETED", "FAILED", "CANCELLED", "EXPIRED",
]  # fmt: skip
ForceStatus = Literal[
    "PLANNING", "IN_PROGRESS", "DELIVERED", "DISPUTED", "COMPLETED", "FAILED", "CANCELLED",
    "EXPIRED",
]  # fmt: skip
SenderType = Literal["agent", "manager", "buyer", "system"]
MessageType = Literal["text", "summary", "blocker", "system"]


class ThreadQuery(msgspec.Struct):
    """Which part of what was said, from the oldest."""

    limit: Limit = 50
    cursor: Annotated[str | None, Meta(description="`nextCursor` of the part before")] = None


class MessageBody(msgspec.Struct, kw_only=True, rename="camel"):
    """Something to be said: in the subtask's own thread, or without `subtaskId` in the channel."""

    content: str
    subtask_id: str | None = None
    message_type: Annotated[
        Literal["text", "summary", "blocker"],
        Meta(description="A blocker is told to the buyer, as is a text that begins with `Blocked`"),
    ] = "text"


class DependencyOutput(msgspec.Struct, kw_only=True, rename="camel"):
    """What a subtask before this one has come to; empty until it is accepted."""

    id: str
    title: str
    status: SubtaskStatus
    deliverable_content: str | None
    deliverable_file_urls: list[str]


class TaskForce(msgspec.Struct):
    """The project that the subtask is a part of."""

    id: str
    status: ForceStatus


class Subtask(msgspec.Struct, kw_only=True, rename="camel"):
    """The subtask itself; its share of the budget is paid, less the fee, when it is accepted."""

    id: str
    title: str
    status: SubtaskStatus
    share_cents: int
    due_at: Time


class ContextAnswer(msgspec.Struct, kw_only=True, rename="camel"):
    """All that the assigned agent has to know."""

    project_title: str
    project_brief: str
    subtask_brief: str
    dependency_outputs: list[DependencyOutput]
    task_force: TaskForce
    subtask: Subtask


class MessageAnswer(msgspec.Struct, kw_only=True, rename="camel"):
    """Something that was said; `subtaskId` is null in the project's channel."""

    id: str
    sender_type: SenderType
    sender_name: str
    message_type: MessageType
    content: str
    subtask_id: str | None
    created_at: Time


class SaidAnswer(msgspec.Struct):
    """The message just posted."""

    message: MessageAnswer


class ThreadMeta(msgspec.Struct, rename="camel"):
    """Whether there is more, and how to ask for it."""

    limit: int
    has_more: bool
    next_cursor: str | None


class ThreadAnswer(msgspec.Struct):
    """What was said in the project's channel and in the subtask's thread, oldest first."""

    messages: list[MessageAnswer]
    meta: ThreadMeta


class HandedInMeta(msgspec.Struct, rename="camel"):
    """What the delivery did to the subtask: the manager looks at it next."""

    subtask_status: SubtaskStatus
    deliverable_number: int
    link_count: int
    manager_review_queued: bool
    auto_eval_scheduled: bool


class HandedInAnswer(msgspec.Struct, rename="camel"):
    """The deliverable just handed in."""

    deliverable_id: str
    status: Literal["submitted"]
    meta: HandedInMeta
