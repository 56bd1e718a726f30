"""Follows a task live: prints each event once, and knows when it is a person's turn."""

import contextlib
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hiringhall.cli.client import HallClient
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.paths import task_path
from hiringhall.cli.screen import Screen, one_line, visible

if TYPE_CHECKING:
    from rich.status import Status

FINAL = frozenset({"completed", "cancelled"})
WAITING = frozenset({"awaiting_reply", "awaiting_spec_approval", "awaiting_solution_approval"})

RECONNECT_S = 60.0
"""How long a hall that does not answer any more is waited for."""

# Quick while something happens, then slower: a task may well take an hour.
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 5.0
_SLOWER_BY = 1.5
_AGAIN = frozenset({Exit.UNREACHABLE, Exit.LATER})


@dataclass
class Watch:
    """One task being followed; its first `shown` events have been seen before."""

    client: HallClient
    screen: Screen
    task_id: str
    until_done: bool
    timeout_s: float | None
    indent: str = ""
    shown: int = 0
    _met: bool = False
    _pause_s: float = _FIRST_PAUSE_S
    _started: float = field(default_factory=time.monotonic)

    def follow(self) -> dict[str, Any]:
        """Print events as they come; the status that ended the watch.

        It ends when the task is over, and, unless `until_done`, when it waits for its poster. A
        hall that does not answer any more is asked again for a while, and nothing is printed
        twice. Raises `CommandError` with `Exit.LATER` when the time is up.
        """
        with self._progress() as progress:
            while True:
                status = self._get()
                if self._print_new() is not None:
                    self._pause_s = _FIRST_PAUSE_S
                word = str(status.get("status"))
                if word in FINAL or (word in WAITING and not self.until_done):
                    self._print_new()
                    return status
                self._wait(word, progress)

    def _print_new(self) -> str | None:
        """Print the events not yet shown; the content of the newest of them."""
        answer = self._get("/events")
        events: list[dict[str, Any]] = answer.get("events") or []
        newest: str | None = None
        for event in events[self.shown :]:
            newest = str(event.get("content", ""))
            if self.screen.as_json:
                self.screen.value({"event": event})
            else:
                self.screen.say(f"{self.indent}{line_of(event)}")
        self.shown = max(self.shown, len(events))
        return newest

    def _get(self, below: str = "") -> dict[str, Any]:
        """Ask for the task; where the hall has gone meanwhile, again for a while."""
        until: float | None = None
        while True:
            try:
                answer = self.client.get(task_path(self.task_id, below))
            except CommandError as error:
                if not self._met or error.code not in _AGAIN:
                    raise
                if until is None:
                    until = time.monotonic() + RECONNECT_S
                    self.screen.note("The hall does not answer; asking again.")
                if time.monotonic() >= until:
                    raise CommandError(f"{error.message} {self._go_on()}", error.code) from None
                time.sleep(_FIRST_PAUSE_S)
            else:
                self._met = True
                return answer

    def _go_on(self) -> str:
        """How to follow it on from here."""
        after = f" --after {self.shown}" if self.shown else ""
        return f"Go on with 'hiringhall tasks watch {one_line(self.task_id, 60)}{after}'."

    def _wait(self, word: str, progress: "Status | None") -> None:
        if self.timeout_s is not None and time.monotonic() - self._started >= self.timeout_s:
            raise CommandError(
                f"The task is still {one_line(word, 40)} after {self.timeout_s:g} seconds. "
                f"{self._go_on()}",
                Exit.LATER,
            )
        if progress is not None:
            seconds = int(time.monotonic() - self._started)
            progress.update(visible(f"{one_line(word, 40)} · {seconds // 60}:{seconds % 60:02}"))
        time.sleep(self._pause_s)
        self._pause_s = min(self._pause_s * _SLOWER_BY, _LONGEST_PAUSE_S)

    @contextlib.contextmanager
    def _progress(self) -> "Generator[Status | None]":
        """A moving line below the events, where there is a terminal to move it on."""
        if self.screen.as_json or not self.screen.console.is_terminal:
            yield None
            return
        with self.screen.console.status("looking") as status:
            yield status


_MARKS = {
    "status": "·",
    "question": "?",
    "message_to_customer": "?",
    "reply": ">",
    "solution_proposed": "=",
    "solution_decision": "!",
}


def line_of(event: dict[str, Any]) -> str:
    """An event on one line: time of day (UTC), a mark for its type, what it says."""
    at = str(event.get("timestamp", ""))[11:19]
    kind = str(event.get("type", ""))
    mark = _MARKS.get(kind, "·")
    return f"{one_line(at, 8)}  {mark} {one_line(str(event.get('content', '')), 200)}"
