"""A task's log as it grows: lines of the page, in a stream that is taken up where it broke off."""

import asyncio
from collections.abc import AsyncGenerator

import msgspec

from hiringhall.actions.channel import Heard
from hiringhall.actions.following import Reader
from hiringhall.domain.errors import HallError, NotFound, Unavailable
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Route, Stream
from hiringhall.doors.pages.routes_tasks import event_html
from hiringhall.doors.pages.task_view import AT
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.queries.seen import task_seen
from hiringhall.queries.sign_ins import signed_in

HEARTBEAT_S = 15.0
CHECK_S = 60.0
RETRY_MS = 2_000

_NO_STORE = ((b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"))


async def follow_task(visit: Visit) -> Stream:
    """What happens to a task from a place on; a browser that comes again says the last it had."""
    hall, task_id = visit.desk.hall, visit.call.path["task_id"]
    if not (await task_seen(hall, actor=visit.actor, task_id=task_id)).is_poster:
        raise NotFound("task")
    known = visit.call.header(b"last-event-id") or visit.query["after"]
    after = int(known) if known.isascii() and known.isdigit() and len(known) < 18 else 0
    reader = await visit.desk.feeds.read_along(
        hall, actor=visit.actor, after=after, task_id=task_id
    )
    return Stream(
        _pieces(visit, reader),
        b"text/event-stream",
        headers=_NO_STORE,
        endless=True,
        release=reader.close,
    )


async def _pieces(visit: Visit, reader: Reader) -> AsyncGenerator[bytes, None]:
    """The stream, until the browser leaves, the server stops, or the sign-in is over."""
    now_s = asyncio.get_running_loop().time
    check_at_s = now_s() + CHECK_S
    yield b"retry: %d\n\n" % RETRY_MS
    while True:
        heard = await reader.next(HEARTBEAT_S)
        if now_s() >= check_at_s:
            if not await _is_signed_in(visit):
                return
            check_at_s = now_s() + CHECK_S
        yield _piece_of(heard)


def _piece_of(heard: Heard) -> bytes:
    if not heard.told:
        return b": \n\n" if heard.cursor is None else b": \nid: %d\n\n" % heard.cursor
    pieces: list[bytes] = []
    for one in heard.told:
        lines = event_html(msgspec.json.decode(one.record)).splitlines()
        data = b"\n".join(b"data: " + line for line in lines)
        pieces.append(b"id: %d\n%s\n\n" % (one.seq, data))
    return b"".join(pieces)


async def _is_signed_in(visit: Visit) -> bool:
    try:
        await signed_in(visit.desk.hall, secret=visit.secret)
    except Unavailable:
        return True
    except HallError:
        return False
    return True


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", f"{AT}/events", for_signed_in(follow_task), {200: None}, "Follow a task"),
)
