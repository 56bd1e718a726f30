"""What was saved of tasks' work: one row for each part of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, select

from hiringhall.domain.saved import Part, Saved
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import saved_work

_REPLACED = [column.name for column in saved_work.columns if not column.primary_key]

_put = Statement(
    lambda insert: (
        insert(saved_work)
        .values({column.name: bindparam(column.name) for column in saved_work.columns})
        .on_conflict_do_update(
            index_elements=["task_id", "part"], set_={name: bindparam(name) for name in _REPLACED}
        )
    ),
    name="put_saved_work",
)
_of_task = Statement(
    select(saved_work)
    .where(saved_work.c.task_id == bindparam("task_id"))
    .order_by(saved_work.c.part),
    name="saved_work_of_task",
)
_tasks = Statement(
    select(saved_work.c.task_id)
    .where(saved_work.c.task_id > bindparam("after"), saved_work.c.part == Part.RUN.value)
    .order_by(saved_work.c.task_id)
    .limit(bindparam("most")),
    name="tasks_with_saved_work",
)
_forget = Statement(
    delete(saved_work).where(
        saved_work.c.task_id == bindparam("of_task"), saved_work.c.part == bindparam("of_part")
    ),
    name="forget_saved_work",
)


async def put(tx: Tx, saved: Saved) -> None:
    """Write down where a part lies, in place of what was there."""
    await tx.run(
        _put,
        task_id=saved.task_id,
        part=saved.part.value,
        generation=saved.generation,
        mark=saved.mark,
        blob_key=saved.blob_key,
        size_bytes=saved.size_bytes,
        sha256=saved.sha256,
        at_work=int(saved.at_work),
        saved_at_us=saved.saved_at_us,
    )


async def of_task(tx: Tx, task_id: str) -> Sequence[Saved]:
    """All that was saved of a task."""
    return [_to_saved(row) for row in await tx.all(_of_task, task_id=task_id)]


async def tasks(tx: Tx, *, after: str, most: int) -> list[str]:
    """Tasks of which something was saved, from behind an id, in order."""
    return [row.task_id for row in await tx.all(_tasks, after=after, most=most)]


async def forget(tx: Tx, task_id: str, part: Part) -> None:
    """A part is not there any more."""
    await tx.run(_forget, of_task=task_id, of_part=part.value)


def _to_saved(row: Any) -> Saved:
    return Saved(
        task_id=row.task_id,
        part=Part(row.part),
        generation=row.generation,
        mark=row.mark,
        blob_key=row.blob_key,
        size_bytes=row.size_bytes,
        sha256=bytes(row.sha256),
        at_work=bool(row.at_work),
        saved_at_us=row.saved_at_us,
    )
