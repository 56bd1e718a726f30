"""A task's sheet on its team's board: what it says, who works on it, and what is done by hand."""

from collections.abc import Sequence

from hiringhall.actions.tasks import backlog, change, running
from hiringhall.domain.board import COLUMN_OF, make_output
from hiringhall.domain.errors import Invalid
from hiringhall.domain.ids import id_of_ref
from hiringhall.domain.lifecycle import Side, commands_of
from hiringhall.domain.records import record_of
from hiringhall.domain.runs import LIVE, Run
from hiringhall.domain.tasks import State
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.meanwhile import meanwhile, seen_of
from hiringhall.doors.pages.once import only_once
from hiringhall.doors.pages.people import names_for
from hiringhall.doors.pages.routes_teams import column_of, known_place
from hiringhall.doors.pages.routes_workers import TAIL_BYTES
from hiringhall.doors.pages.saying import Said, doing, showing
from hiringhall.doors.pages.teams import TEAM, at, show_of_team
from hiringhall.doors.pages.typed import whole_number, words_of
from hiringhall.doors.pages.visits import Visit
from hiringhall.queries import feed
from hiringhall.queries.kanban import COLUMNS, sheet_of
from hiringhall.queries.teams import roles_of, team_view

SHEET = f"{TEAM}/tasks/{{task_id}}"
NEEDED = "dependencies"


async def show_new_task(visit: Visit, said: Said) -> Raw:
    """The page to put a task on a team's board at."""
    hall, actor, team_id = visit.desk.hall, visit.actor, visit.call.path["team_id"]
    team = await team_view(hall, actor=actor, team_id=team_id)
    return show_of_team(
        visit,
        "team_task_new.html",
        team,
        "",
        said,
        roles=await roles_of(hall, actor=actor, team_id=team_id),
        parent=visit.form["parent_id"] or visit.query["parent"],
    )


async def _put_up(visit: Visit) -> str:
    form = visit.form
    parent = form["parent_id"].strip()
    new = backlog.new_task(
        title=form["title"],
        description=form["description"],
        accept_criteria=form["accept_criteria"],
        role=form["role"],
        priority=whole_number(form, "priority") or 0,
        dependencies=needed_of(form),
        column=State.OPEN if form["column"] == State.OPEN else State.DRAFT,
    )
    made = await backlog.post_in_team(
        only_once(visit, lambda made: at(visit, f"/tasks/{made.task.id}")),
        actor=visit.actor,
        team_id=visit.call.path["team_id"],
        new=new,
        parent_id=None if not parent else id_of_ref("task", parent) or parent,
    )
    return at(visit, f"/tasks/{made.task.id}")


def needed_of(form: Form) -> list[str]:
    """The tasks that are named as dependencies, by `task_…` or plain; raises Invalid."""
    return [id_of_ref("task", one) or one for one in words_of(form[NEEDED])]


async def show_sheet(visit: Visit, said: Said) -> Raw:
    """A task's sheet."""
    hall, actor, path = visit.desk.hall, visit.actor, visit.call.path
    team = await team_view(hall, actor=actor, team_id=path["team_id"])
    # First: what happens behind the end of the feed, the stream says.
    after = await known_place(visit)
    task_id = path["task_id"]
    logged = await feed.newest(hall, actor=actor, task_id=task_id, limit=feed.RECENT)
    found, titles = await sheet_of(hall, actor=actor, team_id=team.id, task_id=task_id)
    return show_of_team(
        visit,
        "team_task.html",
        team,
        "",
        said,
        found=found,
        task=found.task,
        titles=titles,
        meanwhile=meanwhile(said, "words", change.said_of(found.task, found.dependencies)),
        column=COLUMN_OF[found.task.state],
        columns=COLUMNS,
        can=commands_of(found.task, Side.POSTER),
        roles=await roles_of(hall, actor=actor, team_id=team.id),
        names=await names_for(visit, [one.actor for one in logged]),
        events=[record_of(one) for one in logged if one.seq <= after],
        after=after,
        tails=await _tails(visit, found.runs),
    )


async def _tails(visit: Visit, runs: Sequence[Run]) -> dict[str, str]:
    """The end of the log of those under way, by run."""
    live = [one.id for one in runs if one.state in LIVE]
    parts = [await visit.desk.log_of(one, after=None, most_bytes=TAIL_BYTES) for one in live]
    return {one: "" if part is None else part.text for one, part in zip(live, parts, strict=True)}


async def _change(visit: Visit, changes: change.TaskChange) -> str:
    task_id = visit.call.path["task_id"]
    await change.change_task(
        visit.desk.hall,
        actor=visit.actor,
        task_id=task_id,
        change=changes,
        seen=seen_of(visit.form),
    )
    return at(visit, f"/tasks/{task_id}")


async def _reword(visit: Visit) -> str:
    form = visit.form
    changes = change.task_change(
        title=form["title"],
        description=form["description"],
        accept_criteria=form["accept_criteria"],
        role=form["role"],
        priority=whole_number(form, "priority") or 0,
        dependencies=needed_of(form),
    )
    return await _change(visit, changes)


async def _move(visit: Visit) -> str:
    form = visit.form
    output = make_output(summary=form["summary"], branch=form["branch"], error=form["error"])
    says = bool(output.says_something or output.error)
    column = column_of(form["column"], "column")
    return await _change(visit, change.task_change(column=column, output=output if says else None))


async def _run(visit: Visit) -> str:
    task_id = visit.call.path["task_id"]
    # As on the task's own page: without a role, whatever does work of its kind.
    await running.run_task(visit.desk.hall, actor=visit.actor, task_id=task_id, by_role=False)
    return at(visit, f"/tasks/{task_id}")


async def _resume(visit: Visit) -> str:
    task_id = visit.call.path["task_id"]
    await running.resume_task(visit.desk.hall, actor=visit.actor, task_id=task_id)
    return at(visit, f"/tasks/{task_id}")


async def _reopen(visit: Visit) -> str:
    task_id = visit.call.path["task_id"]
    await running.reopen_task(visit.desk.hall, actor=visit.actor, task_id=task_id)
    return at(visit, f"/tasks/{task_id}")


async def _drop(visit: Visit) -> str:
    if not visit.form["sure"]:
        raise Invalid("Say that you mean it", {"sure": "not said"})
    task_id = visit.call.path["task_id"]
    await change.drop_task(visit.desk.hall, actor=visit.actor, task_id=task_id)
    return at(visit, f"/tasks/{task_id}")


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", f"{TEAM}/tasks/new", showing(show_new_task), {200: None}, "New task of a team"),
    Route("POST", f"{TEAM}/tasks/new", doing(_put_up, show_new_task), {303: None}, "Put it up"),
    Route("GET", SHEET, showing(show_sheet), {200: None}, "A task's sheet"),
    Route("POST", f"{SHEET}/words", doing(_reword, show_sheet), {303: None}, "Say it anew"),
    Route("POST", f"{SHEET}/place", doing(_move, show_sheet), {303: None}, "Move it by hand"),
    Route("POST", f"{SHEET}/run", doing(_run, show_sheet), {303: None}, "Run it"),
    Route("POST", f"{SHEET}/resume", doing(_resume, show_sheet), {303: None}, "Resume it"),
    Route("POST", f"{SHEET}/reopen", doing(_reopen, show_sheet), {303: None}, "Open it anew"),
    Route("POST", f"{SHEET}/drop", doing(_drop, show_sheet), {303: None}, "Take it off the board"),
)
