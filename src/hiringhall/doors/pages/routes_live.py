"""A task or a team's board as it goes on, in a stream that is taken up where it broke off.

Its poster is sent the lines of a task's log. Whoever works on it, or looks at it on the market, is
sent that there is news of what they may see, and their page asks for itself anew. So does a board.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from functools import partial
from typing import Any

import msgspec

from hiringhall.actions.channel import Heard
from hiringhall.actions.following import Reader
from hiringhall.domain.events import BY_TYPE, MessagePosted, ProgressReported, WorkBrought
from hiringhall.domain.policy import Actor
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Route, Stream
from hiringhall.doors.pages.people import names_for
from hiringhall.doors.pages.routes_sheets import SHEET
from hiringhall.doors.pages.routes_tasks import event_html
from hiringhall.doors.pages.task_view import AT
from hiringhall.doors.pages.teams import TEAM
from hiringhall.doors.pages.typed import place
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.doors.streams import AT_ONCE, EVENT_STREAM, FIRST, heard_by
from hiringhall.queries.kanban import sheet_of
from hiringhall.queries.seen import task_seen
from hiringhall.queries.sign_ins import actor_of, signed_in

Told = Callable[[Heard], Awaitable[bytes]]

_HEADERS = ((b"cache-control", b"no-store"), *AT_ONCE)
_ONLY_SAID = {one.type for one in (ProgressReported, MessagePosted, WorkBrought)}
ON_A_BOARD = tuple(name for name in BY_TYPE if name not in _ONLY_SAID)
"""What may change how a board looks: all but what is only said in a task."""


async def follow_task(visit: Visit) -> Stream:
    """What happens to a task from a place on; a browser that comes again says the last it had."""
    hall, task_id = visit.desk.hall, visit.call.path["task_id"]
    found = await task_seen(hall, actor=visit.actor, task_id=task_id)
    if not found.is_poster:
        number, _, standing = _said(visit).partition(".")
        watcher = visit.desk.feeds.watch(
            hall,
            actor=visit.actor,
            task_id=found.task.id,
            number=place(number) or 0,
            standing=standing or found.standing,
        )
        return _stream(visit, watcher, _standing_of)
    told_of = _Lines(visit).told_of
    reader = await visit.desk.feeds.read_along(
        hall, actor=visit.actor, after=_known(visit), task_id=task_id
    )
    return _stream(visit, reader, told_of)


async def follow_team(visit: Visit) -> Stream:
    """That something on a team's board has changed; what it is, the board asks for itself."""
    reader = await visit.desk.feeds.read_along(
        visit.desk.hall,
        actor=visit.actor,
        after=_known(visit),
        team_id=visit.call.path["team_id"],
        types=ON_A_BOARD,
    )
    return _stream(visit, reader, _news_of)


async def follow_sheet(visit: Visit) -> Stream:
    """The lines of a task's log, and that something else on its team's board has changed."""
    hall, actor, path = visit.desk.hall, visit.actor, visit.call.path
    found, _ = await sheet_of(hall, actor=actor, team_id=path["team_id"], task_id=path["task_id"])
    reader = await visit.desk.feeds.read_along(
        hall, actor=actor, after=_known(visit), team_id=found.task.team_id
    )
    return _stream(visit, reader, _Lines(visit, found.task.id).told_of)


def _known(visit: Visit) -> int:
    """The place up to which a browser knows all."""
    return place(_said(visit)) or 0


def _said(visit: Visit) -> str:
    """What a browser says that it heard last, or was shown."""
    return visit.call.header(b"last-event-id") or visit.query["after"]


def _stream(visit: Visit, reader: Reader, told_of: Told) -> Stream:
    return Stream(
        _pieces(visit, reader, told_of),
        EVENT_STREAM,
        headers=_HEADERS,
        endless=True,
        release=reader.close,
    )


async def _pieces(visit: Visit, reader: Reader, told_of: Told) -> AsyncGenerator[bytes, None]:
    """The stream, until the browser leaves, the server stops, or the sign-in is over."""
    yield FIRST
    async for heard in heard_by(reader, visit.actor, partial(_who, visit)):
        yield await told_of(heard) or _nothing_of(heard)


async def _who(visit: Visit) -> Actor:
    return actor_of(await signed_in(visit.desk.hall, secret=visit.secret))


def _nothing_of(heard: Heard) -> bytes:
    return b": \n\n" if heard.cursor is None else b": \nid: %d\n\n" % heard.cursor


async def _standing_of(heard: Heard) -> bytes:
    if heard.standing is None:
        return b""
    kind = b"data: news" if heard.standing else b"event: gone\ndata: gone"
    return b"id: %d.%s\n%s\n\n" % (heard.cursor or 0, heard.standing.encode(), kind)


async def _news_of(heard: Heard) -> bytes:
    if heard.told:
        return b"id: %d\ndata: news\n\n" % heard.told[-1].seq
    # A browser that knows more than there is has a page of another past.
    return b"id: %d\ndata: news\n\n" % (heard.cursor or 0) if heard.gap else b""


class _Lines:
    """The lines of a log, with the names of who acts in it: each is looked up once a stream.

    Of other tasks than the one it is of, where it is of one, only that there is news.
    """

    def __init__(self, visit: Visit, of_task: str | None = None) -> None:
        self._visit = visit
        self._of_task = of_task
        self._looked_up = set[str]()
        self._names: dict[str, str] = {}

    async def told_of(self, heard: Heard) -> bytes:
        mine = [one for one in heard.told if self._of_task in (None, one.task_id)]
        records = {one.seq: msgspec.json.decode(one.record, type=dict[str, Any]) for one in mine}
        await self._look_up(records.values())
        pieces: list[bytes] = []
        for one in heard.told:
            if one.seq in records:
                pieces.append(self._line_of(one.seq, records[one.seq]))
            elif one.word.partition(".")[0] in ON_A_BOARD:
                pieces.append(b"id: %d\nevent: news\ndata: news\n\n" % one.seq)
        return b"".join(pieces)

    async def _look_up(self, records: Iterable[dict[str, Any]]) -> None:
        new = {one["actor"] for one in records if not one["reported"]} - self._looked_up
        if new:
            self._names |= await names_for(self._visit, new)
            self._looked_up |= new

    def _line_of(self, seq: int, record: dict[str, Any]) -> bytes:
        lines = event_html(record, self._names).splitlines()
        return b"id: %d\n%s\n\n" % (seq, b"\n".join(b"data: " + line for line in lines))


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", f"{AT}/events", for_signed_in(follow_task), {200: None}, "Follow a task"),
    Route("GET", f"{TEAM}/events", for_signed_in(follow_team), {200: None}, "Follow a board"),
    Route("GET", f"{SHEET}/events", for_signed_in(follow_sheet), {200: None}, "Follow a sheet"),
)
