"""What every end of a task on the market shares: nobody has it any more, nothing stands open."""

from hiringhall.domain.market import AssignmentState
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.store import assignments, proposals
from hiringhall.store.database import Tx


async def end_all(tx: Tx, hall: Hall, task: Task, state: AssignmentState) -> None:
    """End every assignment of a task in one way, and close what was proposed."""
    now_us = hall.clock()
    for one in await assignments.active(tx, task.id):
        await assignments.end(tx, one.id, state, at_us=now_us)
    await proposals.close(tx, task.id, at_us=now_us)
