"""What is said in a Task Force: in its channel (the whole's thread) and in each part's thread."""

from hiringhall.actions.tasks.moving import record, wait_for
from hiringhall.domain.events import MessagePosted
from hiringhall.domain.messages import MAX_MESSAGE_LENGTH, Message, MessageKind, Sender
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.tasks import FINAL, Task, Waiting
from hiringhall.hall import Hall
from hiringhall.store import messages
from hiringhall.store.database import Tx

MANAGER = "Manager Bot"
"""What the manager is called where it speaks."""


async def post(
    tx: Tx,
    hall: Hall,
    task: Task,
    text: str,
    *,
    actor: Actor,
    sender: Sender,
    sender_id: str | None,
    sender_name: str,
    kind: MessageKind,
) -> tuple[Message, Task]:
    """Write a message into a task's thread, with its event; the task as it is behind it."""
    message = Message(
        id=hall.new_id(),
        task_id=task.id,
        organization_id=task.organization_id,
        sender=sender,
        sender_id=sender_id,
        sender_name=sender_name,
        kind=kind,
        text=text[:MAX_MESSAGE_LENGTH],
        at_us=hall.clock(),
    )
    await messages.add(tx, message)
    event = MessagePosted(message.id, kind.value, sender.value, sender_name, message.text)
    return message, await record(tx, hall, task, actor=actor, event=event, was=task)


async def say(
    tx: Tx, hall: Hall, task: Task, text: str, kind: MessageKind = MessageKind.SUMMARY
) -> Task:
    """The manager says something; the task as it is behind it."""
    _, said = await post(
        tx,
        hall,
        task,
        text,
        actor=HALL,
        sender=Sender.MANAGER,
        sender_id=None,
        sender_name=MANAGER,
        kind=kind,
    )
    return said


async def tell_buyer(tx: Tx, hall: Hall, whole: Task, text: str) -> Task:
    """Escalate to the buyer: in the channel, and as what the whole waits for."""
    _, told = await post(
        tx,
        hall,
        whole,
        text,
        actor=HALL,
        sender=Sender.HALL,
        sender_id=None,
        sender_name="Hall",
        kind=MessageKind.SYSTEM,
    )
    if told.state in FINAL or told.waiting_for not in (Waiting.NOTHING, Waiting.POSTER):
        return told
    return await wait_for(tx, hall, told, Waiting.POSTER, actor=HALL, reason=text)


async def heard(tx: Tx, hall: Hall, whole: Task, *, actor: Actor) -> Task:
    """The buyer did something about it, or the agent spoke: nobody is waited for any more."""
    if whole.waiting_for is not Waiting.POSTER:
        return whole
    return await wait_for(
        tx, hall, whole, Waiting.NOTHING, actor=actor, reason="The Task Force goes on"
    )
