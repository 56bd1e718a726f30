"""The native door's shapes of events: a page of them, and the pieces of a stream."""

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from hiringhall.actions.channel import Heard
from hiringhall.domain.errors import Invalid
from hiringhall.domain.feed import FeedEvent
from hiringhall.domain.records import record_of
from hiringhall.doors.native.words import Time

NOW = "now"
MOST_TYPES = 50

_PLACE = re.compile(r"[0-9]{1,18}", re.ASCII)


class EventsQuery(msgspec.Struct):
    """Which events, and from where on."""

    after: Annotated[
        str | None,
        Meta(description="A `seq`: what comes behind it. `now`: what happens from now on"),
    ] = None
    limit: Annotated[int, Meta(ge=1, le=200, description="At most so many on a page")] = 50
    team_id: str | None = None
    task_id: Annotated[
        str | None,
        Meta(description="One task. Whoever works on somebody else's has to name it"),
    ] = None
    type: Annotated[str | None, Meta(description="Types of events, by commas")] = None


class EventAnswer(msgspec.Struct):
    """Something that happened. `seq` rises, and is a cursor; `state` is the task's after it.

    What was `reported` from outside is as its sender says; the hall does not vouch for it. `cut`
    names the texts in `data` that are longer than shown.
    """

    seq: int
    type: str
    reported: bool
    state: str | None
    team_id: str
    task_id: str | None
    run_id: str | None
    actor: str
    at: Time
    data: dict[str, Any]
    cut: list[str]


class GapAnswer(msgspec.Struct):
    """The feed ends before the place that was asked for: what was known of it is not there."""

    asked: int
    newest: int


class EventsAnswer(msgspec.Struct):
    """A page of events in their order; `next_cursor` goes into `after`, at the end, too."""

    items: list[EventAnswer]
    next_cursor: str
    gap: GapAnswer | None = None


def place_of(given: str | None, *, name: str = "after") -> int | None:
    """The place that a cursor names, 0 without one, None for `now`. Raises Invalid."""
    if given is None:
        return 0
    tidy = given.strip()
    if tidy == NOW:
        return None
    if not _PLACE.fullmatch(tidy):
        raise Invalid(f"{name} takes an event's seq, or 'now'", {name: "is not a place"})
    return int(tidy)


def types_of(given: str | None) -> list[str] | None:
    """The types that are named; None for all. Raises Invalid for too many."""
    if given is None:
        return None
    named = [one.strip() for one in given.split(",") if one.strip()]
    if len(named) > MOST_TYPES:
        raise Invalid(f"type takes at most {MOST_TYPES}", {"type": "too many"})
    return named


def event_answer(event: FeedEvent) -> EventAnswer:
    """An event."""
    return EventAnswer(**record_of(event))


def piece_of(heard: Heard) -> bytes:
    """What is heard, as server-sent events.

    Where nothing is, it is a comment that keeps the line open; the place to go on from stands
    there too, for it moves past what the filter leaves out.
    """
    if heard.gap is not None:
        told = msgspec.json.encode(GapAnswer(heard.gap.asked, heard.gap.newest))
        return b"event: gap\nid: %d\ndata: %s\n\n" % (heard.gap.newest, told)
    if not heard.told:
        return b": \n\n" if heard.cursor is None else b": \nid: %d\n\n" % heard.cursor
    return b"".join(b"id: %d\ndata: %s\n\n" % (one.seq, one.record) for one in heard.told)
