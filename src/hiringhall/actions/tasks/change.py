"""Changing a task of a board: what it says, what it waits for, what came of it, where it hangs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hiringhall.actions.tasks.answer import cancel_in
from hiringhall.actions.tasks.board import keep_output, move_on_board, refuse_held
from hiringhall.actions.tasks.depending import put_dependencies
from hiringhall.actions.tasks.moving import load_for_change, record
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.board import (
    COLUMN_OF,
    Output,
    tidy_criteria,
    tidy_description,
    tidy_role,
    whole_title,
)
from hiringhall.domain.errors import Invalid
from hiringhall.domain.events import Changed, TaskChanged
from hiringhall.domain.meanwhile import still_meant
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State, Task
from hiringhall.hall import Hall
from hiringhall.store import dependencies, tasks, teams
from hiringhall.store.database import Tx

KEEP: Any = object()
"""Stands for what a change does not speak of, where None says something."""


@dataclass(frozen=True, slots=True)
class TaskChange:
    """What is to be another way; KEEP leaves it. See `task_change`."""

    texts: dict[str, str | int | None]
    fixed: dict[str, str | None]
    dependencies: tuple[str, ...] | None
    output: Output | None
    column: State | None


def task_change(
    *,
    title: str | None = None,
    description: str | None = KEEP,
    accept_criteria: str | None = KEEP,
    role: str | None = KEEP,
    priority: int | None = None,
    dependencies: Sequence[str] | None = None,
    output: Output | None = None,
    column: State | None = None,
    team_id: str | None = KEEP,
    parent_id: str | None = KEEP,
) -> TaskChange:
    """Judge and tidy a change; `column` is one of `domain.board.COLUMNS`. Raises Invalid.

    A task stays in its team and under its parent: these may be said as they are.
    """
    fixed = {"team_id": team_id, "parent_id": parent_id}
    fixed = {name: said for name, said in fixed.items() if said is not KEEP}
    texts: dict[str, str | int | None] = {}
    if title is not None:
        texts["title"] = whole_title(title)
    if description is not KEEP:
        texts["description"] = tidy_description(description)
    if accept_criteria is not KEEP:
        texts["accept_criteria"] = tidy_criteria(accept_criteria)
    if role is not KEEP:
        texts["role"] = tidy_role(role)
    if priority is not None:
        texts["priority"] = priority
    needed = None if dependencies is None else tuple(dependencies)
    return TaskChange(texts, fixed, needed, output, None if column is None else COLUMN_OF[column])


def said_of(task: Task, needed: Sequence[str]) -> dict[str, Any]:
    """What a change of a task can say anew, as it stands: for the marks of whoever reads it."""
    names = ("title", "description", "accept_criteria", "role", "priority")
    return {name: getattr(task, name) for name in names} | {"dependencies": list(needed)}


@action
async def change_task(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    change: TaskChange,
    seen: Mapping[str, str] | None = None,
) -> Task:
    """Change a task: its words first, then its place on the board, with what came of it.

    `seen` are the marks of its words as they were read (`domain.meanwhile`): what somebody else
    has changed since is not overwritten, and LostRace where both did. Raises NotFound, NotYours,
    Invalid for its dependencies and for what is fixed, and WrongState
    where money is held for it or a worker is on it.
    """
    if change.dependencies is not None:
        await _keep_others(tx, task_id)
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    for name, said in change.fixed.items():
        if getattr(task, name) != said:
            raise Invalid(f"{name} of a task cannot be changed", {name: "fixed"})
    task = await _reword(tx, hall, task, change, actor=actor, seen=seen or {})
    if change.column is not None:
        return await move_on_board(tx, hall, task, change.column, actor=actor, output=change.output)
    if change.output is not None:
        return await keep_output(tx, hall, task, change.output, actor=actor)
    return task


@action
async def drop_task(tx: Tx, hall: Hall, *, actor: Actor, task_id: str) -> Task:
    """Take a task off the board as failed, and stop who works on it; its record stays.

    One that has failed or was withdrawn stays as it is. Raises NotFound, NotYours, and WrongState
    where money is held for it that somebody may have earned.
    """
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    if task.state is State.DONE:
        return await move_on_board(tx, hall, task, State.FAILED, actor=actor, output=None)
    if COLUMN_OF[task.state] is State.FAILED:
        return task
    return await cancel_in(tx, hall, task, actor=actor)


async def _keep_others(tx: Tx, task_id: str) -> None:
    """Hold the team's dependencies before the task: whoever has them may wait for a task."""
    task = await tasks.by_id(tx, task_id) if ids.is_uuid(task_id) else None
    if task is not None:
        await teams.keep_dependencies(tx, task.team_id)


async def _reword(
    tx: Tx,
    hall: Hall,
    task: Task,
    change: TaskChange,
    *,
    actor: Actor,
    seen: Mapping[str, str],
) -> Task:
    were = (await dependencies.of_tasks(tx, [task.id])).get(task.id, [])
    wanted: dict[str, Any] = {**change.texts}
    if change.dependencies is not None:
        wanted["dependencies"] = list(change.dependencies)
    meant = still_meant(wanted, said_of(task, were), seen)
    needs_too = meant.pop("dependencies", None) is not None
    texts = {name: said for name, said in meant.items() if getattr(task, name) != said}
    changes: dict[str, Changed] = {**texts}
    if change.dependencies is not None and needs_too:
        needed = await put_dependencies(
            tx, task_id=task.id, team_id=task.team_id, depends_on=change.dependencies
        )
        if list(needed) != were:
            changes["dependencies"] = list(needed)
    if not changes:
        return task
    if texts.keys() - {"priority"}:
        refuse_held(task, "cancel")
    return await record(
        tx,
        hall,
        replace(task, **texts),  # pyright: ignore[reportArgumentType]
        actor=actor,
        event=TaskChanged(changes),
        was=task,
    )
