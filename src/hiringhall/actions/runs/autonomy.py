"""Teams that work by themselves: the hall begins what is ready, by priority, within the limits."""

from hiringhall.actions.runs.queueing import choose_for, queue_next
from hiringhall.actions.tasks.moving import wait_for
from hiringhall.actions.transaction import action
from hiringhall.domain.events import WaitingChanged
from hiringhall.domain.policy import HALL
from hiringhall.domain.tasks import Engagement, State, Task, Waiting
from hiringhall.hall import Hall
from hiringhall.store import dependencies, ready, runs, tasks
from hiringhall.store.database import Tx

PAGE = 100
ENOUGH_FAILURES = 2
GIVEN_UP = (
    "It failed twice in a row, so the team does not begin it again by itself; run it when what was "
    "in its way is gone"
)
BEGINS = "The team works by itself, and this is ready: a worker begins"


async def spawn_ready(hall: Hall, *, team_id: str) -> int:
    """Begin what a team has ready, as far as its limit goes; how many tasks that were.

    Nothing for a team that waits for a word.
    """

    async def look(tx: Tx) -> list[str]:
        return await ready.tasks_of(tx, team_id, most=PAGE)

    begun = 0
    while found := await hall.database.read(look):
        results = [await spawn(hall, team_id=team_id, task_id=task_id) for task_id in found]
        begun += sum(result is True for result in results)
        if None in results or not any(results):
            break  # full, or all of them are somebody else's by now
    return begun


async def spawn_all_ready(hall: Hall) -> None:
    """The same for every team: for what was missed."""
    after = ""

    async def look(tx: Tx) -> list[str]:
        return await ready.teams_behind(tx, after, most=PAGE)

    while found := await hall.database.scan(look):
        for team_id in found:
            await spawn_ready(hall, team_id=team_id)
        after = found[-1]


@action
async def spawn(tx: Tx, hall: Hall, *, team_id: str, task_id: str) -> bool | None:
    """Begin one ready task: True when it is not waiting any more, None when its team is full.

    One that failed twice in a row stays where it is, and says why.
    """
    team = await ready.team_at_work(tx, team_id)
    if team is None:
        return None
    bounds = [bound for bound in (team.most, hall.rules.team_runs) if bound is not None]
    if bounds and team.live >= min(bounds):
        return None
    task = await tasks.for_change(tx, task_id)
    if task is None or not await _is_ready(tx, task):
        return False
    if await ready.failed_in_a_row(tx, task_id) >= ENOUGH_FAILURES:
        await wait_for(tx, hall, task, Waiting.POSTER, actor=HALL, reason=GIVEN_UP)
        return True
    chosen = await choose_for(tx, hall, task)
    if chosen.runtime is None:
        await wait_for(tx, hall, task, Waiting.WORKER, actor=HALL, reason=chosen.hindrance)
        return True
    after = await runs.newest_of_task(tx, task.id)
    await queue_next(tx, hall, task, actor=HALL, event=WaitingChanged(BEGINS), after=after)
    return True


async def _is_ready(tx: Tx, task: Task) -> bool:
    waits = task.state is State.OPEN and task.waiting_for is Waiting.POSTER
    if (
        task.waiting_reason
        or not waits
        or task.role is None
        or task.engagement is not Engagement.STAFF
    ):
        return False
    return not await dependencies.unmet(tx, [task.id])
