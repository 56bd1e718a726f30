"""The Agentix door's tasks: put on a team's board, changed, run, resumed, parted, dropped."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any

from msgspec import UnsetType

from hiringhall.actions import feed as feed_actions
from hiringhall.actions.tasks import backlog, change, running
from hiringhall.domain import errors
from hiringhall.domain.errors import Invalid
from hiringhall.domain.ids import id_of_ref
from hiringhall.domain.tasks import State
from hiringhall.doors.agentix import wire_tasks as wire
from hiringhall.doors.agentix.words import id_of
from hiringhall.doors.caller import customer, customer_or_worker, once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route, Stream, encode_json
from hiringhall.queries import boards, feed
from hiringhall.queries.boards import Details, Filter


async def list_tasks(
    desk: Desk, call: Call[None, wire.TasksQuery]
) -> Stream | list[wire.TaskAnswer]:
    """List a team's tasks, newest first: all of them, or with `limit` and `cursor` a part.

    Those that came in by another door are in the organization's first team.
    """
    query = call.query
    team_id = id_of("team", query.team_id)
    parent = query.parent_task_id
    wanted = Filter(
        states=wire.states_of(query.status),
        role=query.role,
        parent_id=None if parent is None else id_of("task", parent),
    )
    before = None if query.cursor is None else _cursor(query.cursor)
    await feed_actions.sequence(desk.hall, organization_id=call.actor.organization_id or "")
    if query.limit is not None or before is not None:
        page = await boards.page_of_team(
            desk.hall,
            actor=call.actor,
            team_id=team_id,
            wanted=wanted,
            before=before,
            limit=query.limit or boards.PAGE,
        )
        return await answers_of(desk, call, page)
    pages = boards.all_of_team(desk.hall, actor=call.actor, team_id=team_id, wanted=wanted)
    first = await anext(pages, list[Details]())
    return Stream(_whole_list(desk, call, first, pages))


async def _whole_list(
    desk: Desk,
    call: Call[None, wire.TasksQuery],
    first: list[Details],
    pages: AsyncIterator[list[Details]],
) -> AsyncGenerator[bytes, None]:
    """The list as JSON, a page of it in memory at a time."""
    yield b"[" + encode_json(await answers_of(desk, call, first))[1:-1]
    async for page in pages:
        yield b"," + encode_json(await answers_of(desk, call, page))[1:-1]
    yield b"]"


def _cursor(given: str) -> str:
    found = id_of_ref("task", given)
    if found is None:
        raise Invalid("cursor is not one of this list's", {"cursor": "unknown"})
    return found


async def create_task(desk: Desk, call: Call[wire.TaskBody, None]) -> wire.TaskAnswer:
    """Put a task on a team's board; with the status `ready` a worker may be spawned for it."""
    body = call.body
    team_id = id_of("team", body.team_id)
    once = once_of(
        call, organization_id=call.actor.organization_id or "", status=201, view=wire.task_answer
    )
    posted = await backlog.post_in_team(
        desk.hall.once_only(once),
        actor=call.actor,
        team_id=team_id,
        new=_new(body),
        parent_id=wire.parent_of(body.parent_task_id),
    )
    return wire.task_answer(posted)


async def add_subtask(desk: Desk, call: Call[wire.SubtaskBody, None]) -> wire.TaskAnswer:
    """Put a part of a task on the board of its team."""
    parent_id = id_of("task", call.path["task_id"])
    once = once_of(
        call, organization_id=call.actor.organization_id or "", status=201, view=wire.task_answer
    )
    posted = await backlog.add_subtask(
        desk.hall.once_only(once), actor=call.actor, parent_id=parent_id, new=_new(call.body)
    )
    return wire.task_answer(posted)


async def get_task(desk: Desk, call: Call[None, None]) -> wire.TaskAnswer:
    """Get a task with its parent, its subtasks, its workers and its newest events."""
    return await _seen(desk, call, id_of("task", call.path["task_id"]))


async def change_task(desk: Desk, call: Call[wire.TaskPatch, None]) -> wire.TaskAnswer:
    """Change a task, move it to another status, or say what came of it.

    What contradicts a worker that is on it is 409, and so is what is agreed where money is held.
    """
    body = call.body
    task_id = id_of("task", call.path["task_id"])
    needed = body.dependencies
    changes = change.task_change(
        title=body.title,
        description=_kept(body.description),
        accept_criteria=_kept(body.accept_criteria),
        role=_kept(body.role),
        priority=body.priority,
        dependencies=None if needed is None else wire.needed_ids(needed),
        output=wire.output_of(body.output),
        column=wire.column_of(body.status),
        team_id=_fixed("team", body.team_id),
        parent_id=_fixed("task", body.parent_task_id),
    )
    await change.change_task(desk.hall, actor=call.actor, task_id=task_id, change=changes)
    return await _seen(desk, call, task_id)


