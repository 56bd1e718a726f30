"""What a person at a board does to a task by hand: moves it, and says what came of it."""

from dataclasses import replace
from typing import Any

from hiringhall.actions.tasks.moving import move, record
from hiringhall.domain.board import COLUMN_OF, WORD_INSTEAD, Output
from hiringhall.domain.errors import WrongState
from hiringhall.domain.events import (
    DeliverableAccepted,
    DeliverableSubmitted,
    Happened,
    OutputWritten,
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
    only_why = output is not None and column is State.FAILED and not output.says_something
    said = None if only_why else output
    if COLUMN_OF[task.state] is column:
        return task if said is None else await keep_output(tx, hall, task, said, actor=actor)
    refuse_held(task, WORD_INSTEAD[column])
    if await runs.live_of_task(tx, task.id) is not None:
        raise WrongState(
            "A worker is on this task; cancel the task first, which stops the worker",
            state=task.state.value,
            command=Command.BOARD_MOVE.value,
        )
    if column in (State.IN_REVIEW, State.DONE):
        return await _hand_in(tx, hall, task, column, actor=actor, output=said)
    if said is not None:
        task = await keep_output(tx, hall, task, said, actor=actor)
    command, event = _way(task, column, output)
    return await move(
        tx, hall, task, command, side=Side.POSTER, actor=actor, event=event, target=column
    )


async def keep_output(tx: Tx, hall: Hall, task: Task, output: Output, *, actor: Actor) -> Task:
    """Write down what came of a task, which stays where it is; raises WrongState with a hold."""
    refuse_held(task, WORD_INSTEAD[State.IN_REVIEW])
    made = await _write(tx, hall, task, output, accepted=task.state is State.DONE)
    event = OutputWritten(**made)
    return await record(
        tx, hall, task, actor=actor, event=event, was=task, deliverable_id=event.deliverable_id
    )


async def _hand_in(
    tx: Tx, hall: Hall, task: Task, column: State, *, actor: Actor, output: Output | None
) -> Task:
    """Move a task to where its deliverable is looked at, or accepted: with one event, the move's.

    Where nothing is said, what it has goes along, unless that was decided otherwise already.
    """
    done = column is State.DONE
    newest = None
    if output is None and task.deliverable_id is not None:
        newest = await deliverables.by_id(tx, task.deliverable_id)
    changes: dict[str, Any] = {}
    event: Happened = TaskMoved(task.state.value)
    if newest is None or newest.accepted is False or (newest.accepted and not done):
        made = await _write(tx, hall, task, output or Output(), accepted=done)
        event = DeliverableSubmitted(**made)
        changes["deliverable_id"] = event.deliverable_id
    elif done and not newest.accepted:
        await _accept(tx, hall, newest.id)
        event = DeliverableAccepted(newest.id)
    accepts = done and task.state is State.IN_REVIEW
    command = Command.ACCEPT if accepts else Command.BOARD_MOVE
    return await move(
        tx,
        hall,
        task,
        command,
        side=Side.POSTER,
        actor=actor,
        event=event,
        target=column,
        **changes,
    )


async def _write(
    tx: Tx, hall: Hall, task: Task, output: Output, *, accepted: bool
) -> dict[str, Any]:
    """Keep what came of a task as its next deliverable; what an event says of it.

    What is not said anew stays as it was handed in: text, branch and files.
    """
    before = None
    if task.deliverable_id is not None:
        before = await deliverables.by_id(tx, task.deliverable_id)
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
    if accepted:
        await _accept(tx, hall, made.id)
    return {
        "deliverable_id": made.id,
        "number": made.number,
        "text": made.text,
        "files": tuple(file.name for file in files),
        "branch": made.branch,
        "commit": made.commit,
    }


def refuse_held(task: Task, instead: str) -> None:
    """Raise WrongState where money is held for a task: no board changes what was agreed."""
    if task.has_hold:
        raise WrongState(
            f"Money is held for this task; say '{instead}' instead, at the hall's own door",
            state=task.state.value,
            command=Command.BOARD_MOVE.value,
        )


def _way(task: Task, column: State, output: Output | None) -> tuple[Command, Happened]:
    """By which command a task gets into a column, and what is said to have happened."""
    if column is State.FAILED:
        reason = "" if output is None else output.error
        return Command.BOARD_MOVE, TaskFailed(reason or "Moved there by hand")
    if column is State.OPEN and task.state is State.DRAFT:
        return Command.BOARD_MOVE, TaskPublished()
    if column is State.OPEN and task.state in FINAL:
        return Command.REOPEN, TaskReopened()
    return Command.BOARD_MOVE, TaskMoved(task.state.value)


async def _accept(tx: Tx, hall: Hall, deliverable_id: str) -> None:
    await deliverables.decide(tx, deliverable_id, accepted=True, reason=None, at_us=hall.clock())
