"""Posting to a task's thread."""

from hiringhall.actions.runs.ending import actor_of, load_fenced
from hiringhall.actions.tasks.moving import record
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import Conflict, Forbidden, NotFound
from hiringhall.domain.events import MessagePosted
from hiringhall.domain.messages import MAX_OF_RUN, Message, MessageKind, Sender, tidy_message
from hiringhall.domain.runs import RunToken
from hiringhall.domain.tasks import FINAL, Task, are_close
from hiringhall.hall import Hall
from hiringhall.store import messages, tasks
from hiringhall.store.database import Tx


@action
async def post_from_run(
    tx: Tx,
    hall: Hall,
    *,
    token: RunToken,
    text: str,
    kind: MessageKind = MessageKind.TEXT,
    thread: str | None = None,
) -> Message:
    """Post to the thread of a run's task, where all who work on it, and its poster, read it.

    `thread` is the task's parent or one of its subtasks, where it is not to be its own.

    Raises:
        Superseded: the run has ended, or another has taken its place.
        Forbidden: it has posted as many as one run may.
        NotFound: there is no such task in its family.
        Conflict: that task is over.
    """
    tidy = tidy_message(text)
    if thread is not None and thread != token.task_id:
        await _lock_both(tx, token.task_id, thread)
    own, run = await load_fenced(tx, token)
    task = own if thread is None else await _of_family(tx, own, thread)
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


async def _lock_both(tx: Tx, *task_ids: str) -> None:
    """Lock two tasks of a family, the older first, as everybody does who needs both."""
    for task_id in sorted(task_ids):
        await tasks.for_change(tx, task_id)


async def _of_family(tx: Tx, own: Task, task_id: str) -> Task:
    if task_id == own.id:
        return own
    task = await tasks.for_change(tx, task_id)
    if task is None or not are_close(own, task):
        raise NotFound("task")
    if task.state in FINAL:
        raise Conflict(f"The task is {task.state.value}; nothing is said there any more")
    return task
