"""What was saved of a task's work by its runs."""

from dataclasses import dataclass

from hiringhall.domain.runs import RunToken
from hiringhall.domain.saved import Part, Saved
from hiringhall.hall import Hall
from hiringhall.store import runs, saved
from hiringhall.store.database import Tx

PAGE = 500


@dataclass(frozen=True, slots=True)
class SavedWork:
    """All parts there are; `goes_on` says whether a run of the task began before this one."""

    parts: dict[Part, Saved]
    goes_on: bool


async def saved_work(hall: Hall, *, token: RunToken) -> SavedWork:
    """What was saved of the task of a run."""

    async def find(tx: Tx) -> SavedWork:
        run = await runs.by_id(tx, token.run_id)
        before = None
        if run is not None and run.previous_run_id is not None:
            before = await runs.by_id(tx, run.previous_run_id)
        return SavedWork(
            parts={one.part: one for one in await saved.of_task(tx, token.task_id)},
            goes_on=before is not None and before.started_at_us is not None,
        )

    return await hall.database.read(find)


async def tasks_with_saved_work(hall: Hall, *, after: str) -> list[str]:
    """Some tasks of which something was saved, from behind an id, in order."""

    async def find(tx: Tx) -> list[str]:
        return await saved.tasks(tx, after=after, most=PAGE)

    return await hall.database.scan(find)
