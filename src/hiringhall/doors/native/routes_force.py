"""The native door's Task Forces, for buyers and agents: planned, confirmed, steered, talked in."""

from typing import Any

from hiringhall.actions.force import planning, steering, talking
from hiringhall.domain import errors
from hiringhall.domain.messages import Message
from hiringhall.doors.caller import once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.doors.native import wire_force as wire
from hiringhall.doors.native.callers import anybody, person, viewer_of
from hiringhall.doors.native.paging import cursor_of, position_of
from hiringhall.doors.native.routes_tasks import SAYS, SEES, keeping, shown
from hiringhall.doors.native.wire_tasks import TaskAnswer
from hiringhall.hall import Hall
from hiringhall.queries import force as forces


async def plan_force(desk: Desk, call: Call[wire.PlanForceBody, None]) -> wire.ForceAnswer:
    """Say how a funded task is split; it waits for your yes, and may be planned anew until then.

    Without parts the manager plans, by a model, in the background: the status is `planning` until
    its plan waits for you, or it says why it made none. Where no model is set up that is refused.
    """
    await planning.make_and_keep_plan(
        _keeping(desk, call, 201),
        actor=call.actor,
        task_id=call.path["task_id"],
        parts=wire.parts_of(call.body.subtasks),
        reviewer=wire.reviewer_of(call.body.reviewer),
    )
    return await _shown(desk, call)


async def get_force(desk: Desk, call: Call[None, None]) -> wire.ForceAnswer:
    """How a task is split, and how far each part is."""
    return await _shown(desk, call)


async def confirm_force(desk: Desk, call: Call[wire.ConfirmBody, None]) -> wire.ForceAnswer:
    """Say yes to the plan and its split: its parts are given to agents. Or no: plan it anew."""
    await planning.confirm_plan(
        _keeping(desk, call),
        actor=call.actor,
        task_id=call.path["task_id"],
        accepted=call.body.accepted,
        reason=call.body.reason,
    )
    return await _shown(desk, call)


async def add_parts(desk: Desk, call: Call[wire.AddPartsBody, None]) -> wire.ForceAnswer:
    """Add parts out of what the price has left; a whole in review goes back until they are done."""
    await steering.add_parts(
        _keeping(desk, call, 201),
        actor=call.actor,
        task_id=call.path["task_id"],
        parts=wire.parts_of(call.body.subtasks),
        reason=call.body.reason,
    )
    return await _shown(desk, call)


async def give_part(desk: Desk, call: Call[wire.GiveBody, None]) -> TaskAnswer:
    """Give an open part to an agent of your choice."""
    part = await steering.choose_agent(
        keeping(desk, call),
        actor=call.actor,
        subtask_id=call.path["task_id"],
        agent_id=call.body.agent_id,
    )
    return await shown(desk, call, part)


async def get_context(desk: Desk, call: Call[None, None]) -> wire.ContextAnswer:
    """What you have to know for a part that is yours: the whole's brief, and what came before."""
    context = await forces.part_context(
        desk.hall, actor=call.actor, subtask_id=call.path["task_id"]
    )
    return wire.context_answer(context)


async def list_messages(desk: Desk, call: Call[None, wire.ThreadQuery]) -> wire.ThreadAnswer:
    """What was said, oldest first.

    For an agent its part's thread and what was said to all; for the buyer the task's own thread.
    """
    query, task_id, after = call.query, call.path["task_id"], position_of(desk, call)
    if call.actor.agent_id is not None:
        thread = await forces.agent_thread(
            desk.hall, actor=call.actor, subtask_id=task_id, after=after, limit=query.limit
        )
    else:
        thread = await forces.buyer_thread(
            desk.hall,
            actor=call.actor,
            task_id=task_id,
            with_parts=query.threads == "all",
            after=after,
            limit=query.limit,
        )
    return wire.thread_answer(thread, cursor_of(desk, call, thread.next_after))


async def say(desk: Desk, call: Call[wire.SayBody, None]) -> wire.MessageAnswer:
    """Say something: as an agent in your part's thread or to all, as the buyer in any thread.

    An agent's first word begins its part. What holds it up is told to the buyer.
    """
    task_id, kind = call.path["task_id"], wire.kind_of(call.body.kind)
    once = once_of(
        call,
        organization_id=viewer_of(call.actor),
        status=201,
        view=lambda found: wire.message_answer(found[0], whole_id=found[1]),
        read=forces.saying,
    )
    hall = desk.hall.once_only(once)
    message: Message
    if call.actor.agent_id is not None:
        message = await talking.post_as_agent(
            hall,
            actor=call.actor,
            subtask_id=task_id,
            text=call.body.content,
            kind=kind,
            to_channel=call.body.to_channel,
        )
    else:
        message = await talking.post_as_buyer(
            hall, actor=call.actor, task_id=task_id, text=call.body.content, kind=kind
        )
    whole_id = await forces.whole_id_of(desk.hall, message)
    return wire.message_answer(message, whole_id=whole_id)


def _keeping(desk: Desk, call: Call[Any, Any], status: int = 200) -> Hall:
    once = once_of(
        call,
        organization_id=viewer_of(call.actor),
        status=status,
        view=wire.force_answer,
        read=forces.viewing,
    )
    return desk.hall.once_only(once)


async def _shown(desk: Desk, call: Call[Any, Any]) -> wire.ForceAnswer:
    found = await forces.force_view(desk.hall, actor=call.actor, task_id=call.path["task_id"])
    return wire.force_answer(found)


_SPLITS = (*SAYS, errors.Conflict)

ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "POST",
        "/tasks/{task_id}/task-force",
        plan_force,
        {201: wire.ForceAnswer},
        "Plan a Task Force",
        body=wire.PlanForceBody,
        may_be_empty=True,
        who=person,
        raises=(*_SPLITS, errors.Unreachable),
        once=True,
    ),
    Route(
        "GET",
        "/tasks/{task_id}/task-force",
        get_force,
        {200: wire.ForceAnswer},
        "How a task is split",
        who=person,
        raises=(*SEES, errors.Conflict),
    ),
    Route(
        "POST",
        "/tasks/{task_id}/task-force/confirm",
        confirm_force,
        {200: wire.ForceAnswer},
        "Say yes to the plan",
        body=wire.ConfirmBody,
        may_be_empty=True,
        who=person,
        raises=_SPLITS,
        once=True,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/task-force/parts",
        add_parts,
        {201: wire.ForceAnswer},
        "Add parts",
        body=wire.AddPartsBody,
        who=person,
        raises=_SPLITS,
        once=True,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/assign",
        give_part,
        {200: TaskAnswer},
        "Give a part to an agent",
        body=wire.GiveBody,
        who=person,
        raises=_SPLITS,
        once=True,
    ),
    Route(
        "GET",
        "/tasks/{task_id}/context",
        get_context,
        {200: wire.ContextAnswer},
        "What an agent has to know for its part",
        who=anybody,
        raises=SEES,
    ),
    Route(
        "GET",
        "/tasks/{task_id}/messages",
        list_messages,
        {200: wire.ThreadAnswer},
        "What was said",
        query=wire.ThreadQuery,
        who=anybody,
        raises=SEES,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/messages",
        say,
        {201: wire.MessageAnswer},
        "Say something",
        body=wire.SayBody,
        who=anybody,
        raises=_SPLITS,
        once=True,
    ),
)
