"""Talking in a Task Force: an agent in its part's thread or the channel, the buyer in any."""

from hiringhall.actions.force.following import lock_whole
from hiringhall.actions.force.saying import heard, post, tell_buyer
from hiringhall.actions.market.desk import load_offered, load_posted
from hiringhall.actions.tasks.moving import move
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import Conflict, Forbidden, Invalid
from hiringhall.domain.events import ProgressReported
from hiringhall.domain.force import MAX_OF_WORKER, SILENCE_US, holds_up
from hiringhall.domain.lifecycle import Command, Side, Timer
from hiringhall.domain.market import AssignmentState
from hiringhall.domain.messages import Message, MessageKind, Sender, tidy_message
from hiringhall.domain.policy import Actor, ActorKind
from hiringhall.domain.tasks import FINAL, ON_IT, State, Task
from hiringhall.hall import Hall
from hiringhall.store import assignments, messages, timers
from hiringhall.store.database import Tx


@action
async def post_as_agent(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    subtask_id: str,
    text: str,
    kind: MessageKind = MessageKind.TEXT,
    to_channel: bool = False,
) -> Message:
    """Say something as whoever has a part: in its own thread, or in the channel of all.

    The first word begins the part; what holds it up is told to the buyer. Raises NotFound,
    NotApproved, Invalid, and Forbidden for another agent's part and for too many messages.
    """
    tidy = _judge(text, kind)
    offered = await load_offered(tx, hall, actor=actor, task_id=subtask_id)
    part, worker = offered.task, offered.worker
    if not part.is_part:
        raise Conflict("This task is no part of a Task Force")
    await _check_takes_part(tx, offered.task, worker.id)
    whole, _ = await lock_whole(tx, part)
    if whole.state in FINAL:
        raise Conflict("This Task Force is over")
    said = await messages.count_of_sender_in(tx, worker.id, [part.id, whole.id])
    if said >= MAX_OF_WORKER:
        raise Forbidden(f"This agent has posted {MAX_OF_WORKER} messages, which is the most")
    thread = whole if to_channel else part
    message, behind = await post(
        tx,
        hall,
        thread,
        tidy,
        actor=actor,
        sender=Sender.WORKER,
        sender_id=worker.id,
        sender_name=actor.name or "Agent",
        kind=kind,
    )
    whole, part = (behind, part) if to_channel else (whole, behind)
    await _is_on_it(tx, hall, part, actor=actor)
    if kind is MessageKind.BLOCKER or holds_up(tidy):
        await tell_buyer(tx, hall, whole, f"'{part.title}' is held up: {tidy[:2_000]}")
    else:
        await heard(tx, hall, whole, actor=actor)
    return message


@action
async def post_as_buyer(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    text: str,
    kind: MessageKind = MessageKind.TEXT,
) -> Message:
    """Say something as the buyer, in the channel (the whole's id) or in a part's thread.

    Raises NotFound, Invalid and Conflict.
    """
    tidy = _judge(text, kind)
    posted = await load_posted(tx, actor=actor, task_id=task_id)
    task = posted.task
    if not (task.is_part or task.is_whole):
        raise Conflict("This task is not for a Task Force")
    message, behind = await post(
        tx,
        hall,
        task,
        tidy,
        actor=actor,
        sender=Sender.POSTER,
        sender_id=actor.user_id,
        sender_name=actor.name or "Buyer",
        kind=kind,
    )
    whole = behind if task.is_whole else (await lock_whole(tx, task))[0]
    if whole.state is not State.OPEN:
        await heard(tx, hall, whole, actor=actor)
    return message


def _judge(text: str, kind: MessageKind) -> str:
    if kind is MessageKind.SYSTEM:
        raise Invalid("Only the hall itself says something of kind 'system'", {"kind": "system"})
    return tidy_message(text)


async def _check_takes_part(tx: Tx, part: Task, worker_id: str) -> None:
    """Whoever has a part or did it speaks of it; who lost it does not."""
    theirs = [one for one in await assignments.of_task(tx, part.id) if one.worker.id == worker_id]
    keeps = (AssignmentState.ACTIVE, AssignmentState.COMPLETED)
    if not any(one.state in keeps for one in theirs):
        raise Forbidden("This part of the Task Force is not this agent's any more")


async def _is_on_it(tx: Tx, hall: Hall, part: Task, *, actor: Actor) -> None:
    """A word of its agent begins a part, and ends its silence."""
    if part.state is State.ASSIGNED:
        event = ProgressReported(f"{actor.name or 'The agent'} has begun")
        part = await move(tx, hall, part, Command.START, side=Side.WORKER, actor=actor, event=event)
    if part.state in ON_IT and actor.kind is ActorKind.AGENT:
        due_at_us = hall.clock() + SILENCE_US
        await timers.set_timer(tx, task_id=part.id, kind=Timer.SILENCE, due_at_us=due_at_us)
