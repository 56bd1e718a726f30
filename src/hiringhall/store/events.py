"""The append-only log: written here alone, never changed (the database refuses it)."""

import json
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from sqlalchemy import bindparam, select

from hiringhall.domain.events import Happened
from hiringhall.domain.logged import LoggedEvent
from hiringhall.domain.tasks import State, Task, Waiting
from hiringhall.store.database import Tx
from hiringhall.store.errors import InvalidValue
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import events


@dataclass(slots=True)
class Entry:
    """Something that happened to a task, with the task's state after it."""

    event: Happened
    number: int
    actor: str
    state: State
    waiting_for: Waiting


_COLUMNS = (
    *("organization_id", "task_id", "number", "type", "actor"),
    *("state", "waiting_for", "data", "at_us"),
)
"""The table's, but for the id that it counts itself; `_row` has their values in this order."""
_FIRST = tuple(f"{name}_1" for name in _COLUMNS)
_SECOND = tuple(f"{name}_2" for name in _COLUMNS)
_encode = msgspec.json.Encoder().encode

_insert = Statement(insert_row(events, without=("id",)), name="insert_event")
_insert_pair = Statement(
    events.insert()
    .inline()
    .values(
        [
            {column: bindparam(name) for column, name in zip(_COLUMNS, names, strict=True)}
            for names in (_FIRST, _SECOND)
        ]
    ),
    name="insert_two_events",
)
_of_task = Statement(
    select(events)
    .where(events.c.task_id == bindparam("task_id"), events.c.number > bindparam("after"))
    .order_by(events.c.number)
    .limit(bindparam("most")),
    name="events_of_task",
)
_of_task_typed = Statement(
    select(events)
    .where(events.c.task_id == bindparam("task_id"), any_of(events.c.type, "types"))
    .order_by(events.c.number),
    name="typed_events_of_task",
)


async def append(tx: Tx, event: Happened, *, task: Task, actor: str, at_us: int) -> None:
    """Write that something happened to a task, which is given as it stands after it."""
    entry = Entry(event, task.version, actor, task.state, task.waiting_for)
    await tx.run(_insert, **dict(zip(_COLUMNS, _row(entry, task, at_us), strict=True)))


async def append_pair(tx: Tx, first: Entry, second: Entry, *, task: Task, at_us: int) -> None:
    """Write that two things happened to a task at once, in one statement."""
    both = dict(zip(_FIRST, _row(first, task, at_us), strict=True))
    both.update(zip(_SECOND, _row(second, task, at_us), strict=True))
    await tx.run(_insert_pair, **both)


def _row(entry: Entry, task: Task, at_us: int) -> tuple[Any, ...]:
    try:
        data = _encode(entry.event).decode()
    except UnicodeEncodeError:
        raise InvalidValue(f"a text of {entry.event.type} holds half a character") from None
    return (
        task.organization_id,
        task.id,
        entry.number,
        entry.event.type,
        entry.actor,
        entry.state.value,
        entry.waiting_for.value,
        data,
        at_us,
    )


async def of_task(tx: Tx, task_id: str, *, after: int = 0, most: int = 10_000) -> list[LoggedEvent]:
    """A task's events behind a number, oldest first."""
    return [
        to_event(row) for row in await tx.all(_of_task, task_id=task_id, after=after, most=most)
    ]


async def of_task_typed(tx: Tx, task_id: str, types: tuple[str, ...]) -> list[LoggedEvent]:
    """A task's events of some types, oldest first."""
    return [
        to_event(row) for row in await tx.all(_of_task_typed, task_id=task_id, types=list(types))
    ]


def to_event(row: Any) -> LoggedEvent:
    """An event out of a row that has all columns of the table."""
    return LoggedEvent(
        row.id,
        row.task_id,
        row.number,
        row.type,
        row.actor,
        State(row.state),
        Waiting(row.waiting_for),
        cast("dict[str, object]", json.loads(row.data)),
        row.at_us,
    )
