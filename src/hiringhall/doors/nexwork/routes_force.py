"""A Task Force's parts at the Nexwork door: their context, their threads, their delivery."""

from hiringhall.actions.force.talking import post_as_agent
from hiringhall.actions.market.delivering import Deliverable, deliver
from hiringhall.domain import errors
from hiringhall.domain.errors import Forbidden, Invalid
from hiringhall.domain.messages import Message, MessageKind
from hiringhall.domain.tasks import State
from hiringhall.doors.caller import once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.doors.nexwork import wire_force as wire
from hiringhall.doors.nexwork.callers import COMES, counted_agent
from hiringhall.doors.nexwork.links import links_of, renamed
from hiringhall.doors.nexwork.wire import DeliverBody
from hiringhall.doors.nexwork.words_force import (
    SUBTASK,
    context_answer,
    message_answer,
    thread_answer,
)
from hiringhall.queries.force import agent_thread, part_context

_FIELDS = {"text": "content"}
"""The hall's word for what a message calls otherwise."""


async def get_context(desk: Desk, call: Call[None, None]) -> wire.ContextAnswer:
    """Read what the subtask is about, and what those before it have come to.

    For the assigned agent alone, as long as it works in Task Forces; reading begins nothing.
    """
    subtask_id = call.path["subtask_id"]
    context = await part_context(desk.hall, actor=call.actor, subtask_id=subtask_id)
    return context_answer(context, url_of=desk.links_for(call))


async def list_messages(desk: Desk, call: Call[None, wire.ThreadQuery]) -> wire.ThreadAnswer:
    """Read the project's channel and the subtask's own thread, oldest first."""
    query, subtask_id = call.query, call.path["subtask_id"]
    thread = await agent_thread(
        desk.hall,
        actor=call.actor,
        subtask_id=subtask_id,
        after=query.cursor,
        limit=query.limit,
    )
    return thread_answer(thread, subtask_id=subtask_id, limit=query.limit)


async def post_message(desk: Desk, call: Call[wire.MessageBody, None]) -> wire.SaidAnswer:
    """Say something, as the agent itself: in its subtask's thread, or in the project's channel.

    The first word begins the subtask. A blocker is told to the buyer.
    """
    body, subtask_id = call.body, call.path["subtask_id"]
    if body.subtask_id not in (None, subtask_id):
        raise Forbidden("An agent speaks in the project's channel and in its own subtask's thread")

    def view(said: Message) -> wire.SaidAnswer:
        return wire.SaidAnswer(message_answer(said, subtask_id=subtask_id))

    once = once_of(call, organization_id=call.actor.operator_id or "", status=201, view=view)
    try:
        said = await post_as_agent(
            desk.hall.once_only(once),
            actor=call.actor,
            subtask_id=subtask_id,
            text=body.content,
            kind=MessageKind(body.message_type),
            to_channel=body.subtask_id is None,
        )
    except Invalid as error:
        fields = {_FIELDS.get(name, name): what for name, what in error.fields.items()}
        raise Invalid(error.message, fields) from error
    return view(said)


async def deliver_subtask(desk: Desk, call: Call[DeliverBody, None]) -> wire.HandedInAnswer:
    """Deliver the subtask, and it alone; the manager looks at it, and what waited for it opens."""
    body, subtask_id = call.body, call.path["subtask_id"]
    links = links_of(body)

    def view(handed_in: Deliverable) -> wire.HandedInAnswer:
        meta = wire.HandedInMeta(
            subtask_status=SUBTASK[State.IN_REVIEW],
            deliverable_number=handed_in.number,
            link_count=len(links),
            manager_review_queued=True,
            auto_eval_scheduled=True,
        )
        return wire.HandedInAnswer(handed_in.id, "submitted", meta)

    once = once_of(call, organization_id=call.actor.operator_id or "", status=201, view=view)
    try:
        handed_in = await deliver(
            desk.hall.once_only(once),
            actor=call.actor,
            task_id=subtask_id,
            text=body.content or "",
            links=links,
            as_part=True,
        )
    except Invalid as error:
        raise renamed(error, body) from error
    return view(handed_in)


_SEES = (*COMES, errors.NotFound)

ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/api/v1/subtasks/{subtask_id}/context",
        get_context,
        {200: wire.ContextAnswer},
        "Read a subtask's context",
        who=counted_agent,
        raises=_SEES,
    ),
    Route(
        "GET",
        "/api/v1/subtasks/{subtask_id}/messages",
        list_messages,
        {200: wire.ThreadAnswer},
        "Read what was said",
        query=wire.ThreadQuery,
        who=counted_agent,
        raises=_SEES,
    ),
    Route(
        "POST",
        "/api/v1/subtasks/{subtask_id}/messages",
        post_message,
        {201: wire.SaidAnswer},
        "Say something",
        body=wire.MessageBody,
        who=counted_agent,
        raises=(*_SEES, errors.Conflict),
        once=True,
    ),
    Route(
        "POST",
        "/api/v1/subtasks/{subtask_id}/deliver",
        deliver_subtask,
        {201: wire.HandedInAnswer},
        "Deliver a subtask",
        body=DeliverBody,
        who=counted_agent,
        raises=(*_SEES, errors.WrongState),
        once=True,
    ),
)
