"""Runs that cannot go on: broken ones are tried again, lost ones have a successor at once."""

from hiringhall.actions.runs.ending import actor_of, load_fenced
from hiringhall.actions.runs.queueing import choose_for, queue_next
from hiringhall.actions.runs.spending import settle_lost
from hiringhall.actions.tasks.moving import move, record, wait_for
from hiringhall.actions.transaction import action
from hiringhall.domain.events import RetryScheduled, RunEnded, TaskFailed, WaitingChanged
from hiringhall.domain.lifecycle import Command, Side, Timer
from hiringhall.domain.policy import HALL, TIMER, Actor
from hiringhall.domain.runs import (
    LEASED,
    MAX_ATTEMPTS,
    MAX_LOSSES,
    Run,
    RunState,
    RunToken,
    back_off_s,
)
from hiringhall.domain.tasks import FINAL, Task, Waiting
from hiringhall.hall import Hall
from hiringhall.store import runs, tasks, timers
from hiringhall.store.database import Tx
from hiringhall.store.timers import DueTimer

PAGE = 100


@action
async def run_broke(
    tx: Tx, hall: Hall, *, token: RunToken, reason: str, may_retry: bool = True
) -> Task:
    """End a run that ended without an outcome: it is tried again later, a few times.

    Raises Superseded when the run may not say so any more.
    """
    task, run = await load_fenced(tx, token, states=LEASED)
    now_us = hall.clock()
    await runs.end(tx, run, RunState.BROKEN, because=reason, at_us=now_us)
    attempts = run.attempts + 1
    if not may_retry or attempts >= MAX_ATTEMPTS:
        return await _fail(tx, hall, task, actor=actor_of(run), reason=reason)
    until_us = now_us + back_off_s(attempts) * 1_000_000
    moved = await move(
        tx,
        hall,
        task,
        Command.RETRY,
        side=Side.HALL,
        actor=actor_of(run),
        event=RetryScheduled(reason, until_us),
        due_at_us={Timer.RETRY: until_us},
        waiting_reason=reason,
        waiting_until_us=until_us,
    )
    tx.after_commit(hall.engine.wake)
    return moved


@action
async def try_again(tx: Tx, hall: Hall, *, timer: DueTimer) -> None:
    """The hour of a task's next attempt has come: queue it."""
    task = await tasks.for_change(tx, timer.task_id)
    if not await timers.take(tx, timer):
        return
    if task is None or task.state in FINAL or task.waiting_for is not Waiting.UNTIL:
        return
    broken = await runs.newest_of_task(tx, task.id)
    attempts = 0 if broken is None else broken.attempts
    if broken is not None and broken.state is RunState.BROKEN:
        attempts += 1  # one that was parked has not broken
    await queue_next(
        tx,
        hall,
        task,
        actor=TIMER,
        event=WaitingChanged("Trying again"),
        after=broken,
        attempts=attempts,
    )


@action
async def replace_lost_run(tx: Tx, hall: Hall, *, run_id: str) -> None:
    """A run's node is gone: end the run and queue its successor on the same turn."""
    run = await runs.by_id(tx, run_id)
    if run is None or run.state not in LEASED:
        return
    task = await tasks.for_change(tx, run.task_id)
    # Read again behind the task's lock: it may have ended while this waited.
    run = await runs.by_id(tx, run_id)
    if task is None or run is None or run.state not in LEASED:
        return
    because = "Its server or node stopped"
    await runs.end(tx, run, RunState.LOST, because=because, at_us=hall.clock())
    await settle_lost(tx, hall, run)
    if task.state in FINAL or task.generation != run.generation:
        return
    ended = RunEnded(run.id, RunState.LOST.value, f"{because}; the next run goes on from here")
    if run.losses + 1 >= MAX_LOSSES:
        task = await record(tx, hall, task, actor=HALL, event=ended, was=task)
        reason = f"{run.losses + 1} runs in a row were lost with their server"
        await _fail(tx, hall, task, actor=HALL, reason=reason)
        return
    await queue_next(tx, hall, task, actor=HALL, event=ended, after=run, **_same_turn(run))


async def find_lost_runs(hall: Hall, *, node_id: str | None) -> list[str]:
    """Ids of runs whose lease is over; with a node's id, of all that it had in hand.

    The second is for a node that has just started: it cannot have anything in hand.
    """

    async def body(tx: Tx) -> list[Run]:
        if node_id is not None:
            return await runs.leased_by(tx, node_id)
        return await runs.overdue(tx, now_us=hall.clock(), most=PAGE)

    return [run.id for run in await hall.database.scan(body)]


async def find_unfinished_runs(hall: Hall) -> list[Run]:
    """Every run whose turn will go on: queued, at work, or lost with nobody to succeed it yet."""

    async def body(tx: Tx) -> list[Run]:
        return [*await runs.live(tx), *await runs.left_lying(tx)]

    return await hall.database.scan(body)


async def find_idle_tasks(hall: Hall, *, after: str, team_id: str | None = None) -> list[str]:
    """Ids of tasks that wait because nobody could work on them, from behind an id."""

    async def body(tx: Tx) -> list[str]:
        return await tasks.waiting_for_worker(tx, after=after, most=PAGE, team_id=team_id)

    return await hall.database.scan(body)


async def engage_idle(hall: Hall, *, team_id: str | None = None) -> None:
    """Queue runs for all tasks, or a team's, that nobody could work on, where somebody can now."""
    after = ""
    while page := await find_idle_tasks(hall, after=after, team_id=team_id):
        for task_id in page:
            await engage_idle_task(hall, task_id=task_id)
        after = page[-1]


@action
async def engage_idle_task(tx: Tx, hall: Hall, *, task_id: str) -> bool:
    """Queue a run for a task that nobody could work on, if somebody can now."""
    task = await tasks.for_change(tx, task_id)
    if task is None or task.waiting_for is not Waiting.WORKER:
        return False
    chosen = await choose_for(tx, hall, task)
    if chosen.runtime is None:
        if chosen.hindrance != task.waiting_reason:
            await wait_for(tx, hall, task, Waiting.WORKER, actor=HALL, reason=chosen.hindrance)
        return False
    newest = await runs.newest_of_task(tx, task.id)
    inherits = _same_turn(newest) if newest and newest.state is RunState.LOST else {}
    event = WaitingChanged("A worker is here now")
    await queue_next(tx, hall, task, actor=HALL, event=event, after=newest, **inherits)
    return True


def _same_turn(lost: Run) -> dict[str, int]:
    """What a lost run's successor inherits: its turn is not over, nor is what it said unsaid."""
    return {
        "turn": lost.turn,
        "steps_done": lost.steps_done,
        "attempts": lost.attempts,
        "losses": lost.losses + 1,
    }


async def _fail(tx: Tx, hall: Hall, task: Task, *, actor: Actor, reason: str) -> Task:
    return await move(
        tx,
        hall,
        task,
        Command.FAIL,
        side=Side.HALL,
        actor=actor,
        event=TaskFailed(reason),
        waiting_for=Waiting.NOTHING,
    )
