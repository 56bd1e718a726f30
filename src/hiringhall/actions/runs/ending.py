"""What every end of a run shares: proof that it may still write, and its row's last move."""

from hiringhall.domain.errors import Superseded
from hiringhall.domain.policy import Actor, ActorKind
from hiringhall.domain.runs import LIVE, Run, RunState, RunToken
from hiringhall.domain.tasks import FINAL, Task
from hiringhall.hall import Hall
from hiringhall.store import runs, tasks
from hiringhall.store.database import Tx

_AT_WORK = frozenset({RunState.RUNNING})


async def load_fenced(
    tx: Tx, token: RunToken, *, states: frozenset[RunState] = _AT_WORK
) -> tuple[Task, Run]:
    """The task and the run of a token, or Superseded when the run may not write any more."""
    task = await tasks.for_change(tx, token.task_id)
    run = await runs.by_id(tx, token.run_id)
    if task is None or run is None or run.task_id != task.id:
        raise Superseded("There is no such run")
    if task.state in FINAL:
        raise Superseded(f"The task is {task.state.value}; this run's writes are not taken")
    if token.generation != task.generation or run.generation != task.generation:
        raise Superseded("Another run has taken this one's place; its writes are not taken")
    if run.state not in states:
        raise Superseded(f"This run is {run.state.value}; its writes are not taken")
    return task, run


def actor_of(run: Run) -> Actor:
    """The run as the actor of what it does; its name says which runtime played."""
    return Actor(
        kind=ActorKind.RUN,
        organization_id=run.organization_id,
        run_id=run.id,
        name=run.runtime,
    )


async def cancel_live_run(tx: Tx, hall: Hall, task: Task, *, because: str) -> None:
    """End the run that is queued or at work on a task, and have whoever has it stop."""
    run = await runs.live_of_task(tx, task.id)
    if run is None or run.state not in LIVE:
        return
    await runs.end(tx, run, RunState.CANCELLED, because=because, at_us=hall.clock())
    tx.after_commit(lambda: hall.engine.stop_run(run.token))
