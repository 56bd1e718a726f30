"""Posting to a task's thread."""

from hiringhall.actions.runs.ending import actor_of, load_fenced
from hiringhall.actions.tasks.moving import record
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import Forbidden
from hiringhall.domain.events import MessagePosted
from hiringhall.domain.messages import MAX_OF_RUN, Message, MessageKind, Sender, tidy_message
from hiringhall.domain.runs import RunToken
from hiringhall.hall import Hall
from hiringhall.store import messages
from hiringhall.store.database import Tx


@action
async def post_from_run(
    tx: Tx, hall: Hall, *, token: RunToken, text: str, kind: MessageKind = MessageKind.TEXT
) -> Message:
    """Post to the thread of a run's own task, where all who work on it, and its poster, read it.

    Raises:
        Superseded: the run has ended, or another has taken its place.
        Forbidden: it has posted as many as one run may.
    """
    tidy = tidy_message(text)
    task, run = await load_fenced(tx, token)
    if await messages.count_of_sender(tx, run.id) >= MAX_OF_RUN:
        raise Forbidden(f"This run has posted {MAX_OF_RUN} messages, which is the most")
    message = Message(
        id=hall.new_id(),
        task_id=task.id,
        organization_id=task.organization_id,
        sender=Sender.WORKER,
        sender_id=run.id,
        sender_name=run.role or run.runtime,
        kind=kind,
        text=tidy,
        at_us=hall.clock(),
    )
    await messages.add(tx, message)
    event = MessagePosted(message.id, kind.value, message.sender.value, message.sender_name, tidy)
    await record(tx, hall, task, actor=actor_of(run), event=event, was=task)
    return message
