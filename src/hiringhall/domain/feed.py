"""The feed: an organization's events in one order, each with a place and a time of its own."""

import heapq
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from hiringhall.domain.errors import Invalid
from hiringhall.domain.tasks import State

MAX_REPORT_BYTES = 65_536
MAX_ACTOR_LENGTH = 200
MILLISECOND_US = 1_000


class ReportedType(StrEnum):
    """What is in a feed and in no task's log: what outsiders report, and what the hall notes."""

    PROGRESS = "progress"
    MESSAGE = "message"
    WEBHOOK_DISABLED = "webhook_disabled"


FROM_OUTSIDE = frozenset({ReportedType.PROGRESS, ReportedType.MESSAGE})
"""What may be reported; the rest the hall alone says."""


@dataclass(frozen=True, slots=True)
class Unplaced:
    """An event that has no place in the feed yet.

    `event_id` is its id in the log, `reported_id` its id among what was reported; one of the two
    is there. `word` is what a feed is filtered by.
    """

    event_id: int | None
    reported_id: int | None
    team_id: str
    task_id: str | None
    word: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Placed:
    """The same with its place: `seq` rises by one, `at_us` by a millisecond at least."""

    seq: int
    at_us: int
    what: Unplaced


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event as the feed shows it.

    `state` is the task's after it, and None where it was `reported` from outside: then `actor` is
    who its sender said it was. `run_id` is the run that did it, or that it was done to.
    """

    seq: int
    team_id: str
    task_id: str | None
    run_id: str | None
    type: str
    actor: str
    state: State | None
    data: dict[str, object]
    at_us: int

    @property
    def reported(self) -> bool:
        """Whether somebody outside said so, and the hall does not vouch for it."""
        return self.state is None and self.type in FROM_OUTSIDE


def word_of(event_type: str, state: State) -> str:
    """What an event of the log is found by: its type, and the task's state after it."""
    return f"{event_type}.{state.value}"


def reported_word(event_type: ReportedType) -> str:
    """What a reported event is found by."""
    return f"reported.{event_type.value}"


def merge(logged: Sequence[Unplaced], reported: Sequence[Unplaced], *, page: int) -> list[Unplaced]:
    """The first `page` of two queues in one order by time, in which each queue keeps its own.

    Each is given at most `page` long, so none is at its end before the page is full: what comes
    behind the end of one cannot be missing.
    """
    return list(islice(heapq.merge(logged, reported, key=lambda one: one.at_us), page))


def place(waiting: Sequence[Unplaced], *, seq: int, at_us: int) -> list[Placed]:
    """Give each the next place behind `seq`, and a time behind `at_us`.

    Times are whole milliseconds, at least one apart, and as near to the true ones as that allows:
    so the time as it is printed says exactly where one stands in the feed.
    """
    placed: list[Placed] = []
    for what in waiting:
        seq += 1
        floor_us = what.at_us // MILLISECOND_US * MILLISECOND_US
        at_us = max(floor_us, at_us + MILLISECOND_US)
        placed.append(Placed(seq, at_us, what))
    return placed


def tidy_report(data: Mapping[str, object] | None) -> str:
    """What a reported event says, as it is kept: an object of JSON. Raises Invalid."""
    try:
        kept = json.dumps(data or {}, ensure_ascii=False, allow_nan=False)
        size_bytes = len(kept.encode())
    except (ValueError, RecursionError):
        raise Invalid("data holds something that is no JSON", {"data": "not JSON"}) from None
    if size_bytes > MAX_REPORT_BYTES:
        raise Invalid(f"data is larger than {MAX_REPORT_BYTES} bytes", {"data": "too large"})
    return kept


def tidy_actor(name: str | None) -> str | None:
    """Who a reported event says did it; None where that is not said. Raises Invalid."""
    tidy = (name or "").strip()
    if len(tidy) > MAX_ACTOR_LENGTH:
        raise Invalid(f"actor is longer than {MAX_ACTOR_LENGTH} characters", {"actor": "too long"})
    return tidy or None
