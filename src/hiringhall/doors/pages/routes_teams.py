"""Teams: listed, founded, and the board of each, whose cards are moved by hand."""

from hiringhall.actions import teams as team_actions
from hiringhall.actions.feed import sequence
from hiringhall.actions.tasks import change
from hiringhall.domain import ids
from hiringhall.domain.board import COLUMN_OF
from hiringhall.domain.errors import Invalid, NotFound
from hiringhall.domain.tasks import State
from hiringhall.domain.teams import Team
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.once import only_once
from hiringhall.doors.pages.paging import behind
from hiringhall.doors.pages.saying import Said, doing, showing
from hiringhall.doors.pages.teams import TEAM, TEAMS, at, show_of_team
from hiringhall.doors.pages.visits import Visit
from hiringhall.queries.boards import Filter, page_of_team
from hiringhall.queries.feed import newest_place
from hiringhall.queries.kanban import COLUMNS, kanban_of
from hiringhall.queries.teams import team_view, teams_page

PAGE = 50


async def show_teams(visit: Visit, said: Said) -> Raw:
    """The organization's teams, oldest first, in parts."""
    asked = visit.query["after"]
    after = asked if ids.is_uuid(asked) else None
    found = await teams_page(visit.desk.hall, actor=visit.actor, after=after, limit=PAGE + 1)
    more = f"{TEAMS}?after={found[PAGE - 1].id}" if len(found) > PAGE else ""
    return visit.show(
        "teams.html", teams=found[:PAGE], first=TEAMS if after else "", more=more, **said.shown
    )


async def show_new_team(visit: Visit, said: Said) -> Raw:
    """The page to found a team at."""
    return visit.show("team_new.html", **said.shown)


async def _found(visit: Visit) -> str:
    form = visit.form
    repository = form["gitRepoUrl"].strip()
    team = await team_actions.create_team(
        only_once(visit, _page_of),
        actor=visit.actor,
        name=form["name"],
        goal=form["goal"],
        autonomy=form["autonomy"] or None,
        config={"gitRepoUrl": repository} if repository else None,
    )
    return _page_of(team)


def _page_of(team: Team) -> str:
    return f"{TEAMS}/{team.id}"


async def show_board(visit: Visit, said: Said) -> Raw:
    """A team's board, its foremost tasks in their columns."""
    hall = visit.desk.hall
    # Before the board is read: what happens from then on, the stream says.
    after = await known_place(visit)
    board = await kanban_of(hall, actor=visit.actor, team_id=visit.call.path["team_id"])
    return show_of_team(visit, "team_board.html", board.team, "", said, board=board, after=after)


async def known_place(visit: Visit) -> int:
    """The end of the visitor's feed, from where an open page is to follow it."""
    hall, organization_id = visit.desk.hall, visit.actor.organization_id or ""
    await sequence(hall, organization_id=organization_id)
    return await newest_place(hall, organization_id=organization_id)


def column_of(text: str, field: str) -> State:
    """The column of a name; raises Invalid."""
    for one in COLUMNS:
        if one.value == text:
            return one
    raise Invalid("This is no column of the board", {field: "unknown"})


async def _move(visit: Visit) -> str:
    """The form is the whole board: a button says which card, and that card's field where to."""
    task_id = visit.form["task"]
    column = column_of(visit.form[f"to-{task_id}"], "task")
    await change.change_task(
        visit.desk.hall,
        actor=visit.actor,
        task_id=task_id,
        change=change.task_change(column=column),
    )
    return at(visit, f"#task-{task_id}")


async def show_column(visit: Visit, said: Said) -> Raw:
    """One column from its newest task on, page by page."""
    hall, actor = visit.desk.hall, visit.actor
    team = await team_view(hall, actor=actor, team_id=visit.call.path["team_id"])
    name = visit.call.path["column"]
    states = tuple(one for one in State if COLUMN_OF[one].value == name)
    if not states:
        raise NotFound("column")
    found = await page_of_team(
        hall,
        actor=actor,
        team_id=team.id,
        wanted=Filter(states=states),
        before=behind(visit),
        limit=PAGE + 1,
    )
    more = ""
    if len(found) > PAGE:
        more = at(visit, f"/columns/{name}?before={found[PAGE - 1].task.id}")
    return show_of_team(
        visit,
        "team_column.html",
        team,
        "",
        said,
        column=name,
        found=found[:PAGE],
        more=more,
    )


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", TEAMS, showing(show_teams), {200: None}, "Teams"),
    Route("GET", f"{TEAMS}/new", showing(show_new_team), {200: None}, "New team"),
    Route("POST", f"{TEAMS}/new", doing(_found, show_new_team), {303: None}, "Found a team"),
    Route("GET", TEAM, showing(show_board), {200: None}, "A team's board"),
    Route("POST", f"{TEAM}/move", doing(_move, show_board), {303: None}, "Move a card"),
    Route("GET", f"{TEAM}/columns/{{column}}", showing(show_column), {200: None}, "A column"),
)
