"""What an agent lets be heard while it works, and how the poster is told of it."""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Protocol

MOST_PROGRESS = 200
"""Events of one run; what comes after stands in the run's log alone."""
EVERY_S = 2.0
MOST_CHARACTERS = 300
_OWN_TOOL = re.compile(r"\bmcp[._]+hall[._]|\bhall_|\(hall\b")
"""What the agent says by these the poster reads anyhow."""


class Hearing(Protocol):
    """Told by whoever reads an agent's lines."""

    def message(self, text: str) -> None:
        """A piece of what it says in plain words."""
        ...

    def tool(self, title: str) -> None:
        """It begins to use a tool."""
        ...

    def plan(self, steps: list[tuple[str, str]]) -> None:
        """Its plan: (step, status) in order."""
        ...

    def complaint(self, text: str) -> None:
        """Something went wrong, in the agent's words."""
        ...


class Teller:
    """Turns what is heard into few and short progress events; never holds the agent up.

    Between two events what is newer takes the place of what was not told yet. `at_first` is called
    once, when the agent has shown that it is at work.
    """

    def __init__(
        self, tell: Callable[[str], Awaitable[None]], at_first: Callable[[], None]
    ) -> None:
        self._tell = tell
        self._at_first = at_first
        self._heard = False
        self._words: list[str] = []
        self._length = 0
        self._next: str | None = None
        self._last = ""
        self._left = MOST_PROGRESS
        self._news = asyncio.Event()
        self._complaints: list[str] = []

    @property
    def complaint_text(self) -> str:
        """What went wrong last, in the agent's words."""
        return self._complaints[-1] if self._complaints else ""

    def message(self, text: str) -> None:
        self._hear()
        if self._length < MOST_CHARACTERS * 4:
            self._words.append(text)
            self._length += len(text)

    def tool(self, title: str) -> None:
        self._hear()
        self._end_message()
        if not _OWN_TOOL.search(title):
            self._put(title)

    def plan(self, steps: list[tuple[str, str]]) -> None:
        self._hear()
        self._end_message()
        current = next((step for step, status in steps if status == "in_progress"), None)
        if current is not None:
            done = sum(status == "completed" for _, status in steps)
            self._put(f"Step {done + 1} of {len(steps)}: {current}")

    def complaint(self, text: str) -> None:
        self._complaints = [*self._complaints[-4:], shortened(text)]

    def end_turn(self) -> None:
        """The agent has stopped talking: what it said last is whole."""
        self._end_message()

    def _hear(self) -> None:
        if not self._heard:
            self._heard = True
            self._at_first()

    def _end_message(self) -> None:
        text, self._words, self._length = "".join(self._words), [], 0
        if text.strip():
            self._put(text)

    def _put(self, text: str) -> None:
        short = shortened(text)
        if short and short != self._last:
            self._next = short
            self._news.set()

    async def run(self) -> None:
        """Tell, until cancelled; raises what telling raises (the run may be superseded)."""
        while self._left > 0:
            await self._news.wait()
            self._news.clear()
            await self._tell_next()
            await asyncio.sleep(EVERY_S)

    async def _tell_next(self) -> None:
        if self._next is not None and self._left > 0:
            text, self._next = self._next, None
            self._left -= 1
            self._last = text
            await self._tell(text)

    @contextlib.asynccontextmanager
    async def telling(self) -> AsyncGenerator[None]:
        """Tell while the block runs, and the last of it at its end."""
        task = asyncio.create_task(self.run())
        try:
            yield
            self.end_turn()
            await self._tell_next()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def shortened(text: str) -> str:
    """One line of at most 300 characters."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text[:4000]).split())
    if len(plain) <= MOST_CHARACTERS:
        return plain
    return plain[: MOST_CHARACTERS - 1].rstrip() + "…"
