"""Putting the next run of a task into the queue, or saying at once why nobody can work."""

from dataclasses import dataclass, replace
from typing import Any

from hiringhall.actions.tasks.moving import move, record, wait_for
from hiringhall.domain.events import Happened
from hiringhall.domain.lifecycle import Command, Side
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.runs import Run, RunState
from hiringhall.domain.tasks import Task, Waiting
from hiringhall.hall import Hall, Staffing
from hiringhall.store import roles, runs
from hiringhall.store.database import Tx


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which runtime a task's next run has, or why there is none."""

    runtime: str | None
    hindrance: str


def choose_runtime(
    staffing: Staffing, *, role: str | None, is_there: bool, role_runtime: str | None
) -> Chosen:
    """By the role that the task names, where it says a runtime, else by what the hall has."""
    if role is not None and not is_there:
        return Chosen(
            None,
            f"No role '{role}' is set up in this team; add it with 'hiringhall admin role set'",
        )
    runtime = role_runtime or staffing.usual_runtime
    if runtime is None:
        return Chosen(None, staffing.no_default_because)
    hindrance = staffing.hindrance(runtime)
    return Chosen(None if hindrance else runtime, hindrance)


async def queue_run(
    tx: Tx, hall: Hall, task: Task, *, runtime: str, after: Run | None, **differs: Any
) -> Run:
    """Queue a run for a task whose `generation` the caller has raised already.

    It takes the next turn behind `after`; `differs` overrides what it inherits.
    """
    run = Run(
        id=hall.new_id(),
        task_id=task.id,
        organization_id=task.organization_id,
        team_id=task.team_id,
        generation=task.generation,
        turn=0 if after is None else after.turn + 1,
        steps_done=0,
        state=RunState.QUEUED,
        runtime=runtime,
        role=task.role,
        priority=task.priority,
        attempts=0,
        losses=0,
        previous_run_id=None if after is None else after.id,
        node_id=None,
        lease_until_us=None,
        queued_at_us=hall.clock(),
        started_at_us=None,
        ended_at_us=None,
    )
    if differs:
        run = replace(run, **differs)
    await runs.add(tx, run)
    tx.after_commit(lambda: hall.engine.queued(run))
    return run


async def choose_for(tx: Tx, hall: Hall, task: Task) -> Chosen:
    """Which runtime a task's next run has now."""
    role = None
    if task.role is not None:
        role = await roles.named(tx, team_id=task.team_id, name=task.role)
    return choose_runtime(
        hall.staffing,
        role=task.role,
        is_there=role is not None,
        role_runtime=None if role is None else role.runtime,
    )


async def move_and_queue(
    tx: Tx,
    hall: Hall,
    task: Task,
    command: Command,
    *,
    side: Side,
    actor: Actor,
    event: Happened,
    **changes: Any,
) -> Task:
    """Give a task a command after which a worker goes on, and queue that worker's run."""
    chosen = await choose_for(tx, hall, task)
    if chosen.runtime is None:
        moved = await move(tx, hall, task, command, side=side, actor=actor, event=event, **changes)
        return await wait_for(tx, hall, moved, Waiting.WORKER, actor=HALL, reason=chosen.hindrance)
    moved = await move(
        tx,
        hall,
        task,
        command,
        side=side,
        actor=actor,
        event=event,
        generation=task.generation + 1,
        **changes,
    )
    after = await runs.newest_of_task(tx, task.id)
    await queue_run(tx, hall, moved, runtime=chosen.runtime, after=after)
    return moved


async def queue_next(
    tx: Tx,
    hall: Hall,
    task: Task,
    *,
    actor: Actor,
    event: Happened,
    after: Run | None,
    **differs: int,
) -> None:
    """Say what happened, and queue the run that goes on, or say why nobody can."""
    chosen = await choose_for(tx, hall, task)
    if chosen.runtime is None:
        said = await record(tx, hall, task, actor=actor, event=event, was=task)
        await wait_for(tx, hall, said, Waiting.WORKER, actor=HALL, reason=chosen.hindrance)
        return
    goes_on = replace(task, waiting_for=Waiting.NOTHING, waiting_reason="", waiting_until_us=None)
    goes_on = await record(
        tx, hall, goes_on, actor=actor, event=event, was=task, generation=task.generation + 1
    )
    await queue_run(tx, hall, goes_on, runtime=chosen.runtime, after=after, **differs)
