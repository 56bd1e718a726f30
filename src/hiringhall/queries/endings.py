"""Which tasks are over, and since when: for whoever keeps something for their next run."""

from collections.abc import Sequence

from hiringhall.domain.tasks import FINAL, State, Task
from hiringhall.hall import Hall
from hiringhall.store import tasks
from hiringhall.store.database import Tx


async def endings(hall: Hall, task_ids: Sequence[str]) -> dict[str, tuple[State, int]]:
    """The state of each of some tasks that is final, and when it became so (µs UTC).

    A task that there is not, or is not any more, counts as cancelled long ago.
    """

    async def body(tx: Tx) -> list[Task | None]:
        return [await tasks.by_id(tx, task_id) for task_id in task_ids]

    found = await hall.database.scan(body)
    ended: dict[str, tuple[State, int]] = {}
    for task_id, task in zip(task_ids, found, strict=True):
        if task is None:
            ended[task_id] = (State.CANCELLED, 0)
        elif task.state in FINAL:
            ended[task_id] = (task.state, task.updated_at_us)
    return ended
