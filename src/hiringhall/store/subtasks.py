"""The tasks that a task was split into."""

from sqlalchemy import bindparam, select

from hiringhall.domain.tasks import Task
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import tasks
from hiringhall.store.tasks import to_task

_of_parent = Statement(
    select(tasks)
    .where(tasks.c.parent_id == bindparam("parent_id"))
    .order_by(tasks.c.id)
    .limit(bindparam("most")),
    name="subtasks_of_task",
)


async def of_parent(tx: Tx, parent_id: str, *, most: int) -> list[Task]:
    """A task's subtasks, oldest first."""
    return [to_task(row) for row in await tx.all(_of_parent, parent_id=parent_id, most=most)]
