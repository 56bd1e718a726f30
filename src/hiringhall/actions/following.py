"""Reading along in a feed as it grows: one reader of the database for each organization.

However many streams follow an organization, its new events are given their places and read once,
when a notice says that there are any; each stream has nothing of its own but its place. The newest
events are kept for all of them; whoever is further behind reads the log, which is kept whole.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from hiringhall.actions.channel import Channel, Gap, Heard, told_of
from hiringhall.actions.feed import sequence
from hiringhall.actions.watching import Watcher
from hiringhall.domain.errors import Invalid, NotYours, TooManyAttempts
from hiringhall.domain.events import BY_TYPE
from hiringhall.domain.feed import FeedEvent, ReportedType, reported_word, word_of
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State
from hiringhall.hall import Hall
from hiringhall.queries.feed import USUAL, newest_place, page_of, part_of
from hiringhall.queries.work_events import WorkEvents, work_events
from hiringhall.signals import Listener, access_topic
from hiringhall.store.feed import Part

STREAMS_OF_KEY = 100
STREAMS_IN_ALL = 10_000
LOG_PAGE = 20
"""Events that a stream which is behind has in hand at once."""
TRY_AGAIN_S = 10

TYPES = (*BY_TYPE, *(one.value for one in ReportedType))
"""The types of events that there are."""


class Reader(Protocol):
    """One who reads along, as long as whoever had it begun does not lose the right to."""

    async def next(self, timeout_s: float) -> Heard:
        """The next events, as soon as there are any; none when the time is over, or in doubt."""
        ...

    def in_doubt(self) -> bool:
        """Whether the right to read may have been lost since this was asked last."""
        ...

    async def close(self) -> None:
        """Read no more; may be called twice."""
        ...


def words_of(types: Collection[str]) -> tuple[str, ...]:
    """What a feed is filtered by for some types of events; raises Invalid for an unknown one."""
    unknown = [one for one in types if one not in TYPES]
    if unknown:
        raise Invalid(f"There is no type of event {unknown[0][:100]!r}", {"type": "unknown"})
    logged = [word_of(one, state) for one in types if one in BY_TYPE for state in State]
    reported = [reported_word(one) for one in ReportedType if one.value in types]
    return (*logged, *reported)


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events behind a place, in their order; `cursor` leads on."""

    events: list[FeedEvent]
    cursor: int
    gap: Gap | None = None


async def read_page(
    hall: Hall,
    *,
    actor: Actor,
    after: int | None,
    team_id: str | None = None,
    task_id: str | None = None,
    types: Collection[str] | None = None,
    limit: int = USUAL,
) -> EventPage:
    """One page behind a place; None: the end of the feed, which is where a follower begins.

    Raises what `Feeds.read_along` does, but for streams that are too many.
    """
    words = None if types is None else words_of(types)
    part = await _part(hall, actor, team_id=team_id, task_id=task_id, words=words)
    if part is None:
        return await _work_page(hall, actor, task_id, types, after, limit)
    await sequence(hall, organization_id=part.organization_id)
    newest = await newest_place(hall, organization_id=part.organization_id)
    if after is None:
        return EventPage([], newest)
    if after > newest:
        return EventPage([], newest, Gap(after, newest))
    found = await page_of(hall, part, after=after, limit=limit)
    looked_at = found[-1].seq if found else after
    return EventPage(found, looked_at if len(found) == limit else max(looked_at, newest))


async def _work_page(
    hall: Hall,
    actor: Actor,
    task_id: str | None,
    types: Collection[str] | None,
    after: int | None,
    limit: int,
) -> EventPage:
    """One part of the task's log: what of it is told may be little or nothing, and lead on."""
    cursor = after or 0
    found = await work_events(hall, actor=actor, task_id=_named(task_id), after=cursor, types=types)
    if after is None:
        return EventPage([], found.newest)
    if cursor > found.newest:
        return EventPage([], found.newest, Gap(cursor, found.newest))
    if len(found.events) >= limit:
        told = found.events[:limit]
        return EventPage(told, told[-1].seq)
    return EventPage(found.events, found.looked_at)


