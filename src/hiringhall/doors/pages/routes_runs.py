"""A run at its page: what it came to, and what was said with its worker, line by line."""

from hiringhall.actions.runs.stopping import stop_run
from hiringhall.domain.errors import NotFound
from hiringhall.domain.runs import LIVE
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.routes_files import attached
from hiringhall.doors.pages.task_view import AT, saying
from hiringhall.doors.pages.typed import place
from hiringhall.doors.pages.visits import Visit, called_here, for_signed_in
from hiringhall.queries import runs
from hiringhall.queries.runs import RunView
from hiringhall.queries.seen import task_seen
from hiringhall.workers.runlog import MOST_BYTES

SHOWN_BYTES = 24 * 1024
_RUN = f"{AT}/runs/{{run_id}}"


async def _view(visit: Visit) -> RunView:
    view = await runs.run_view(visit.desk.hall, actor=visit.actor, run_id=visit.call.path["run_id"])
    if view.run.task_id != visit.call.path["task_id"]:
        raise NotFound("worker")
    return view


async def show_run(visit: Visit) -> Raw:
    """A run with the end of its log, or the part behind a place."""
    view, after = await _view(visit), place(visit.query["after"])
    part = await visit.desk.log_of(view.run.id, after=after, most_bytes=SHOWN_BYTES)
    task = await task_seen(visit.desk.hall, actor=visit.actor, task_id=view.run.task_id)
    return visit.show(
        "run.html",
        view=view,
        run=view.run,
        task_id=view.run.task_id,
        is_live=view.run.state in LIVE,
        can=task.can,
        # Only its end grows: whoever reads another part is left at it.
        follows=view.run.state in LIVE and after is None,
        part=part,
    )


async def keep_log(visit: Visit) -> Raw:
    """The whole log, to be kept."""
    view = await _view(visit)
    part = await visit.desk.log_of(view.run.id, after=0, most_bytes=MOST_BYTES + SHOWN_BYTES)
    if part is None:
        raise NotFound("log")
    return attached(part.text, f"run-{view.run.id}.log")


async def _stop(visit: Visit, task_id: str) -> None:
    view = await _view(visit)
    with called_here(reason="why"):
        await stop_run(
            visit.desk.hall, actor=visit.actor, run_id=view.run.id, reason=visit.form["why"]
        )


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", _RUN, for_signed_in(show_run), {200: None}, "A run"),
    Route("GET", f"{_RUN}/log.txt", for_signed_in(keep_log), {200: None}, "A run's log"),
    Route("POST", f"{_RUN}/stop", saying(_stop), {303: None}, "Stop a run"),
)
