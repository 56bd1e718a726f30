"""Follows a hall's stream of events: each event once, over every connection that breaks."""

import json
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

import httpx

from hiringhall.cli.client import HallClient
from hiringhall.cli.outcome import CommandError, Exit

SILENCE_S = 45.0
"""A hall says something every 15 seconds: after so long without a word the connection is dead."""
RECONNECT_S = 60.0
"""How long a hall that does not answer any more is asked again."""
MOST_BYTES = 4 << 20
"""What one block of a stream may hold; an event holds far less."""

_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 5.0
_AGAIN = frozenset({Exit.UNREACHABLE, Exit.LATER})


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between two empty lines of a stream: an event, a gap, or a place alone."""

    name: str
    data: dict[str, Any] | None
    place: str | None


def blocks(pieces: Iterable[bytes]) -> Iterator[Block]:
    """The blocks of a stream of server-sent events, however its bytes are cut.

    Lines end in LF, CRLF or CR and nowhere else: other characters that end a line for Python may
    stand in a text. Raises ValueError for what is no stream of a hall's.
    """
    fields: dict[str, list[str]] = {}
    for line in _lines(pieces):
        if line:
            name, _, value = line.partition(b":")
            fields.setdefault(name.decode(), []).append(value.removeprefix(b" ").decode())
            continue
        block = _block(fields)
        fields = {}
        if block is not None:
            yield block


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        rest += piece
        # A CR at the end may be half of a CRLF: it waits for what follows.
        held = rest[-1:] if rest.endswith(b"\r") else b""
        whole = rest[: len(rest) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, last = whole.split(b"\n")
        yield from lines
        rest = last + held
        if len(rest) > MOST_BYTES:
            raise ValueError("a line has no end")


def _block(fields: dict[str, list[str]]) -> Block | None:
    place = fields.get("id", [None])[-1]
    data: dict[str, Any] | None = None
    if "data" in fields:
        found = json.loads("\n".join(fields["data"]))
        if not isinstance(found, dict):
            raise ValueError("an event is an object")
        data = cast("dict[str, Any]", found)
    if data is None and place is None:
        return None
    return Block(fields.get("event", ["message"])[-1], data, place)


@dataclass
class Follower:
    """A feed being followed from a place on; `place` moves on with what was handed out."""

    client: HallClient
    query: dict[str, str]
    place: str
    note: Callable[[str], None]
    until_s: float | None = None
    """Up to when, by the monotonic clock; None: until nobody wants more."""

    def follow(self) -> Generator[Block]:
        """Events and gaps as they come, each once. Raises CommandError.

        A place is taken only when the next block is asked for: whoever stops at one that it could
        not handle is given it again.
        """
        down_since: float | None = None
        pause_s = _FIRST_PAUSE_S
        while not self._is_over():
            try:
                for block in self._connection():
                    down_since, pause_s = None, _FIRST_PAUSE_S
                    if block.data is not None:
                        yield block
                    if block.place is not None:
                        self.place = block.place
                    if self._is_over():
                        return
            except CommandError as error:
                if error.code not in _AGAIN:
                    raise
                now_s = time.monotonic()
                if down_since is None:
                    down_since = now_s
                    self.note(f"{error.message} Asking again.")
                if now_s - down_since >= RECONNECT_S:
                    raise
            # A server that stops ends its streams, and may be back in a moment.
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def _connection(self) -> Iterator[Block]:
        asked = urlencode({**self.query, "after": self.place}, errors="replace")
        wait_s = SILENCE_S
        if self.until_s is not None:
            wait_s = min(wait_s, max(self.until_s - time.monotonic(), 0.01))
        try:
            with self.client.stream(f"/events?{asked}", silence_s=wait_s) as response:
                yield from blocks(response.iter_bytes())
        except httpx.ReadTimeout:
            if not self._is_over():
                self.note("The hall has been silent for too long; connecting again.")
        except httpx.HTTPError:
            pass
        except ValueError:
            raise CommandError(
                f"{self.client.url} answered, but not as a hall does. Check the address.",
                Exit.FAILED,
            ) from None

    def _is_over(self) -> bool:
        return self.until_s is not None and time.monotonic() >= self.until_s