def _named(task_id: str | None) -> str:
    if task_id is None:
        raise Invalid(
            "An agent reads the events of a task that it is on: say which",
            {"task_id": "is required"},
        )
    return task_id


class Feeds:
    """Who reads along in this process, and in which feeds."""

    def __init__(
        self, *, streams_of_key: int = STREAMS_OF_KEY, streams_in_all: int = STREAMS_IN_ALL
    ) -> None:
        self._streams_of_key = streams_of_key
        self._streams_in_all = streams_in_all
        self._channels: dict[str, Channel] = {}
        self._open: Counter[str] = Counter()

    async def read_along(
        self,
        hall: Hall,
        *,
        actor: Actor,
        after: int | None,
        team_id: str | None = None,
        task_id: str | None = None,
        types: Collection[str] | None = None,
    ) -> Reader:
        """Begin behind a place; None: with what happens from now on. The caller closes it.

        Of somebody else's task, whoever works on it reads what `queries.work_events` shows. Raises
        TooManyAttempts, NotFound, NotYours, and Invalid.
        """
        words = None if types is None else words_of(types)
        key = self._enter(actor)
        try:
            part = await _part(hall, actor, team_id=team_id, task_id=task_id, words=words)
            if part is not None:
                begins_now = after is None
                if after is None:
                    # Before anything is answered: what the caller does next lies behind it.
                    await sequence(hall, organization_id=part.organization_id)
                    after = await newest_place(hall, organization_id=part.organization_id)
                return self._feed_reader(hall, actor, part, after, began=begins_now)
            return await self._work_reader(hall, actor, task_id, types, after)
        except BaseException:
            self._leave(key)
            raise

    def watch(
        self, hall: Hall, *, actor: Actor, task_id: str, number: int, standing: str
    ) -> Reader:
        """Begin to watch somebody else's task, from how it was last seen to stand.

        What of it exists for the actor is asked at every look. The caller closes it. Raises
        TooManyAttempts.
        """
        key, ear = self._enter(actor), _Ear(hall, actor)

        async def leave() -> None:
            self._leave(key)
            ear.close()

        return Watcher(leave, ear.news, ear.doubt, hall, actor, task_id, number, standing)

    def _enter(self, actor: Actor) -> str:
        """Count one more; raises TooManyAttempts where there is no room."""
        key = _counted_by(actor)
        if self._open[key] >= self._streams_of_key or self.streams >= self._streams_in_all:
            raise TooManyAttempts(TRY_AGAIN_S, what="streams at once")
        self._open[key] += 1
        return key

    def _feed_reader(
        self, hall: Hall, actor: Actor, part: Part, after: int, *, began: bool
    ) -> Reader:
        channel = self._channels.get(part.organization_id)
        if channel is None:
            channel = self._channels[part.organization_id] = Channel(hall, part.organization_id)
        ear = _Ear(hall, actor)
        channel.listeners.add(ear.news)

        async def leave() -> None:
            self._leave(_counted_by(actor))
            ear.close()
            channel.listeners.discard(ear.news)
            if not channel.listeners:
                del self._channels[channel.organization_id]
                await channel.close()

        return _FeedReader(leave, ear, channel, part, after, began)

    async def _work_reader(
        self,
        hall: Hall,
        actor: Actor,
        task_id: str | None,
        types: Collection[str] | None,
        after: int | None,
    ) -> Reader:
        named = _named(task_id)
        first = await work_events(hall, actor=actor, task_id=named, after=after or 0)
        begin = first.newest if after is None else after
        ear = _Ear(hall, actor)

        async def leave() -> None:
            self._leave(_counted_by(actor))
            ear.close()

        return _WorkReader(leave, ear, hall, actor, named, types, begin)

    @property
    def streams(self) -> int:
        """How many are open."""
        return self._open.total()

    def _leave(self, key: str) -> None:
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]


def _counted_by(actor: Actor) -> str:
    """Whose streams are counted together: those of a key, of a sign-in, of an agent."""
    return actor.key_id or actor.agent_id or ""


