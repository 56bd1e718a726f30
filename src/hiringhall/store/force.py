"""Task Forces: each task's plan, and the tasks that its parts became."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update

from hiringhall.domain.force import Force, ForceState, PartPlan, Reviewer
from hiringhall.domain.tasks import Engagement, Task
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import assignments, force_parts, forces, tasks
from hiringhall.store.tasks import to_task

_FORCE = Engagement.TASK_FORCE.value

_insert = Statement(insert_row(forces), name="insert_force")
_insert_part = Statement(insert_row(force_parts), name="insert_force_part")
_by_task = Statement(
    select(forces).where(forces.c.task_id == bindparam("task")), name="force_of_task"
)
_parts = Statement(
    select(force_parts)
    .where(force_parts.c.task_id == bindparam("task"))
    .order_by(force_parts.c.position),
    name="parts_of_force",
)
_forget_parts = Statement(
    delete(force_parts).where(force_parts.c.task_id == bindparam("task")), name="forget_force_parts"
)
_forget = Statement(
    delete(forces).where(forces.c.task_id == bindparam("task")), name="forget_force"
)
_set_state = Statement(
    update(forces)
    .where(forces.c.task_id == bindparam("task"))
    .values(state=bindparam("new_state")),
    name="set_force_state",
)
_became = Statement(
    update(force_parts)
    .where(force_parts.c.task_id == bindparam("task"), force_parts.c.key == bindparam("part_key"))
    .values(subtask_id=bindparam("became")),
    name="force_part_became",
)
_subtasks = Statement(
    select(tasks)
    .where(tasks.c.parent_id == bindparam("task"), tasks.c.engagement == _FORCE)
    .order_by(tasks.c.id),
    name="subtasks_of_force",
)
_has_part = Statement(
    select(func.count().label("count"))
    .select_from(assignments.join(tasks, tasks.c.id == assignments.c.task_id))
    .where(
        tasks.c.parent_id == bindparam("task"),
        tasks.c.engagement == _FORCE,
        assignments.c.worker_id == bindparam("worker"),
    ),
    name="parts_of_worker",
)


async def put(tx: Tx, force: Force) -> None:
    """Keep a task's plan, in place of what it had; none of its parts is a task yet."""
    await forget(tx, force.task_id)
    await tx.run(
        _insert,
        task_id=force.task_id,
        state=force.state.value,
        reviewer=force.reviewer.value,
        planned_by=force.planned_by,
    )
    await add_parts(tx, force.task_id, force.parts, behind=0)


async def forget(tx: Tx, task_id: str) -> None:
    """A task has no plan any more; nothing had come of it yet."""
    await tx.run(_forget_parts, task=task_id)
    await tx.run(_forget, task=task_id)


async def add_parts(tx: Tx, task_id: str, parts: Sequence[PartPlan], *, behind: int) -> None:
    """Write further parts down, behind as many."""
    for position, part in enumerate(parts, behind):
        await tx.run(
            _insert_part,
            task_id=task_id,
            key=part.key,
            position=position,
            title=part.title,
            brief=part.brief,
            share_cents=part.share_cents,
            depends_on=json.dumps(part.depends_on),
            agent_id=part.agent_id,
            category=part.category,
            time_limit_min=part.time_limit_min,
            subtask_id=None,
        )


async def of_task(tx: Tx, task_id: str) -> Force | None:
    """How a task is split; None where it is not, or not yet."""
    row = await tx.one(_by_task, task=task_id)
    if row is None:
        return None
    parts = await tx.all(_parts, task=task_id)
    return Force(
        task_id=row.task_id,
        state=ForceState(row.state),
        reviewer=Reviewer(row.reviewer),
        planned_by=row.planned_by,
        parts=tuple(_to_part(one) for one in parts),
        subtasks={one.key: one.subtask_id for one in parts if one.subtask_id is not None},
    )


async def set_state(tx: Tx, task_id: str, state: ForceState) -> None:
    """Say how far a Task Force is."""
    await tx.run(_set_state, task=task_id, new_state=state.value)


async def became(tx: Tx, task_id: str, key: str, *, subtask_id: str) -> None:
    """Say which task a part has become."""
    await tx.run(_became, task=task_id, part_key=key, became=subtask_id)


async def subtasks_of(tx: Tx, task_id: str) -> list[Task]:
    """The tasks that the parts became, in the order in which they were made."""
    return [to_task(row) for row in await tx.all(_subtasks, task=task_id)]


async def takes_part(tx: Tx, task_id: str, worker_id: str) -> bool:
    """Whether somebody has or had one of a task's parts."""
    row = await tx.one(_has_part, task=task_id, worker=worker_id)
    return row is not None and row.count > 0


def _to_part(row: Any) -> PartPlan:
    return PartPlan(
        key=row.key,
        title=row.title,
        brief=row.brief,
        share_cents=row.share_cents,
        depends_on=tuple(json.loads(row.depends_on)),
        agent_id=row.agent_id,
        category=row.category,
        time_limit_min=row.time_limit_min,
    )
