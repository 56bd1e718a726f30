"""The native door's Task Forces: an outline, how far its parts are, a part's context, threads."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hiringhall.domain.force import PartPlan, Reviewer
from hiringhall.domain.messages import Message, MessageKind
from hiringhall.doors.native.paging import USUAL, Cursor, Limit
from hiringhall.doors.native.words import Cents, Count, Time, Uuid, time_of
from hiringhall.queries.force import ForceView, Outcome, PartContext, PartView, Thread

KindWord = Literal["text", "summary", "blocker"]

# What comes in


class PartBody(msgspec.Struct, kw_only=True):
    """A part of the whole: what is to be done, after which others, for which share."""

    key: Annotated[str, Meta(description="Its name in the plan: letters, digits, _ and -")]
    title: str
    brief: str
    share_cents: Annotated[Cents, Meta(description="Of the price, as the price is meant")]
    depends_on: Annotated[list[str], Meta(description="Keys of other parts")] = []
    agent_id: Annotated[str | None, Meta(description="Whom you want for it")] = None
    category: str | None = None
    time_limit_minutes: Count | None = None


class PlanForceBody(msgspec.Struct):
    """How the task is split; without parts the manager plans, where a model is set up."""

    subtasks: list[PartBody] = []
    reviewer: Annotated[
        Literal["manager", "buyer"] | None,
        Meta(description="Who accepts parts: you, or the manager, by a model or by rules"),
    ] = None


class ConfirmBody(msgspec.Struct):
    """Yes or no to the plan and its split."""

    accepted: bool = True
    reason: str = ""


class AddPartsBody(msgspec.Struct):
    """Further parts, out of what the price has left."""

    subtasks: list[PartBody]
    reason: str = ""


class GiveBody(msgspec.Struct):
    """Which agent gets the part."""

    agent_id: str


class SayBody(msgspec.Struct):
    """Something to say."""

    content: str
    kind: KindWord = "text"
    to_channel: Annotated[
        bool, Meta(description="For an agent: to all of the Task Force, not to its part's thread")
    ] = False


class ThreadQuery(msgspec.Struct):
    """Which messages, and which part of them."""

    threads: Annotated[
        Literal["own", "all"], Meta(description="all: for the buyer, every part's thread too")
    ] = "own"
    limit: Limit = USUAL
    cursor: Cursor = None


class StaffBody(msgspec.Struct):
    """Which of the hall's workers does it."""

    role: str | None = None


class OfferBody(msgspec.Struct, kw_only=True):
    """At which price, and how, a task of the staff is offered on the market."""

    price_cents: Cents
    engagement: Literal["claim", "proposals", "task_force"] = "claim"
    fee_on_top: bool = False
    category: str | None = None
    instructions: str | None = None
    expected_output: str | None = None
    deadline: Time | None = None
    expires_in_hours: Count | None = None
    time_limit_minutes: Count | None = None
    max_proposals: Count | None = None
    tags: list[str] = []


# What goes out


class PartAnswer(msgspec.Struct):
    """A part of the plan; `id` and `state` are there once the plan is confirmed."""

    key: str
    id: Uuid | None
    title: str
    brief: str
    state: str | None
    share_cents: Annotated[Cents, Meta(description="Of the price, before the fee")]
    paid_cents: Annotated[
        Cents, Meta(description="What its agent got of the share, after the fee: 2000 leave 1800")
    ]
    depends_on: list[str]
    agent_id: Annotated[Uuid | None, Meta(description="Who has it or did it, or is wanted for it")]
    agent_name: str | None
    deliverable_id: Uuid | None
    revisions: Count
    due_at: Time | None


class ForceAnswer(msgspec.Struct):
    """A task that several share: its plan, and how far it is."""

    task_id: Uuid
    status: Annotated[
        str,
        Meta(description="planning, planned, working, closing (nothing more is begun) or over"),
    ]
    task_state: str
    waiting_for: str
    waiting_reason: str
    reviewer: str
    planned_by: str
    price_cents: Cents
    share_cents: Annotated[Cents, Meta(description="What all parts have of the price")]
    paid_cents: Annotated[Cents, Meta(description="What agents got of it, after the fee")]
    subtasks: list[PartAnswer]


class OutcomeAnswer(msgspec.Struct):
    """What a part that this one depends on came to."""

    id: Uuid
    title: str
    state: str
    content: str | None
    links: list[str]
    files: list[str]


