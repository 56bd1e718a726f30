"""Wake-ups: whoever listens for a task's next event is told at once, on whichever server it is."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Generator

RUNS = "runs"
"""The topic of runs that may begin, and of timers that were set."""
CHECKS = "checks"
"""The topic of what was handed in and is to be checked."""
PLANNINGS = "plannings"
"""The topic of Task Forces that the manager is to plan."""
STOP = "stop"
"""What notices begin with that a run is to be ended: `stop <run id>`."""
FEED = "feed"
"""What notices begin with that an organization's feed has grown: `feed <organization id>`."""
ACCESS = "access"
"""What notices begin with that somebody may have lost what they had: `access <id>`, of a key, a
sign-in, an agent or a user."""


class Listener:
    """One who listens on topics; a notice between two waits is not missed.

    `wakes` is another that whatever is told here wakes, too.
    """

    def __init__(self, wakes: "Listener | None" = None) -> None:
        self._heard = asyncio.Event()
        self._wakes = wakes

    def tell(self) -> None:
        """Something was committed."""
        self._heard.set()
        if self._wakes is not None:
            self._wakes.tell()

    @property
    def was_told(self) -> bool:
        """Whether there was a notice that nobody has taken."""
        return self._heard.is_set()

    def take(self) -> bool:
        """The same, and it is taken."""
        told = self._heard.is_set()
        self._heard.clear()
        return told

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a notice since the last wait; False when none came in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._heard.wait()
        except TimeoutError:
            return False
        self._heard.clear()
        return True


def access_topic(of_id: str) -> str:
    """The topic of whether a key, a sign-in, an agent or a user still opens what it did."""
    return f"{ACCESS} {of_id}"


def feed_topic(organization_id: str) -> str:
    """The topic of an organization's feed."""
    return f"{FEED} {organization_id}"


class Signals:
    """Tells listeners that something they wait for has changed; holds no truth of its own.

    Where several processes share a database, `outwards` carries notices to the others, and theirs
    come in by `hear`. One may be lost: whoever cannot wait for ever looks by itself now and then.
    """

    def __init__(self) -> None:
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)
        self._followers: dict[str, Callable[[str], None]] = {}
        self.outwards: Callable[[str], None] | None = None

    def notify(self, topic: str) -> None:
        """Something about a topic (a task's id) was committed here."""
        self.hear(topic)
        if self.outwards is not None:
            self.outwards(topic)

    def happened(self, task_id: str, organization_id: str) -> None:
        """An event of a task was committed here: for who waits for it, and for who reads along."""
        self.notify(task_id)
        self.notify(feed_topic(organization_id))

    def hear(self, topic: str) -> None:
        """Something about a topic was committed somewhere."""
        for listener in self._listeners.get(topic, ()):
            listener.tell()
        name, _, rest = topic.partition(" ")
        if (follower := self._followers.get(name)) is not None:
            follower(rest)

    def hear_all(self) -> None:
        """Notices may have been missed: everybody looks."""
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.tell()
        for name in (RUNS, FEED):
            if (follower := self._followers.get(name)) is not None:
                follower("")

    def follow(self, name: str, call: Callable[[str], None]) -> None:
        """Have `call` called at each notice `name`, or `name rest`, with what stands behind it.

        With nothing behind it, anything of that name may have changed.
        """
        self._followers[name] = call

    @contextlib.contextmanager
    def listening(self, *topics: str, listener: Listener | None = None) -> Generator[Listener]:
        """Listen on topics; look at the database after this began, and after each notice."""
        listener = listener or Listener()
        for topic in topics:
            self._listeners[topic].add(listener)
        try:
            yield listener
        finally:
            for topic in topics:
                self._listeners[topic].discard(listener)
                if not self._listeners[topic]:
                    del self._listeners[topic]
