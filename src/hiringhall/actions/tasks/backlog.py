"""Tasks of a team's board: written down as a draft or as ready, with nobody at work on them yet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hiringhall.actions.runs.ending import load_fenced
from hiringhall.actions.tasks.board import move_on_board
from hiringhall.actions.tasks.creating import created
from hiringhall.actions.tasks.depending import put_dependencies
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.board import (
    COLUMN_OF,
    MAX_SUBTASKS,
    tidy_criteria,
    tidy_description,
    tidy_label,
    tidy_role,
    whole_title,
)
from hiringhall.domain.errors import Forbidden, Invalid, NotFound
from hiringhall.domain.events import TaskPublished
from hiringhall.domain.policy import Actor, ActorKind, check_sees
from hiringhall.domain.tasks import Acceptance, Engagement, State, Task, Waiting, fresh_task
from hiringhall.domain.teams import Team
from hiringhall.hall import Hall
from hiringhall.store import boards, events, tasks, teams
from hiringhall.store.boards import Details
from hiringhall.store.database import Tx
from hiringhall.store.events import Entry


@dataclass(frozen=True, slots=True)
class NewTask:
    """What a new task of a board says, judged and tidied; see `new_task`."""

    title: str
    description: str
    accept_criteria: str | None
    role: str | None
    priority: int
    dependencies: tuple[str, ...]
    column: State
    created_label: str | None


def new_task(
    *,
    title: str,
    description: str | None = None,
    accept_criteria: str | None = None,
    role: str | None = None,
    priority: int = 0,
    dependencies: Sequence[str] = (),
    column: State = State.DRAFT,
    created_label: str | None = None,
) -> NewTask:
    """Judge and tidy what a new task says; `column` is one of `domain.board.COLUMNS`.

    Raises Invalid.
    """
    return NewTask(
        title=whole_title(title),
        description=tidy_description(description),
        accept_criteria=tidy_criteria(accept_criteria),
        role=tidy_role(role),
        priority=priority,
        dependencies=tuple(dependencies),
        column=COLUMN_OF[column],
        created_label=tidy_label(created_label),
    )


@action
async def post_in_team(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    team_id: str,
    new: NewTask,
    parent_id: str | None = None,
) -> Details:
    """Put a task on a team's board, by itself or under another; a worker comes when it is run.

    Raises NotFound and NotYours for the team, Invalid for its dependencies and its parent.
    """
    team = await teams.by_id(tx, team_id) if ids.is_uuid(team_id) else None
    check_sees(actor, None if team is None else team.organization_id, "team")
    if team is None:
        raise NotFound("team")
    parent = None
    if parent_id is not None:
        parent = await tasks.by_id(tx, parent_id) if ids.is_uuid(parent_id) else None
        if parent is None or parent.team_id != team.id:
            raise Invalid("parent_id names no task of this team", {"parent_id": "unknown"})
        await _check_room(tx, parent)
    return await _post(tx, hall, actor=actor, team=team, parent=parent, new=new)


@action
async def add_subtask(tx: Tx, hall: Hall, *, actor: Actor, parent_id: str, new: NewTask) -> Details:
    """Put a part of a task on the board of its team; the task itself stays as it is.

    A run adds them to its own task alone. Raises NotFound and NotYours for the task, Forbidden and
    Superseded for a run, Invalid for dependencies and for too many subtasks.
    """
    if actor.run is not None:
        await load_fenced(tx, actor.run)
        if actor.run.task_id != parent_id:
            raise Forbidden("A worker adds subtasks to its own task, and to no other")
        new = _masked(hall, actor.organization_id or "", new)
    parent = await tasks.by_id(tx, parent_id) if ids.is_uuid(parent_id) else None
    check_sees(actor, None if parent is None else parent.organization_id, "task")
    team = None if parent is None else await teams.by_id(tx, parent.team_id)
    if parent is None or team is None:
        raise NotFound("task")
    await _check_room(tx, parent)
    return await _post(tx, hall, actor=actor, team=team, parent=parent, new=new)


def _masked(hall: Hall, organization_id: str, new: NewTask) -> NewTask:
    """A worker's words for a part of its task, without live secrets."""

    def mask(text: str | None) -> str | None:
        return None if text is None else hall.mask(organization_id, text)

    return replace(
        new,
        title=hall.mask(organization_id, new.title),
        description=hall.mask(organization_id, new.description),
        accept_criteria=mask(new.accept_criteria),
        role=mask(new.role),
        created_label=mask(new.created_label),
    )


async def _check_room(tx: Tx, parent: Task) -> None:
    if await boards.count_subtasks(tx, parent.id) >= MAX_SUBTASKS:
        raise Invalid(f"A task has at most {MAX_SUBTASKS} subtasks", {"parent_id": "too many"})


async def _post(
    tx: Tx, hall: Hall, *, actor: Actor, team: Team, parent: Task | None, new: NewTask
) -> Details:
    now_us = hall.clock()
    ready = new.column is not State.DRAFT
    task = fresh_task(
        task_id=hall.new_id(),
        organization_id=team.organization_id,
        team_id=team.id,
        # What a worker splits off is charged to whoever its own task is charged to.
        created_by=actor.user_id or (None if parent is None else parent.created_by),
        title=new.title,
        description=new.description,
        engagement=Engagement.STAFF,
        acceptance=Acceptance.POSTER if team.reviews else Acceptance.ON_DELIVERY,
        state=State.OPEN if ready else State.DRAFT,
        waiting_for=Waiting.POSTER if ready else Waiting.NOTHING,
        version=2 if ready else 1,
        priority=new.priority,
        # No repository: it is the team's, once it is run; by then the team may have another.
        role=new.role,
        parent_id=None if parent is None else parent.id,
        accept_criteria=new.accept_criteria,
        created_label=new.created_label or _label_of(actor),
        now_us=now_us,
    )
    await tasks.add(tx, task)
    needed = await put_dependencies(
        tx, task_id=task.id, team_id=team.id, depends_on=new.dependencies
    )
    await _tell(tx, task, actor=actor.label, dependencies=needed)
    tx.after_commit(lambda: hall.signals.happened(task.id, task.organization_id))
    tx.after_commit(lambda: hall.engine.look_at(task.team_id))
    if COLUMN_OF[task.state] is not new.column:
        task = await move_on_board(tx, hall, task, new.column, actor=actor)
    (details,) = await boards.details_of(tx, [task])
    return details


async def _tell(tx: Tx, task: Task, *, actor: str, dependencies: tuple[str, ...]) -> None:
    event = created(task, dependencies=dependencies)
    if task.state is State.DRAFT:
        await events.append(tx, event, task=task, actor=actor, at_us=task.created_at_us)
        return
    await events.append_pair(
        tx,
        Entry(event, 1, actor, State.DRAFT, Waiting.NOTHING),
        Entry(TaskPublished(), 2, actor, task.state, task.waiting_for),
        task=task,
        at_us=task.created_at_us,
    )


def _label_of(actor: Actor) -> str | None:
    """What a run is called as a creator: its user is not its own."""
    if actor.kind is ActorKind.RUN and actor.run_id is not None:
        return f"worker:{ids.ref_of('worker', actor.run_id)}"
    return None
