"""Threads: the messages of a task, in the order in which they were said."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, func, select

from hiringhall.domain.messages import Message, MessageKind, Sender
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import messages

FIRST = ""
"""A cursor before every id."""

_insert = Statement(insert_row(messages), name="insert_message")
_of_task = Statement(
    select(messages)
    .where(messages.c.task_id == bindparam("task_id"), messages.c.id > bindparam("after"))
    .order_by(messages.c.id)
    .limit(bindparam("most")),
    name="messages_of_task",
)
_newest = Statement(
    select(messages)
    .where(messages.c.task_id == bindparam("task_id"))
    .order_by(messages.c.id.desc())
    .limit(bindparam("most")),
    name="newest_messages_of_task",
)
_count = Statement(
    select(func.count().label("count")).where(messages.c.sender_id == bindparam("sender_id")),
    name="count_messages_of_sender",
)

_count_in = Statement(
    select(func.count().label("count")).where(
        messages.c.sender_id == bindparam("sender_id"), any_of(messages.c.task_id, "task_ids")
    ),
    name="count_messages_of_sender_in",
)
_of_tasks = Statement(
    select(messages)
    .where(any_of(messages.c.task_id, "task_ids"), messages.c.id > bindparam("after"))
    .order_by(messages.c.id)
    .limit(bindparam("most")),
    name="messages_of_tasks",
)


async def add(tx: Tx, message: Message) -> None:
    """Write a message down."""
    await tx.run(
        _insert,
        id=message.id,
        task_id=message.task_id,
        organization_id=message.organization_id,
        sender=message.sender.value,
        sender_id=message.sender_id,
        sender_name=message.sender_name,
        kind=message.kind.value,
        text=message.text,
        at_us=message.at_us,
    )


async def of_task(tx: Tx, task_id: str, *, after: str = FIRST, most: int) -> list[Message]:
    """A task's messages from behind an id, oldest first."""
    rows = await tx.all(_of_task, task_id=task_id, after=after, most=most)
    return [_to_message(row) for row in rows]


async def newest_of_task(tx: Tx, task_id: str, *, most: int) -> list[Message]:
    """A task's last messages, oldest first."""
    rows = await tx.all(_newest, task_id=task_id, most=most)
    return [_to_message(row) for row in reversed(rows)]


async def count_of_sender(tx: Tx, sender_id: str) -> int:
    """How many messages a run, an agent or a user has posted."""
    row = await tx.one(_count, sender_id=sender_id)
    return 0 if row is None else int(row.count)


async def count_of_sender_in(tx: Tx, sender_id: str, task_ids: Sequence[str]) -> int:
    """How many of them are in the threads of some tasks."""
    row = await tx.one(_count_in, sender_id=sender_id, task_ids=list(task_ids))
    return 0 if row is None else int(row.count)


async def of_tasks(
    tx: Tx, task_ids: Sequence[str], *, after: str = FIRST, most: int
) -> list[Message]:
    """The messages of several threads from behind an id, oldest first."""
    rows = await tx.all(_of_tasks, task_ids=list(task_ids), after=after, most=most)
    return [_to_message(row) for row in rows]


def _to_message(row: Any) -> Message:
    return Message(
        id=row.id,
        task_id=row.task_id,
        organization_id=row.organization_id,
        sender=Sender(row.sender),
        sender_id=row.sender_id,
        sender_name=row.sender_name,
        kind=MessageKind(row.kind),
        text=row.text,
        at_us=row.at_us,
    )
