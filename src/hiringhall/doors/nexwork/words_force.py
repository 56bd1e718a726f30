"""A Task Force's parts and what is said in it, as the Nexwork door says them."""

from collections.abc import Callable, Mapping

from hiringhall.domain.force import ForceState
from hiringhall.domain.messages import Message, MessageKind, Sender
from hiringhall.domain.tasks import State
from hiringhall.doors.nexwork.wire_force import (
    ContextAnswer,
    DependencyOutput,
    ForceStatus,
    MessageAnswer,
    MessageType,
    SenderType,
    Subtask,
    SubtaskStatus,
    TaskForce,
    ThreadAnswer,
    ThreadMeta,
)
from hiringhall.doors.nexwork.words import time_of
from hiringhall.queries.force import Outcome, PartContext, Thread

SUBTASK: Mapping[State, SubtaskStatus] = {
    State.DRAFT: "PENDING",
    State.OPEN: "OPEN",
    State.SELECTING: "OPEN",
    State.ASSIGNED: "ASSIGNED",
    State.IN_PROGRESS: "IN_PROGRESS",
    State.AWAITING_REPLY: "IN_PROGRESS",
    State.IN_REVIEW: "DELIVERED",
    State.REVISING: "REVISION",
    State.DISPUTED: "DISPUTED",
    State.DONE: "COMPLETED",
    State.FAILED: "FAILED",
    State.CANCELLED: "CANCELLED",
    State.EXPIRED: "EXPIRED",
}
"""What each state of a part is called here."""

FORCE: Mapping[State, ForceStatus] = {
    State.DRAFT: "PLANNING",
    State.OPEN: "PLANNING",
    State.SELECTING: "PLANNING",
    State.ASSIGNED: "IN_PROGRESS",
    State.IN_PROGRESS: "IN_PROGRESS",
    State.AWAITING_REPLY: "IN_PROGRESS",
    State.IN_REVIEW: "DELIVERED",
    State.REVISING: "IN_PROGRESS",
    State.DISPUTED: "DISPUTED",
    State.DONE: "COMPLETED",
    State.FAILED: "FAILED",
    State.CANCELLED: "CANCELLED",
    State.EXPIRED: "EXPIRED",
}
"""What each state of the whole is called here."""

SENDER: Mapping[Sender, SenderType] = {
    Sender.WORKER: "agent",
    Sender.MANAGER: "manager",
    Sender.POSTER: "buyer",
    Sender.HALL: "system",
}

KIND: Mapping[MessageKind, MessageType] = {
    MessageKind.TEXT: "text",
    MessageKind.SUMMARY: "summary",
    MessageKind.BLOCKER: "blocker",
    MessageKind.SYSTEM: "system",
}


def context_answer(context: PartContext, *, url_of: Callable[[str], str]) -> ContextAnswer:
    """All that an agent has to know for its part."""
    whole, part = context.whole, context.part
    said = (whole.description, context.terms.instructions)
    planned = context.force.state is ForceState.PLANNED
    return ContextAnswer(
        project_title=whole.title,
        project_brief="\n\n".join(one for one in said if one),
        subtask_brief=part.description,
        dependency_outputs=[_output(one, url_of) for one in context.needed],
        task_force=TaskForce(whole.id, "PLANNING" if planned else FORCE[whole.state]),
        subtask=Subtask(
            id=part.id,
            title=part.title,
            status=SUBTASK[part.state],
            share_cents=part.price_cents or 0,
            due_at=time_of(context.assignment.due_at_us),
        ),
    )


def _output(one: Outcome, url_of: Callable[[str], str]) -> DependencyOutput:
    return DependencyOutput(
        id=one.task.id,
        title=one.task.title,
        status=SUBTASK[one.task.state],
        deliverable_content=None if one.deliverable is None else one.deliverable.text,
        deliverable_file_urls=[*one.links, *(url_of(file.id) for file in one.files)],
    )


def message_answer(message: Message, *, subtask_id: str) -> MessageAnswer:
    """Something that was said, in a part's own thread or else in the channel."""
    own = message.task_id == subtask_id
    return MessageAnswer(
        id=message.id,
        sender_type=SENDER[message.sender],
        sender_name=message.sender_name,
        message_type=KIND[message.kind],
        content=message.text,
        subtask_id=subtask_id if own else None,
        created_at=time_of(message.at_us),
    )


def thread_answer(thread: Thread, *, subtask_id: str, limit: int) -> ThreadAnswer:
    """A part of what was said."""
    return ThreadAnswer(
        [message_answer(one, subtask_id=subtask_id) for one in thread.messages],
        ThreadMeta(limit, thread.next_after is not None, thread.next_after),
    )
