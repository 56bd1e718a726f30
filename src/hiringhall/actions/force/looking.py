"""When the manager looks at a part again: what it waits for has come."""

from hiringhall.domain.lifecycle import Timer
from hiringhall.domain.tasks import State, Task
from hiringhall.hall import Hall
from hiringhall.store import timers
from hiringhall.store.database import Tx


async def part_was_checked(tx: Tx, hall: Hall, part: Task, *, deliverable_id: str) -> None:
    """What a model found of a delivery stands beside it; the manager looks. The part is locked."""
    if part.state is State.IN_REVIEW and part.deliverable_id == deliverable_id:
        await timers.set_timer(tx, task_id=part.id, kind=Timer.MANAGER, due_at_us=hall.clock())
        tx.after_commit(hall.engine.wake)
