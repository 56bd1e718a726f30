"""Watching how somebody else's task stands: news of what the watcher may see, and of nothing else.

Whoever has a part in it also hears of what `queries.work_events` tells them. What others propose,
and what its poster does unseen, changes nothing for a watcher, and there is no word of it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hiringhall.actions.channel import Heard
from hiringhall.domain.errors import NotApproved, NotFound
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.queries.seen import Seen, task_seen
from hiringhall.queries.work_events import work_events
from hiringhall.signals import Listener

GONE = ""
"""How a task stands for whom it does not exist any more."""


@dataclass(slots=True, eq=False)
class Watcher:
    """Watches one task, from a place in its log and from how it stood there (`Seen.standing`)."""

    leave: Callable[[], Awaitable[None]]
    news: Listener
    doubt: Listener
    hall: Hall
    actor: Actor
    task_id: str
    number: int
    standing: str
    closed: bool = False

    async def next(self, timeout_s: float) -> Heard:
        """How it stands by now, as soon as there is news; nothing when the time is over."""
        until_s = asyncio.get_running_loop().time() + timeout_s
        with self.hall.signals.listening(self.task_id, listener=self.news) as listener:
            while True:
                if await self._look():
                    return Heard((), self.number, standing=self.standing)
                left_s = until_s - asyncio.get_running_loop().time()
                if self.doubt.was_told or not await listener.wait(max(left_s, 0)):
                    return Heard((), None)

    def in_doubt(self) -> bool:
        return self.doubt.take()

    async def close(self) -> None:
        if not self.closed:
            self.closed = True
            await self.leave()

    async def _look(self) -> bool:
        """Whether there is news since the last look."""
        try:
            seen = await task_seen(self.hall, actor=self.actor, task_id=self.task_id)
        except (NotFound, NotApproved):
            seen = None
        was, self.standing = self.standing, GONE if seen is None else seen.standing
        told = seen is not None and await self._is_told(seen)
        return told or self.standing != was

    async def _is_told(self, seen: Seen) -> bool:
        """Whether whoever has a part in it is told of what happened behind the place."""
        told = False
        while seen.is_followed:
            found = await work_events(
                self.hall, actor=self.actor, task_id=self.task_id, after=self.number
            )
            told = told or bool(found.events) or self.number > found.newest
            self.number = min(max(self.number, found.looked_at), found.newest)
            if self.number >= found.newest:
                break
        return told
