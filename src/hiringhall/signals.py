"""Wake-ups inside one process: whoever waits for a task's next event is told at once."""

import asyncio
from collections import defaultdict


class Signals:
    """Sets waiters free when something they wait for has changed; holds no truth of its own."""

    def __init__(self) -> None:
        self._waiters: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)

    def notify(self, topic: str) -> None:
        """Something about a topic (a task's id) was committed."""
        for waiter in self._waiters.pop(topic, ()):
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, topic: str, timeout_s: float) -> bool:
        """Wait for the next notice about a topic; False when none came in time.

        Whoever waits asks the database first and again afterwards: a notice says only "look".
        """
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[topic].add(waiter)
        try:
            await asyncio.wait_for(waiter, timeout_s)
        except TimeoutError:
            return False
        finally:
            waiters = self._waiters.get(topic)
            if waiters is not None:
                waiters.discard(waiter)
                if not waiters:
                    del self._waiters[topic]
        return True
