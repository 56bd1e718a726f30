"""Saying of a task that one it depends on has failed, and taking that back when it is mended."""

from collections.abc import Sequence
from dataclasses import replace

from hiringhall.actions.tasks.moving import record, wait_for
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.events import WaitingChanged
from hiringhall.domain.policy import HALL
from hiringhall.domain.tasks import State, Task, Waiting
from hiringhall.hall import Hall
from hiringhall.store import held_up, tasks
from hiringhall.store.database import Tx
from hiringhall.store.held_up import Obstacle

PAGE = 100
NAMED = 3
"""So many are named; the first is enough to know where to begin."""

GOES_ON = "What it depends on may be done after all"

_ENDED = {
    State.FAILED: "has failed",
    State.CANCELLED: "was cancelled",
    State.EXPIRED: "has expired",
}


async def tell_team(hall: Hall, *, team_id: str) -> int:
    """Have each task of a team say what stands in its way, or that nothing does any more.

    How many had something new to say.
    """

    async def look(tx: Tx) -> tuple[list[str], str]:
        found = await held_up.of_team(tx, team_id, after=after, most=PAGE)
        stand = await held_up.obstacles(tx, [one.id for one in found]) if found else {}
        news = [
            one.id
            for one in found
            if (one.waiting_for, one.waiting_reason) != _standing(stand.get(one.id, ()))
        ]
        return news, found[-1].id if len(found) == PAGE else ""

    told, after = 0, ""
    while True:
        news, after = await hall.database.read(look)
        for task_id in news:
            told += await _tell(hall, task_id=task_id)
        if not after:
            return told


async def tell_all(hall: Hall) -> None:
    """The same for every team: for what was missed."""
    after = ""

    async def look(tx: Tx) -> list[str]:
        return await held_up.teams_behind(tx, after, most=PAGE)

    while found := await hall.database.scan(look):
        for team_id in found:
            await tell_team(hall, team_id=team_id)
        after = found[-1]


async def reason_of(tx: Tx, task_id: str) -> str:
    """Why a task cannot begin until somebody acts on others; empty where it only has to wait."""
    found = (await held_up.obstacles(tx, [task_id])).get(task_id, [])
    return _sentence(found) if found else ""


@action
async def _tell(tx: Tx, hall: Hall, *, task_id: str) -> bool:
    task = await tasks.for_change(tx, task_id)
    if task is None or task.state is not State.OPEN:
        return False
    if task.waiting_for not in (Waiting.POSTER, Waiting.DEPENDENCY):
        return False
    found = (await held_up.obstacles(tx, [task_id])).get(task_id, [])
    if (task.waiting_for, task.waiting_reason) == _standing(found):
        return False
    if found:
        await wait_for(tx, hall, task, Waiting.DEPENDENCY, actor=HALL, reason=_sentence(found))
        return True
    if task.waiting_for is Waiting.DEPENDENCY:
        await _go_on(tx, hall, task)
        return True
    return False


async def _go_on(tx: Tx, hall: Hall, task: Task) -> None:
    """Let a task wait for its turn again, without a reason: a team may begin it by itself."""
    free = replace(task, waiting_for=Waiting.POSTER, waiting_reason="")
    await record(tx, hall, free, actor=HALL, event=WaitingChanged(GOES_ON), was=task)


def _standing(found: Sequence[Obstacle]) -> tuple[Waiting, str]:
    """What a task is to say it waits for, with these in its way."""
    return (Waiting.DEPENDENCY, _sentence(found)) if found else (Waiting.POSTER, "")


def _sentence(found: Sequence[Obstacle]) -> str:
    named = [f"{ids.task_ref(one.id)} ({one.title}) {_ENDED[one.state]}" for one in found[:NAMED]]
    if len(found) > NAMED:
        named.append(f"{len(found) - NAMED} more have ended so")
    return (
        f"This task depends on others that are not going to be done: {'; '.join(named)}. "
        "Resume or open again what failed, or take it out of the dependencies"
    )
