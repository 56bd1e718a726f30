"""The native door's runs: listed, read, stopped, and taken in hand elsewhere."""

from hiringhall.actions.runs import external
from hiringhall.actions.runs.stopping import stop_run
from hiringhall.domain import errors, ids
from hiringhall.domain.errors import NotFound
from hiringhall.doors.caller import once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Answer, Call, Route
from hiringhall.doors.native import wire_runs as wire
from hiringhall.doors.native.callers import person, person_or_run, viewer_of
from hiringhall.doors.native.paging import cut, position_of
from hiringhall.doors.native.routes_tasks import SAYS, SEES
from hiringhall.doors.native.wire_tasks import ReasonBody
from hiringhall.queries import runs, seen, teams

LOG_BYTES = 64 * 1024
"""How much of a log one answer holds."""


async def lease_run(desk: Desk, call: Call[wire.LeaseBody, None]) -> Answer:
    """Take a run of the runtime `external` in hand, or keep it there.

    Whoever takes it is told its service key, this once, and what is to be done. To keep it, ask
    again before `lease_until`, with either key; else it is lost, and the next run goes on. The id
    is the run's, or the `worker_…` of the Agentix door.
    """
    given = call.path["run_id"]
    lease = await external.lease_run(
        desk.hall,
        actor=call.actor,
        run_id=ids.id_of_ref("worker", given) or given,
        lease_s=call.body.lease_s,
    )
    return Answer(wire.lease_answer(lease), 200)


async def list_runs(desk: Desk, call: Call[None, wire.RunsQuery]) -> wire.RunsAnswer:
    """Runs of a team, newest first, or the newest of a task; the first team's unless said."""
    query, hall = call.query, desk.hall
    if query.task_id is not None:
        found = await seen.task_seen(hall, actor=call.actor, task_id=query.task_id)
        if not found.is_poster:
            raise NotFound("task")
        of_task = await runs.runs_of_tasks(hall, task_ids=[query.task_id])
        return wire.RunsAnswer(
            [wire.run_answer(one) for one in of_task.get(query.task_id, [])], None
        )
    team_id = query.team_id
    if team_id is None:
        first, *_ = await teams.list_teams(hall, actor=call.actor)
        team_id = first.id
    of_team = await runs.runs_of_team(
        hall,
        actor=call.actor,
        team_id=team_id,
        states=wire.states_of(query.state),
        before=position_of(desk, call),
        limit=query.limit + 1,
    )
    part, cursor = cut(desk, call, of_team, lambda one: one.id)
    return wire.RunsAnswer([wire.run_answer(one) for one in part], cursor)


async def get_run(desk: Desk, call: Call[None, None]) -> wire.RunDetails:
    """Get a run with its task, and why it ended."""
    return wire.run_details(
        await runs.run_view(desk.hall, actor=call.actor, run_id=call.path["run_id"])
    )


async def read_log(desk: Desk, call: Call[None, wire.LogQuery]) -> wire.RunLogAnswer:
    """What was said with a run's worker, by lines: the last of it, or what is behind a place.

    It is kept for two weeks, on the machine where the run was.
    """
    view = await runs.run_view(desk.hall, actor=call.actor, run_id=call.path["run_id"])
    part = await desk.log_of(view.run.id, after=call.query.after, most_bytes=LOG_BYTES)
    if part is None:
        node = view.run.node_id
        where = f"the node {node}" if node else "no machine: nobody has begun with it"
        raise NotFound(
            "log", because=f"this run was on {where}, and a log stays two weeks on its machine"
        )
    return wire.log_answer(view.run.id, part)


async def stop(desk: Desk, call: Call[ReasonBody, None]) -> wire.RunAnswer:
    """Stop a run; its task is cancelled with it, and `resume` goes on from there."""
    once = once_of(call, organization_id=viewer_of(call.actor), status=200, view=wire.run_answer)
    run = await stop_run(
        desk.hall.once_only(once),
        actor=call.actor,
        run_id=call.path["run_id"],
        reason=call.body.reason,
    )
    return wire.run_answer(run)


ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/runs",
        list_runs,
        {200: wire.RunsAnswer},
        "Runs",
        query=wire.RunsQuery,
        who=person,
        raises=SEES,
    ),
    Route(
        "GET",
        "/runs/{run_id}",
        get_run,
        {200: wire.RunDetails},
        "Get a run",
        who=person,
        raises=SEES,
    ),
    Route(
        "GET",
        "/runs/{run_id}/log",
        read_log,
        {200: wire.RunLogAnswer},
        "A run's log",
        query=wire.LogQuery,
        who=person,
        raises=SEES,
    ),
    Route(
        "POST",
        "/runs/{run_id}/cancel",
        stop,
        {200: wire.RunAnswer},
        "Stop a run",
        body=ReasonBody,
        may_be_empty=True,
        who=person,
        raises=SAYS,
        once=True,
    ),
    Route(
        "POST",
        "/runs/{run_id}/lease",
        lease_run,
        {200: wire.LeaseAnswer},
        "Take or keep a run that is done elsewhere",
        body=wire.LeaseBody,
        who=person_or_run,
        raises=(
            errors.Unauthorized,
            errors.Forbidden,
            errors.NotFound,
            errors.WrongState,
            errors.Superseded,
        ),
    ),
)
