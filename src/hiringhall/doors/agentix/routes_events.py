"""The Agentix door's events: a team's feed, and what others report into it."""

from hiringhall.actions import feed as feed_actions
from hiringhall.actions import reporting
from hiringhall.domain import errors
from hiringhall.domain.errors import Forbidden, Invalid
from hiringhall.domain.feed import FROM_OUTSIDE, ReportedType
from hiringhall.doors.agentix import wire_events as wire
from hiringhall.doors.agentix.words import actor_of, id_of
from hiringhall.doors.caller import customer, customer_or_worker, once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.queries import feed


async def list_events(desk: Desk, call: Call[None, wire.EventsQuery]) -> list[wire.EventAnswer]:
    """A team's feed, newest first; `seq` or `timestamp` of the last goes into `cursor`."""
    query = call.query
    words = wire.words_of(query.type)
    before, before_us = wire.cursor_of(query.cursor)
    await feed_actions.sequence(desk.hall, organization_id=call.actor.organization_id or "")
    found = await feed.newest(
        desk.hall,
        actor=call.actor,
        team_id=id_of("team", query.team_id),
        task_id=None if query.task_id is None else id_of("task", query.task_id),
        words=words,
        before=before,
        before_us=before_us,
        limit=query.limit,
    )
    return [wire.event_answer(event) for event in found]


async def emit_event(desk: Desk, call: Call[wire.EventBody, None]) -> wire.EventAnswer:
    """Report progress or a message; a message on a task that waits for an answer is the answer."""
    body = call.body
    once = once_of(
        call,
        organization_id=call.actor.organization_id or "",
        status=201,
        view=wire.event_answer,
    )
    # What waits for its place is placed before, a page at a time, and not in one transaction.
    await feed_actions.sequence(desk.hall, organization_id=call.actor.organization_id or "")
    event = await reporting.report_event(
        desk.hall.once_only(once),
        actor=call.actor,
        team_id=id_of("team", body.team_id),
        event_type=_reported(body.type),
        task_id=None if body.task_id is None else id_of("task", body.task_id),
        run_id=None if body.worker_id is None else id_of("worker", body.worker_id),
        said_actor=body.actor or actor_of(call.actor.label),
        data=body.data,
    )
    return wire.event_answer(event)


def _reported(given: str) -> ReportedType:
    if given in FROM_OUTSIDE:
        return ReportedType(given)
    if given in wire.TYPES:
        raise Forbidden(f"The hall alone says '{given}'; report progress or a message")
    raise Invalid("type is 'progress' or 'message'", {"type": "unknown"})


_SEES = (errors.Unauthorized, errors.NotYours, errors.NotFound)

ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/events",
        list_events,
        {200: wire.EventAnswer},
        "A team's events",
        query=wire.EventsQuery,
        who=customer,
        raises=_SEES,
        many=True,
    ),
    Route(
        "POST",
        "/events",
        emit_event,
        {201: wire.EventAnswer},
        "Report an event",
        body=wire.EventBody,
        who=customer_or_worker,
        raises=(*_SEES, errors.Forbidden, errors.WrongState, errors.Superseded),
        once=True,
    ),
)
