"""A team's workers: those under way with the end of their log and a stop, and those before."""

import asyncio
from typing import Any

from hiringhall.actions.runs.stopping import stop_run
from hiringhall.domain import ids
from hiringhall.domain.errors import NotFound
from hiringhall.domain.runs import LIVE
from hiringhall.domain.teams import Team
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.paging import behind
from hiringhall.doors.pages.saying import Said, doing, showing
from hiringhall.doors.pages.teams import TEAM, at, show_of_team
from hiringhall.doors.pages.typed import place
from hiringhall.doors.pages.visits import Visit, called_here
from hiringhall.queries.kanban import working
from hiringhall.queries.runs import RunView, run_view
from hiringhall.queries.seen import task_seen
from hiringhall.queries.teams import team_view

MOST_LIVE = 20
MOST_COUNTED = 1_000
"""How many of those under way are counted: no team has as many."""
PAGE = 50
TAIL_BYTES = 2_000
LOG_BYTES = 48 * 1024

WORKERS = f"{TEAM}/workers"


async def _team(visit: Visit) -> Team:
    return await team_view(visit.desk.hall, actor=visit.actor, team_id=visit.call.path["team_id"])


async def show_workers(visit: Visit, said: Said) -> Raw:
    """Who is at work, and who was."""
    team = await _team(visit)
    hall, actor, before = visit.desk.hall, visit.actor, behind(visit)
    live = await _live(visit, team)
    found = await working(
        hall, actor=actor, team_id=team.id, live=False, before=before, limit=PAGE + 1
    )
    more = at(visit, f"/workers?before={found[PAGE - 1].run.id}") if len(found) > PAGE else ""
    over = [one for one in found[:PAGE] if one.run.state not in LIVE]
    return show_of_team(
        visit,
        "team_workers.html",
        team,
        "/workers",
        said,
        **live,
        over=over,
        more=more,
        is_first=before is None,
    )


async def show_live(visit: Visit, said: Said) -> Raw:
    """The part of that page that renews itself."""
    team = await _team(visit)
    live = await _live(visit, team)
    return show_of_team(visit, "team_workers_now.html", team, "/workers", said, **live)


async def _live(visit: Visit, team: Team) -> dict[str, Any]:
    """Who is at work, each with the end of its log, and where the further ones are."""
    asked = visit.query["live"]
    since = asked if ids.is_uuid(asked) else ""
    found = await working(
        visit.desk.hall,
        actor=visit.actor,
        team_id=team.id,
        live=True,
        before=since or None,
        limit=MOST_COUNTED,
    )
    shown = found[:MOST_LIVE]
    parts = await asyncio.gather(
        *(visit.desk.log_of(one.run.id, after=None, most_bytes=TAIL_BYTES) for one in shown)
    )
    return {
        "live": [
            (one, "" if part is None else part.text) for one, part in zip(shown, parts, strict=True)
        ],
        "live_since": since,
        "further": len(found) - len(shown),
        "further_at": f"?live={shown[-1].run.id}" if shown else "",
    }


async def _run_of_team(visit: Visit, team: Team) -> RunView:
    found = await run_view(visit.desk.hall, actor=visit.actor, run_id=visit.call.path["run_id"])
    if found.run.team_id != team.id:
        raise NotFound("worker")
    return found


async def show_worker(visit: Visit, said: Said) -> Raw:
    """A worker with a part of its log: the last, or from a place on."""
    team = await _team(visit)
    view = await _run_of_team(visit, team)
    after = place(visit.query["after"])
    part = await visit.desk.log_of(view.run.id, after=after, most_bytes=LOG_BYTES)
    task = await task_seen(visit.desk.hall, actor=visit.actor, task_id=view.run.task_id)
    return show_of_team(
        visit,
        "team_worker.html",
        team,
        "/workers",
        said,
        view=view,
        run=view.run,
        is_live=view.run.state in LIVE,
        can=task.can,
        follows=view.run.state in LIVE and after is None,
        asks_stop=bool(visit.query["stop"]),
        part=part,
        earlier=None if part is None or part.begins == 0 else max(0, part.begins - LOG_BYTES),
        later=None if part is None or part.ends >= part.size_bytes else part.ends,
    )


async def _stop(visit: Visit) -> str:
    view = await _run_of_team(visit, await _team(visit))
    with called_here(reason="why"):
        await stop_run(
            visit.desk.hall, actor=visit.actor, run_id=view.run.id, reason=visit.form["why"]
        )
    return at(visit, f"/workers/{view.run.id}")


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", WORKERS, showing(show_workers), {200: None}, "A team's workers"),
    Route("GET", f"{WORKERS}/now", showing(show_live), {200: None}, "Who is at work"),
    Route("GET", f"{WORKERS}/{{run_id}}", showing(show_worker), {200: None}, "A worker"),
    Route("POST", f"{WORKERS}/{{run_id}}/stop", doing(_stop, show_worker), {303: None}, "Stop it"),
)