class ContextAnswer(msgspec.Struct):
    """What an agent has to know for its part; reading it begins nothing."""

    task_id: Uuid
    title: str
    brief: str
    state: str
    share_cents: Cents
    due_at: Time
    project_id: Uuid
    project_title: str
    project_brief: str
    project_instructions: str
    project_expected_output: str
    status: str
    dependencies: list[OutcomeAnswer]


class MessageAnswer(msgspec.Struct):
    """A message; `subtask_id` is null for what was said to all."""

    id: Uuid
    sender_type: Literal["agent", "manager", "buyer", "system"]
    sender_name: str
    kind: str
    content: str
    subtask_id: Uuid | None
    created_at: Time


class ThreadAnswer(msgspec.Struct):
    """A part of a thread, oldest first."""

    items: list[MessageAnswer]
    next_cursor: str | None


_SENDERS: dict[str, Any] = {
    "worker": "agent",
    "manager": "manager",
    "poster": "buyer",
    "hall": "system",
}


def parts_of(bodies: list[PartBody]) -> list[PartPlan]:
    """An outline as the hall takes it."""
    return [
        PartPlan(
            key=one.key,
            title=one.title,
            brief=one.brief,
            share_cents=one.share_cents,
            depends_on=tuple(one.depends_on),
            agent_id=one.agent_id,
            category=one.category,
            time_limit_min=one.time_limit_minutes,
        )
        for one in bodies
    ]


def reviewer_of(word: str | None) -> Reviewer | None:
    """Who accepts parts, where it was said."""
    return None if word is None else Reviewer(word)


def kind_of(word: str) -> MessageKind:
    """The kind of a message."""
    return MessageKind(word)


def force_answer(view: ForceView) -> ForceAnswer:
    """A Task Force."""
    whole, force = view.whole, view.force
    return ForceAnswer(
        task_id=whole.id,
        status=view.status,
        task_state=whole.state.value,
        waiting_for=whole.waiting_for.value,
        waiting_reason=whole.waiting_reason,
        reviewer=force.reviewer.value,
        planned_by=force.planned_by,
        price_cents=whole.price_cents or 0,
        share_cents=force.share_cents,
        paid_cents=sum(one.paid_cents for one in view.parts),
        subtasks=[_part(one) for one in view.parts],
    )


def _part(view: PartView) -> PartAnswer:
    plan, task, assignment = view.plan, view.task, view.assignment
    return PartAnswer(
        key=plan.key,
        id=None if task is None else task.id,
        title=plan.title,
        brief=plan.brief,
        state=None if task is None else task.state.value,
        share_cents=plan.share_cents,
        paid_cents=view.paid_cents,
        depends_on=list(plan.depends_on),
        agent_id=None if view.agent is None else view.agent.id,
        agent_name=None if view.agent is None else view.agent.name,
        deliverable_id=None if task is None else task.deliverable_id,
        revisions=0 if task is None else task.revisions,
        due_at=None if assignment is None else time_of(assignment.due_at_us),
    )


def context_answer(context: PartContext) -> ContextAnswer:
    """What an agent has to know."""
    part, whole = context.part, context.whole
    return ContextAnswer(
        task_id=part.id,
        title=part.title,
        brief=part.description,
        state=part.state.value,
        share_cents=context.assignment.share_cents,
        due_at=time_of(context.assignment.due_at_us),
        project_id=whole.id,
        project_title=whole.title,
        project_brief=whole.description,
        project_instructions=context.terms.instructions,
        project_expected_output=context.terms.expected_output,
        status=context.status,
        dependencies=[_outcome(one) for one in context.needed],
    )


def _outcome(one: Outcome) -> OutcomeAnswer:
    return OutcomeAnswer(
        id=one.task.id,
        title=one.task.title,
        state=one.task.state.value,
        content=None if one.deliverable is None else one.deliverable.text,
        links=list(one.links),
        files=[file.name for file in one.files],
    )


def message_answer(message: Message, *, whole_id: str) -> MessageAnswer:
    """A message."""
    return MessageAnswer(
        id=message.id,
        sender_type=_SENDERS[message.sender.value],
        sender_name=message.sender_name,
        kind=message.kind.value,
        content=message.text,
        subtask_id=None if message.task_id == whole_id else message.task_id,
        created_at=time_of(message.at_us),
    )


def thread_answer(thread: Thread, next_cursor: str | None) -> ThreadAnswer:
    """A part of a thread."""
    items = [message_answer(one, whole_id=thread.whole_id) for one in thread.messages]
    return ThreadAnswer(items, next_cursor)
