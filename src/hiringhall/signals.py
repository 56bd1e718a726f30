"""Wake-ups inside one process: whoever listens for a task's next event is told at once."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Generator


class Listener:
    """One who listens on a topic; a notice between two waits is not missed."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()

    def tell(self) -> None:
        """Something was committed."""
        self._heard.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a notice since the last wait; False when none came in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._heard.wait()
        except TimeoutError:
            return False
        self._heard.clear()
        return True


class Signals:
    """Tells listeners that something they wait for has changed; holds no truth of its own."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)

    def notify(self, topic: str) -> None:
        """Something about a topic (a task's id) was committed."""
        for listener in self._listeners.get(topic, ()):
            listener.tell()

    @contextlib.contextmanager
    def listening(self, topic: str) -> Generator[Listener]:
        """Listen on a topic; look at the database after this began, and after each notice."""
        listener = Listener()
        self._listeners[topic].add(listener)
        try:
            yield listener
        finally:
            self._listeners[topic].discard(listener)
            if not self._listeners[topic]:
                del self._listeners[topic]
