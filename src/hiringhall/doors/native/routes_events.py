"""The native door's events: a page behind a cursor, or a stream that can be taken up again."""

from collections.abc import AsyncGenerator

from hiringhall.actions import following
from hiringhall.actions.following import Reader
from hiringhall.domain import errors
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route, Stream
from hiringhall.doors.native import wire_events as wire
from hiringhall.doors.native.callers import anybody
from hiringhall.doors.streams import AT_ONCE, EVENT_STREAM, FIRST, heard_by

Asked = Call[None, wire.EventsQuery]


async def list_events(desk: Desk, call: Asked) -> wire.EventsAnswer | Stream:
    """The organization's events behind a place, in their order; or, of one task, an agent's.

    With `Accept: text/event-stream` they come as they happen, each with its `seq` as `id`, and a
    `Last-Event-ID` says where to go on. An event named `gap` says that the place which was asked
    for is not there. A comment comes every 15 seconds. `limit` is for pages alone.
    """
    if EVENT_STREAM in call.headers.get(b"accept", b"").lower():
        return await _stream(desk, call)
    query = call.query
    page = await following.read_page(
        desk.hall,
        actor=call.actor,
        after=wire.place_of(query.after),
        team_id=query.team_id,
        task_id=query.task_id,
        types=wire.types_of(query.type),
        limit=query.limit,
    )
    gap = None if page.gap is None else wire.GapAnswer(page.gap.asked, page.gap.newest)
    return wire.EventsAnswer(
        [wire.event_answer(event) for event in page.events], str(page.cursor), gap
    )


async def _stream(desk: Desk, call: Asked) -> Stream:
    query = call.query
    known = call.header(b"last-event-id")
    after = (
        wire.place_of(query.after) if known is None else wire.place_of(known, name="Last-Event-ID")
    )
    reader = await desk.feeds.read_along(
        desk.hall,
        actor=call.actor,
        after=after,
        team_id=query.team_id,
        task_id=query.task_id,
        types=wire.types_of(query.type),
    )
    return Stream(
        _pieces(desk, call, reader),
        EVENT_STREAM,
        headers=AT_ONCE,
        endless=True,
        release=reader.close,
    )


async def _pieces(desk: Desk, call: Asked, reader: Reader) -> AsyncGenerator[bytes, None]:
    """The stream, until the client leaves, the server stops, or its key or sign-in is over."""
    yield FIRST
    async for heard in heard_by(reader, call.actor, lambda: anybody(desk, call)):
        yield wire.piece_of(heard)


ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/events",
        list_events,
        {200: wire.EventsAnswer},
        "Events, as a page or as a stream",
        query=wire.EventsQuery,
        who=anybody,
        raises=(
            errors.Unauthorized,
            errors.NotApproved,
            errors.NotFound,
            errors.TooManyAttempts,
        ),
    ),
)
