"""A thread of the writer's own, for what must wait for the disk."""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeAlias

Done: TypeAlias = Callable[[Exception | None], None]


class Courier:
    """Runs calls in turn on one thread and reports each on the event loop.

    An executor does the same with two future objects more for each call, which a commit would pay
    for in latency.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._calls: SimpleQueue[tuple[Callable[[], object], Done] | None] = SimpleQueue()
        # A daemon: it holds nothing that a killed process would not lose as well.
        self._thread = threading.Thread(target=self._work, name="hall-commit", daemon=True)
        self._thread.start()

    def send(self, call: Callable[[], object], done: Done) -> None:
        """Run `call` on the thread, then `done(error or None)` on the loop."""
        self._calls.put((call, done))

    def stop(self) -> None:
        """End the thread after what was sent; called when nothing is left to wait for."""
        self._calls.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (item := self._calls.get()) is not None:
            call, done = item
            failure: Exception | None = None
            try:
                call()
            except Exception as error:  # noqa: BLE001  handed to whoever asked
                failure = error
            try:
                self._loop.call_soon_threadsafe(done, failure)
            except RuntimeError:
                return  # The loop is closed: nobody is left to hear it.
