"""What a person at a board does to a task by hand: moves it, and says what came of it."""

from dataclasses import replace

from hiringhall.actions.tasks.moving import move, record
from hiringhall.domain.board import COLUMN_OF, WORD_INSTEAD, Output
from hiringhall.domain.errors import WrongState
from hiringhall.domain.events import (
    DeliverableAccepted,
    DeliverableSubmitted,
    Happened,
    TaskFailed,
    TaskMoved,
    TaskPublished,
    TaskReopened,
)
from hiringhall.domain.lifecycle import Command, Side
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import FINAL, State, Task
from hiringhall.hall import Hall
from hiringhall.store import deliverables, runs
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable


async def move_on_board(
    tx: Tx,
    hall: Hall,
    task: Task,
    column: State,
    *,
    actor: Actor,
    output: Output | None = None,
) -> Task:
    """Put a task into a column, with what came of it; one that hangs there already stays there.

    Into review, and among what is done, it goes with a deliverable: what came of it now, else what
    it has, else an empty one. Raises WrongState where money is held for it, and where a worker is
    on it.
    """
    if output is not None and (column is not State.FAILED or output.says_something):
        task = await _submit(
            tx, hall, task, output, actor=actor, stays=COLUMN_OF[task.state] is column
        )
    if COLUMN_OF[task.state] is column:
        return task
    refuse_held(task, WORD_INSTEAD[column])
    if await runs.live_of_task(tx, task.id) is not None:
        raise WrongState(
            "A worker is on this task; cancel the task first, which stops the worker",
            state=task.state.value,
            command=Command.BOARD_MOVE.value,
        )
    if column in (State.IN_REVIEW, State.DONE):
        task = await _with_deliverable(tx, hall, task, column, actor=actor)
    command, event = await _way(tx, hall, task, column, output)
    return await move(
        tx, hall, task, command, side=Side.POSTER, actor=actor, event=event, target=column
    )


async def keep_output(tx: Tx, hall: Hall, task: Task, output: Output, *, actor: Actor) -> Task:
    """Write down what came of a task, which stays where it is; raises WrongState with a hold."""
    return await _submit(tx, hall, task, output, actor=actor, stays=True)


async def _submit(
    tx: Tx, hall: Hall, task: Task, output: Output, *, actor: Actor, stays: bool
) -> Task:
    """The same; where the task is about to be moved, nothing is decided on it yet.

    What is not said anew stays as it was handed in: text, branch and files.
    """
    refuse_held(task, WORD_INSTEAD[State.IN_REVIEW])
    before = await _newest(tx, task)
    branch, commit = output.branch, None
    if before is not None and branch in (None, before.branch):
        branch, commit = before.branch, before.commit
    kept = "" if before is None else before.text
    made = Deliverable(
        id=hall.new_id(),
        task_id=task.id,
        run_id=None,
        number=await deliverables.next_number(tx, task.id),
        text=output.summary or output.error or kept,
        branch=branch,
        commit=commit,
        accepted=None,
        reason=None,
        submitted_at_us=hall.clock(),
    )
    await deliverables.add(tx, made)
    files = [] if before is None else await deliverables.files_of(tx, before.id)
    await deliverables.add_files(
        tx, [replace(file, id=hall.new_id(), deliverable_id=made.id) for file in files]
    )
    if stays and task.state is State.DONE:
        await _accept(tx, hall, made.id)
    names = tuple(file.name for file in files)
    event = DeliverableSubmitted(made.id, made.number, made.text, names, made.branch, made.commit)
    return await record(tx, hall, task, actor=actor, event=event, was=task, deliverable_id=made.id)


def refuse_held(task: Task, instead: str) -> None:
    """Raise WrongState where money is held for a task: no board changes what was agreed."""
    if task.has_hold:
        raise WrongState(
            f"Money is held for this task; say '{instead}' instead, at the hall's own door",
            state=task.state.value,
            command=Command.BOARD_MOVE.value,
        )


async def _with_deliverable(tx: Tx, hall: Hall, task: Task, column: State, *, actor: Actor) -> Task:
    """The task with a deliverable that may be looked at, or that is accepted already."""
    newest = await _newest(tx, task)
    if newest is not None and (
        newest.accepted is None or (newest.accepted and column is State.DONE)
    ):
        return task
    return await _submit(tx, hall, task, Output(), actor=actor, stays=False)


async def _way(
    tx: Tx, hall: Hall, task: Task, column: State, output: Output | None
) -> tuple[Command, Happened]:
    """By which command a task gets into a column, and what is said to have happened."""
    moved = Command.BOARD_MOVE, TaskMoved(task.state.value)
    if column is State.FAILED:
        reason = "" if output is None else output.error
        return Command.BOARD_MOVE, TaskFailed(reason or "Moved there by hand")
    if column is State.OPEN and task.state is State.DRAFT:
        return Command.BOARD_MOVE, TaskPublished()
    if column is State.OPEN and task.state in FINAL:
        return Command.REOPEN, TaskReopened()
    if column is State.DONE:
        newest = await _newest(tx, task)
        if newest is None or newest.accepted:
            return moved
        await _accept(tx, hall, newest.id)
        command = Command.ACCEPT if task.state is State.IN_REVIEW else Command.BOARD_MOVE
        return command, DeliverableAccepted(newest.id)
    return moved


async def _newest(tx: Tx, task: Task) -> Deliverable | None:
    if task.deliverable_id is None:
        return None
    return await deliverables.by_id(tx, task.deliverable_id)


async def _accept(tx: Tx, hall: Hall, deliverable_id: str) -> None:
    await deliverables.decide(tx, deliverable_id, accepted=True, reason=None, at_us=hall.clock())
