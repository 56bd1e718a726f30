"""What of an organization's tasks waits for its people, what is under way, what failed."""

from sqlalchemy import Select, bindparam, literal_column, select

from hiringhall.domain.tasks import Task
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import tasks
from hiringhall.store.tables.tasks import FAILED, UNDER_WAY, WAITS_FOR_POSTER
from hiringhall.store.tasks import to_task


def _page(which: str) -> Select[tuple[object, ...]]:
    # In the index's own words, so that both planners find it.
    return (
        select(tasks)
        .where(tasks.c.organization_id == bindparam("organization"), literal_column(which))
        .order_by(tasks.c.id.desc())
        .limit(bindparam("most"))
    )


_waiting = Statement(_page(WAITS_FOR_POSTER), name="tasks_that_wait_for_poster")
_under_way = Statement(_page(UNDER_WAY), name="tasks_under_way")
_failed = Statement(
    select(tasks)
    .where(
        tasks.c.organization_id == bindparam("organization"),
        literal_column(FAILED),
        tasks.c.last_activity_at_us > bindparam("since_us"),
    )
    .order_by(tasks.c.last_activity_at_us.desc())
    .limit(bindparam("most")),
    name="tasks_that_failed",
)


async def waiting(tx: Tx, *, organization_id: str, most: int) -> list[Task]:
    """Tasks whose poster is to answer, choose, review or settle, newest first."""
    rows = await tx.all(_waiting, organization=organization_id, most=most)
    return [to_task(row) for row in rows]


async def under_way(tx: Tx, *, organization_id: str, most: int) -> list[Task]:
    """Tasks that somebody is at work on, or may begin, newest first."""
    rows = await tx.all(_under_way, organization=organization_id, most=most)
    return [to_task(row) for row in rows]


async def failed(tx: Tx, *, organization_id: str, since_us: int, most: int) -> list[Task]:
    """Tasks that have failed since then, the last first."""
    rows = await tx.all(_failed, organization=organization_id, since_us=since_us, most=most)
    return [to_task(row) for row in rows]
