"""The Agentix door's workers, and what they used."""

from hiringhall.actions import feed as feed_actions
from hiringhall.domain import errors
from hiringhall.doors.agentix import wire_usage, wire_workers
from hiringhall.doors.agentix.words import id_of
from hiringhall.doors.caller import customer
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.queries import feed, runs


async def list_workers(
    desk: Desk, call: Call[None, wire_workers.WorkersQuery]
) -> list[wire_workers.WorkerAnswer]:
    """A team's workers, the newest first; the last one's id goes into `cursor` for those before."""
    query = call.query
    found = await runs.runs_of_team(
        desk.hall,
        actor=call.actor,
        team_id=id_of("team", query.team_id),
        states=wire_workers.states_of(query.status),
        before=None if query.cursor is None else id_of("worker", query.cursor),
        limit=query.limit,
    )
    return [wire_workers.worker_answer(run) for run in found]


async def get_worker(desk: Desk, call: Call[None, None]) -> wire_workers.WorkerDetails:
    """Get a worker with its task and its newest events."""
    run_id = id_of("worker", call.path["worker_id"])
    view = await runs.run_view(desk.hall, actor=call.actor, run_id=run_id)
    await feed_actions.sequence(desk.hall, organization_id=view.run.organization_id)
    events = await feed.recent_of_run(
        desk.hall, actor=call.actor, task_id=view.run.task_id, run_id=run_id
    )
    return wire_workers.worker_details(view, events)


async def get_usage(desk: Desk, call: Call[None, wire_usage.UsageQuery]) -> wire_usage.UsageAnswer:
    """What workers used, of the customer or of one team, by when they were spawned."""
    query = call.query
    types = wire_usage.types_of(query.type)
    from_us, until_us = wire_usage.span_of(query.from_, query.to)
    found = await runs.usage(
        desk.hall,
        actor=call.actor,
        team_id=None if query.team_id is None else id_of("team", query.team_id),
        from_us=from_us,
        until_us=until_us,
        limit=query.limit,
    )
    return wire_usage.usage_answer(found, types)


_SEES = (errors.Unauthorized, errors.NotYours, errors.NotFound)

ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/workers",
        list_workers,
        {200: wire_workers.WorkerAnswer},
        "A team's workers",
        query=wire_workers.WorkersQuery,
        who=customer,
        raises=_SEES,
        many=True,
    ),
    Route(
        "GET",
        "/workers/{worker_id}",
        get_worker,
        {200: wire_workers.WorkerDetails},
        "Get a worker",
        who=customer,
        raises=_SEES,
    ),
    Route(
        "GET",
        "/usage",
        get_usage,
        {200: wire_usage.UsageAnswer},
        "What workers used",
        query=wire_usage.UsageQuery,
        who=customer,
        raises=_SEES,
    ),
)
