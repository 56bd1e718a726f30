"""Which tasks wait for which others to be done."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, select

from hiringhall.domain.tasks import State
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import task_dependencies, tasks

_insert = Statement(insert_row(task_dependencies), name="insert_dependency")
_forget = Statement(
    delete(task_dependencies).where(task_dependencies.c.task_id == bindparam("of_task")),
    name="forget_dependencies",
)
_of_tasks = Statement(
    select(task_dependencies)
    .where(any_of(task_dependencies.c.task_id, "task_ids"))
    .order_by(task_dependencies.c.task_id, task_dependencies.c.position),
    name="dependencies_of_tasks",
)
_unmet = Statement(
    select(task_dependencies.c.task_id, task_dependencies.c.depends_on_id)
    .select_from(task_dependencies.join(tasks, tasks.c.id == task_dependencies.c.depends_on_id))
    .where(any_of(task_dependencies.c.task_id, "task_ids"), tasks.c.state != State.DONE.value)
    .order_by(task_dependencies.c.task_id, task_dependencies.c.position),
    name="unmet_dependencies",
)
_teams = Statement(
    select(tasks.c.id, tasks.c.team_id).where(any_of(tasks.c.id, "task_ids")),
    name="teams_of_tasks",
)


async def put(tx: Tx, task_id: str, depends_on: Sequence[str]) -> None:
    """Say anew what a task depends on, in this order."""
    await tx.run(_forget, of_task=task_id)
    for position, depends_on_id in enumerate(depends_on):
        await tx.run(_insert, task_id=task_id, depends_on_id=depends_on_id, position=position)


async def of_tasks(tx: Tx, task_ids: Sequence[str]) -> dict[str, list[str]]:
    """What each of some tasks depends on, in the order that was given; tasks without any: none."""
    found: dict[str, list[str]] = {}
    for row in await tx.all(_of_tasks, task_ids=list(task_ids)):
        found.setdefault(row.task_id, []).append(row.depends_on_id)
    return found


async def unmet(tx: Tx, task_ids: Sequence[str]) -> dict[str, list[str]]:
    """The same, but only what is not done yet: a task that is not named here may run."""
    found: dict[str, list[str]] = {}
    for row in await tx.all(_unmet, task_ids=list(task_ids)):
        found.setdefault(row.task_id, []).append(row.depends_on_id)
    return found


async def teams_of(tx: Tx, task_ids: Sequence[str]) -> dict[str, str]:
    """The team of each task that there is."""
    rows = await tx.all(_teams, task_ids=list(task_ids))
    return {row.id: row.team_id for row in rows}
