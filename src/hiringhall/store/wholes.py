"""Tasks that several share, newest first, and how far their parts are."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, cast, func, select

from hiringhall.domain.tasks import Engagement, State, Task
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import tasks
from hiringhall.store.tasks import to_task


@dataclass(frozen=True, slots=True)
class Parts:
    """How many parts a whole has, and how many of them are done."""

    there: int = 0
    done: int = 0


_page = Statement(
    select(tasks)
    .where(
        tasks.c.organization_id == bindparam("organization_id"),
        tasks.c.id < bindparam("before"),
        tasks.c.price_cents.is_not(None),
        tasks.c.engagement == Engagement.TASK_FORCE.value,
        tasks.c.parent_id.is_(None),
    )
    .order_by(tasks.c.id.desc())
    .limit(bindparam("most")),
    name="wholes_of_organization",
)
_parts = Statement(
    select(tasks.c.parent_id, tasks.c.state, cast(func.count(), BigInteger).label("there"))
    .where(any_of(tasks.c.parent_id, "task_ids"))
    .group_by(tasks.c.parent_id, tasks.c.state),
    name="count_parts_of_wholes",
)


async def page(tx: Tx, organization_id: str, *, before: str, most: int) -> list[Task]:
    """An organization's tasks that several share, newest first, from behind an id."""
    rows = await tx.all(_page, organization_id=organization_id, before=before, most=most)
    return [to_task(row) for row in rows]


async def parts_of(tx: Tx, task_ids: Sequence[str]) -> dict[str, Parts]:
    """How far the parts of some of them are."""
    found = dict.fromkeys(task_ids, Parts())
    for row in await tx.all(_parts, task_ids=list(task_ids)):
        known = found[row.parent_id]
        done = row.there if row.state == State.DONE.value else 0
        found[row.parent_id] = Parts(known.there + row.there, known.done + done)
    return found
