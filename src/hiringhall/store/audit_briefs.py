"""What an audit reads of briefs: each task's beside the events that it was written by."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from hiringhall.store import dependencies
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import events, tasks

PAGE = 200
"""How many briefs are in memory at a time: each may be long."""

FIELDS = (
    *("title", "description", "accept_criteria", "role", "priority"),
    *("team_id", "parent_id", "created_label"),
)
"""What the row has of it; dependencies have a table of their own."""


@dataclass(frozen=True, slots=True)
class BriefTail:
    """A task's brief as it is kept, and as its log says: what was created, then each change."""

    id: str
    kept: dict[str, Any]
    logged: list[dict[str, Any]]


_briefs = Statement(
    select(tasks.c.id, *(tasks.c[name] for name in FIELDS))
    .where(tasks.c.id > bindparam("after"))
    .order_by(tasks.c.id)
    .limit(PAGE),
    name="audited_briefs",
)
_written = Statement(
    select(events.c.task_id, events.c.type, events.c.data)
    .where(
        any_of(events.c.task_id, "task_ids"), events.c.type.in_(("task_changed", "task_created"))
    )
    .order_by(events.c.task_id, events.c.number),
    name="audited_changes",
)


async def brief_tails(tx: Tx) -> AsyncIterator[BriefTail]:
    """Every task's brief beside its log, by id."""
    after = ""
    while rows := await tx.all(_briefs, after=after):
        task_ids = [row.id for row in rows]
        needed = await dependencies.of_tasks(tx, task_ids)
        logged: dict[str, list[dict[str, Any]]] = {}
        for task_id, said in _said(await tx.all(_written, task_ids=task_ids)):
            logged.setdefault(task_id, []).append(said)
        for row in rows:
            kept = {name: getattr(row, name) for name in FIELDS}
            kept["dependencies"] = needed.get(row.id, [])
            yield BriefTail(row.id, kept, logged.get(row.id, []))
        after = rows[-1].id


def _said(rows: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in rows:
        data = json.loads(row.data)
        yield row.task_id, data["changes"] if row.type == "task_changed" else data