async def delete_task(desk: Desk, call: Call[None, None]) -> wire.TaskAnswer:
    """Cancel a task: it is `failed`, its worker stops, its record stays."""
    task_id = id_of("task", call.path["task_id"])
    await change.drop_task(desk.hall, actor=call.actor, task_id=task_id)
    return await _seen(desk, call, task_id)


async def run_task(desk: Desk, call: Call[None, None]) -> wire.RunAnswer:
    """Spawn a worker for a task that is ready; the answer does not wait for it to begin."""
    task_id = id_of("task", call.path["task_id"])
    once = once_of(
        call, organization_id=call.actor.organization_id or "", status=200, view=wire.run_answer
    )
    run = await running.run_task(desk.hall.once_only(once), actor=call.actor, task_id=task_id)
    return wire.run_answer(run)


async def resume_task(desk: Desk, call: Call[None, None]) -> wire.ResumeAnswer:
    """Spawn a worker that goes on with the session of a failed task's last."""
    task_id = id_of("task", call.path["task_id"])
    once = once_of(
        call, organization_id=call.actor.organization_id or "", status=200, view=wire.resume_answer
    )
    run = await running.resume_task(desk.hall.once_only(once), actor=call.actor, task_id=task_id)
    return wire.resume_answer(run)


def _new(body: wire.TaskBody | wire.SubtaskBody) -> backlog.NewTask:
    return backlog.new_task(
        title=body.title,
        description=body.description,
        accept_criteria=wire.said(body.accept_criteria),
        role=wire.said(body.role),
        priority=body.priority,
        dependencies=wire.needed_ids(body.dependencies),
        column=wire.column_of(body.status) or State.DRAFT,
        created_label=body.created_by,
    )


def _kept(value: str | UnsetType | None) -> str | None:
    return change.KEEP if isinstance(value, UnsetType) else value


def _fixed(kind: str, given: str | UnsetType | None) -> str | None:
    """The id that is said of what cannot be changed; one of no kind is not what stands there."""
    kept = _kept(given)
    return kept if kept is change.KEEP or kept is None else id_of_ref(kind, kept) or kept


async def _seen(desk: Desk, call: Call[Any, Any], task_id: str) -> wire.TaskAnswer:
    await feed_actions.sequence(desk.hall, organization_id=call.actor.organization_id or "")
    details = await boards.task_details(desk.hall, actor=call.actor, task_id=task_id)
    (answer,) = await answers_of(desk, call, [details])
    return answer


async def answers_of(
    desk: Desk, call: Call[Any, Any], found: Sequence[Details]
) -> list[wire.TaskAnswer]:
    """Tasks with the links to their files and their newest events."""
    events = await feed.recent_of_tasks(desk.hall, task_ids=[one.task.id for one in found])
    return [
        wire.task_answer(
            one, files=await _files(desk, call, one), events=events.get(one.task.id, ())
        )
        for one in found
    ]


async def _files(desk: Desk, call: Call[Any, Any], details: Details) -> list[wire.FileAnswer]:
    return [
        wire.FileAnswer(one.name, one.size_bytes, await desk.link_to(call, one))
        for one in details.files
    ]


_SEES = (errors.Unauthorized, errors.NotYours, errors.NotFound)
_CHANGES = (*_SEES, errors.WrongState, errors.LostRace)

ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/tasks",
        list_tasks,
        {200: wire.TaskAnswer},
        "List a team's tasks",
        query=wire.TasksQuery,
        who=customer,
        raises=_SEES,
        many=True,
    ),
    Route(
        "POST",
        "/tasks",
        create_task,
        {201: wire.TaskAnswer},
        "Create a task",
        body=wire.TaskBody,
        who=customer,
        raises=(*_SEES, errors.WrongState),
        once=True,
    ),
    Route(
        "GET",
        "/tasks/{task_id}",
        get_task,
        {200: wire.TaskAnswer},
        "Get a task",
        who=customer,
        raises=_SEES,
    ),
    Route(
        "PATCH",
        "/tasks/{task_id}",
        change_task,
        {200: wire.TaskAnswer},
        "Change a task",
        body=wire.TaskPatch,
        who=customer,
        raises=_CHANGES,
    ),
    Route(
        "DELETE",
        "/tasks/{task_id}",
        delete_task,
        {200: wire.TaskAnswer},
        "Cancel a task",
        who=customer,
        raises=_CHANGES,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/run",
        run_task,
        {200: wire.RunAnswer},
        "Spawn a worker",
        who=customer,
        raises=(*_CHANGES, errors.Invalid, errors.OutOfCredits),
        once=True,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/resume",
        resume_task,
        {200: wire.ResumeAnswer},
        "Resume a failed task",
        who=customer,
        raises=(*_CHANGES, errors.Invalid, errors.OutOfCredits),
        once=True,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/subtasks",
        add_subtask,
        {201: wire.TaskAnswer},
        "Create a subtask",
        body=wire.SubtaskBody,
        who=customer_or_worker,
        raises=(*_SEES, errors.Forbidden, errors.Superseded, errors.WrongState),
        once=True,
    ),
)
