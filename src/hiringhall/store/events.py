"""The append-only log: written here alone, never changed (the database refuses it)."""

import dataclasses
import json
from typing import Any, cast

from sqlalchemy import bindparam, select

from hiringhall.domain.events import Happened, LoggedEvent
from hiringhall.domain.tasks import State, Task, Waiting
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import events

_insert = Statement(insert_row(events, without=("id",)), name="insert_event")
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


async def append(
    tx: Tx, event: Happened, *, task: Task, actor: str, at_us: int, number: int | None = None
) -> None:
    """Write that something happened to a task, which is given as it stands after it."""
    await tx.run(
        _insert,
        organization_id=task.organization_id,
        task_id=task.id,
        number=task.version if number is None else number,
        type=event.type,
        actor=actor,
        state=task.state.value,
        waiting_for=task.waiting_for.value,
        data=json.dumps(dataclasses.asdict(event), ensure_ascii=False),
        at_us=at_us,
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
