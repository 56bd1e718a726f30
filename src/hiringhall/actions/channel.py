"""An organization's newest events, fetched once for however many follow its feed."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import msgspec
import structlog

from hiringhall.actions.feed import sequence
from hiringhall.domain.feed import FeedEvent, word_of
from hiringhall.domain.records import record_of
from hiringhall.hall import Hall
from hiringhall.queries.feed import MOST, newest_place, page_of
from hiringhall.signals import Listener, feed_topic
from hiringhall.store.feed import Part

log = structlog.get_logger()

TAIL_EVENTS = 500
TAIL_BYTES = 1 << 20
"""Of an organization's newest events, as long as somebody follows it."""
BATCH_EVENTS = 100
BATCH_BYTES = 64 << 10
LOOK_EVERY_S = 15.0
"""A notice from another process may be lost: that is how long it delays anybody."""
FAULT_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it is told: `record` is its JSON, `word` what a feed is filtered by."""

    seq: int
    team_id: str
    task_id: str | None
    word: str
    record: bytes


@dataclass(frozen=True, slots=True)
class Gap:
    """What was asked for is not there: the feed ends before the place that somebody knows."""

    asked: int
    newest: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What a reader hears next; nothing at all where only time has passed.

    `cursor` is the place to go on from, which moves past what the reader does not want, too.
    `standing` is how a task stands that is watched, where there is news of it.
    """

    told: Sequence[Told]
    cursor: int | None
    gap: Gap | None = None
    standing: str | None = None


class Channel:
    """An organization's newest events, for all who follow it, and whoever fetches them."""

    def __init__(self, hall: Hall, organization_id: str) -> None:
        self.hall = hall
        self.organization_id = organization_id
        self.newest: int | None = None
        self.listeners: set[Listener] = set()
        self._tail: deque[Told] = deque()
        self._tail_bytes = 0
        self._task = asyncio.create_task(self._carry())

    async def close(self) -> None:
        """Fetch no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def since(self, cursor: int, part: Part) -> Heard | None:
        """What a part has behind a place; None where that is further back than is kept here."""
        if not self._tail or cursor + 1 < self._tail[0].seq:
            return None
        told: list[Told] = []
        size = 0
        for one in islice(self._tail, cursor + 1 - self._tail[0].seq, None):
            cursor = one.seq
            if _takes(part, one):
                told.append(one)
                size += len(one.record)
            if len(told) >= BATCH_EVENTS or size >= BATCH_BYTES:
                break
        return Heard(told, cursor)

    async def _carry(self) -> None:
        with self.hall.signals.listening(feed_topic(self.organization_id)) as listener:
            while True:
                try:
                    await self._look()
                except Exception:
                    # The database may be away for a while: whoever follows waits.
                    log.exception("feed.fault")
                    await asyncio.sleep(FAULT_PAUSE_S)
                    continue
                await listener.wait(LOOK_EVERY_S)

    async def _look(self) -> None:
        await sequence(self.hall, organization_id=self.organization_id)
        if self.newest is None:
            self.newest = await newest_place(self.hall, organization_id=self.organization_id)
            self._tell()
        whole = Part(self.organization_id)
        while page := await page_of(self.hall, whole, after=self.newest, limit=MOST):
            if page[0].seq != self.newest + 1:
                self._forget()
            for event in page:
                self._keep(told_of(event))
            self.newest = page[-1].seq
            self._tell()

    def _keep(self, told: Told) -> None:
        self._tail.append(told)
        self._tail_bytes += len(told.record)
        while len(self._tail) > TAIL_EVENTS or self._tail_bytes > TAIL_BYTES:
            self._tail_bytes -= len(self._tail.popleft().record)

    def _forget(self) -> None:
        self._tail.clear()
        self._tail_bytes = 0

    def _tell(self) -> None:
        for listener in self.listeners:
            listener.tell()


def _takes(part: Part, told: Told) -> bool:
    return (
        (part.team_id is None or told.team_id == part.team_id)
        and (part.task_id is None or told.task_id == part.task_id)
        and (part.words is None or told.word in part.words)
    )


def told_of(event: FeedEvent) -> Told:
    """An event as it is told."""
    word = f"reported.{event.type}" if event.state is None else word_of(event.type, event.state)
    record = msgspec.json.encode(record_of(event))
    return Told(event.seq, event.team_id, event.task_id, word, record)