class _Ear:
    """What a reader listens with: for news, and for word that its right to them may be over."""

    def __init__(self, hall: Hall, actor: Actor) -> None:
        self.news = Listener()
        self.doubt = Listener(wakes=self.news)
        held = (actor.key_id, actor.agent_id, actor.user_id)
        topics = [access_topic(one) for one in held if one is not None]
        self._listening = contextlib.ExitStack()
        self._listening.enter_context(hall.signals.listening(*topics, listener=self.doubt))

    def close(self) -> None:
        """Listen no more."""
        self._listening.close()


async def _part(
    hall: Hall,
    actor: Actor,
    *,
    team_id: str | None,
    task_id: str | None,
    words: tuple[str, ...] | None,
) -> Part | None:
    """The part of their own feed that somebody means; None where it is another's task."""
    if actor.organization_id is None:
        return None
    try:
        return await part_of(hall, actor, team_id=team_id, task_id=task_id, words=words)
    except NotYours:
        if task_id is None or team_id is not None:
            raise
        return None


@dataclass(slots=True, eq=False)
class _FeedReader:
    """Follows a part of an organization's feed."""

    leave: Callable[[], Awaitable[None]]
    ear: _Ear
    channel: Channel
    part: Part
    cursor: int
    began: bool
    """Whether the place is known to be one of the feed's, whatever the channel has seen yet."""
    closed: bool = False

    async def next(self, timeout_s: float) -> Heard:
        until_s = asyncio.get_running_loop().time() + timeout_s
        while True:
            heard = await self._look()
            if heard is not None:
                return heard
            left_s = until_s - asyncio.get_running_loop().time()
            if self.ear.doubt.was_told or not await self.ear.news.wait(max(left_s, 0)):
                return Heard((), self.cursor)

    def in_doubt(self) -> bool:
        return self.ear.doubt.take()

    async def close(self) -> None:
        if not self.closed:
            self.closed = True
            await self.leave()

    async def _look(self) -> Heard | None:
        newest = self.channel.newest
        if newest is None:
            return None
        if not self.began:
            # Later it may know more than the channel: what it read in the log.
            self.began = True
            if self.cursor > newest:
                gap = Gap(asked=self.cursor, newest=newest)
                self.cursor = newest
                return Heard((), newest, gap)
        while self.cursor < (self.channel.newest or 0):
            heard = self.channel.since(self.cursor, self.part) or await self._from_log(self.cursor)
            self.cursor = heard.cursor or 0
            if heard.told:
                return heard
        return None

    async def _from_log(self, cursor: int) -> Heard:
        newest = self.channel.newest or 0
        page = await page_of(self.channel.hall, self.part, after=cursor, limit=LOG_PAGE)
        looked_at = page[-1].seq if page else cursor
        if len(page) < LOG_PAGE:
            looked_at = max(looked_at, newest)
        return Heard([told_of(event) for event in page], looked_at)


@dataclass(slots=True, eq=False)
class _WorkReader:
    """Follows somebody else's task, for whoever works on it."""

    leave: Callable[[], Awaitable[None]]
    ear: _Ear
    hall: Hall
    actor: Actor
    task_id: str
    types: Collection[str] | None
    cursor: int
    closed: bool = False

    async def next(self, timeout_s: float) -> Heard:
        until_s = asyncio.get_running_loop().time() + timeout_s
        with self.hall.signals.listening(self.task_id, listener=self.ear.news) as listener:
            while True:
                found = await self._find()
                if self.cursor > found.newest:
                    gap = Gap(asked=self.cursor, newest=found.newest)
                    self.cursor = found.newest
                    return Heard((), self.cursor, gap)
                moved = found.looked_at > self.cursor
                self.cursor = max(self.cursor, found.looked_at)
                if found.events:
                    return Heard([told_of(event) for event in found.events], self.cursor)
                left_s = until_s - asyncio.get_running_loop().time()
                if self.ear.doubt.was_told or (
                    not moved and not await listener.wait(max(left_s, 0))
                ):
                    return Heard((), self.cursor)

    def in_doubt(self) -> bool:
        return self.ear.doubt.take()

    async def close(self) -> None:
        if not self.closed:
            self.closed = True
            await self.leave()

    async def _find(self) -> WorkEvents:
        return await work_events(
            self.hall, actor=self.actor, task_id=self.task_id, after=self.cursor, types=self.types
        )
