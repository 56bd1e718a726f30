"""Having a worker begin on a task of a board: run it, resume what broke off, open it again."""

from hiringhall.actions.credits import refuse_without_credits
from hiringhall.actions.runs.queueing import choose_runtime, queue_run
from hiringhall.actions.tasks import held_up
from hiringhall.actions.tasks.board import move_on_board
from hiringhall.actions.tasks.moving import load_for_change, move
from hiringhall.actions.tasks.post import no_role
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.board import COLUMN_OF
from hiringhall.domain.errors import Invalid, WrongState
from hiringhall.domain.events import TaskClaimed, TaskResumed
from hiringhall.domain.lifecycle import Command, Side, move_of, refusal
from hiringhall.domain.policy import Actor
from hiringhall.domain.runs import LIVE, Run
from hiringhall.domain.tasks import FINAL, Engagement, State, Task
from hiringhall.hall import Hall
from hiringhall.store import dependencies, roles, runs, teams
from hiringhall.store.database import Tx


@action
async def run_task(tx: Tx, hall: Hall, *, actor: Actor, task_id: str, by_role: bool = True) -> Run:
    """Queue a worker for a task that is ready; it is taken from this moment on.

    The team's own work is run by the hall with the actor HALL; without `by_role` a task that names
    no role is done by whatever does work of that kind. Raises NotFound, NotYours, Invalid
    where the task has no role or the team not that role, and WrongState where it is not ready,
    waits for other tasks, or nobody can work on it; OutOfCredits where whoever it is charged to
    has none left today.
    """
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    if COLUMN_OF[task.state] is State.IN_PROGRESS:
        raise _refused(task, "Task is already in_progress")
    if task.engagement is not Engagement.STAFF:
        raise _refused(task, "Task is on offer to others; no worker of the hall is run on it")
    if await runs.live_of_task(tx, task.id) is not None:
        raise _refused(task, "Task has a worker already, which is about to begin")
    if task.role is None:
        if by_role:
            raise Invalid("Task has no role assigned", {"role": "missing"})
    elif await roles.named(tx, team_id=task.team_id, name=task.role) is None:
        raise no_role(task.role)
    if task.state is not State.OPEN:
        raise _refused(task, "Task is not ready; only a task that is ready can be run")
    return await _engage(tx, hall, task, actor=actor, after=await runs.newest_of_task(tx, task.id))


@action
async def resume_task(tx: Tx, hall: Hall, *, actor: Actor, task_id: str) -> Run:
    """Queue a worker that goes on with the session of a failed or withdrawn task's last.

    Raises what `run_task` does; WrongState, too, where no worker has been on it.
    """
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    move_of(task, Command.RESUME, Side.POSTER)
    last = await runs.newest_of_task(tx, task.id)
    if last is None or last.state in LIVE:
        raise _refused(task, "There is nothing to resume: no worker has been on this task")
    task = await move(
        tx, hall, task, Command.RESUME, side=Side.POSTER, actor=actor, event=TaskResumed()
    )
    return await _engage(tx, hall, task, actor=actor, after=last)


@action
async def reopen_task(tx: Tx, hall: Hall, *, actor: Actor, task_id: str) -> Task:
    """Begin a new round of a task that has ended; what was delivered stays.

    Raises NotFound, NotYours, and WrongState for one that has not ended or had money held for it.
    """
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    if task.state not in FINAL:
        raise refusal(task, Command.REOPEN)
    return await move_on_board(tx, hall, task, State.OPEN, actor=actor)


async def _engage(tx: Tx, hall: Hall, task: Task, *, actor: Actor, after: Run | None) -> Run:
    """Take a ready task for a run, which is queued; whatever stands in its way is refused."""
    role = None
    if task.role is not None:
        role = await roles.named(tx, team_id=task.team_id, name=task.role)
        if role is None:
            raise no_role(task.role)
    unmet = (await dependencies.unmet(tx, [task.id])).get(task.id, [])
    if unmet and (reason := await held_up.reason_of(tx, task.id)):
        raise _refused(task, reason)
    if unmet:
        names = ", ".join(ids.task_ref(one) for one in unmet)
        raise _refused(task, f"Task waits for other tasks, which are not done: {names}")
    chosen = choose_runtime(
        hall.staffing,
        role=task.role,
        is_there=role is not None,
        role_runtime=None if role is None else role.runtime,
    )
    if chosen.runtime is None:
        raise _refused(task, f"Nobody can work on this task: {chosen.hindrance}")
    await refuse_without_credits(tx, hall, user_id=task.created_by)
    team = await teams.by_id(tx, task.team_id)
    repository = task.repository or (None if team is None else team.repository)
    run_id = hall.new_id()
    taken = await move(
        tx,
        hall,
        task,
        Command.CLAIM,
        side=Side.HALL,
        actor=actor,
        event=TaskClaimed(run_id, repository),
        generation=task.generation + 1,
        repository=repository,
    )
    return await queue_run(tx, hall, taken, runtime=chosen.runtime, after=after, id=run_id)


def _refused(task: Task, message: str) -> WrongState:
    return WrongState(message, state=task.state.value, command="run")
