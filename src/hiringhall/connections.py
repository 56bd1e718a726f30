"""uvicorn's HTTP protocol with an end to everything a client may keep us waiting for."""

import asyncio
import math
from dataclasses import dataclass
from http import HTTPStatus
from random import Random
from typing import Any

import msgspec
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

_random = Random()  # noqa: S311  it draws names for requests, never secrets


def new_request_id() -> str:
    """Twelve hex digits that name a request in its answer and in the log (seed 000, "500").

    They are a name and no secret, so an ordinary generator will do.
    """
    return f"{_random.getrandbits(48):012x}"


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How long, and for how much, one connection is borne with.

    `body_s` stands behind the doors' own deadline, which answers in their envelope: it ends bodies
    that no route reads.
    """

    head_bytes: int = 32 << 10
    head_s: float = 10.0
    body_s: float = 130.0
    idle_s: float = 60.0
    stall_s: float = 60.0


class HallProtocol(HttpToolsProtocol):
    """One connection. `overdue_at` says by when the client must move; a sweeper asks once a second.

    uvicorn by itself waits for ever for the rest of a head and takes 10 MB of it. A timer for each
    request would cost more than the request's parsing; one number for each connection does not.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: ConnectionLimits,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = limits
        self.overdue_at = math.inf
        self.stalled_at = math.inf
        self._in_head = False
        self._in_message = False
        self._heads = 0
        self._head_bytes = 0

    # What the client does

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  as in uvicorn itself
        super().connection_made(transport)
        self.overdue_at = self.loop.time() + self.limits.head_s

    def data_received(self, data: bytes) -> None:
        step = self.limits.head_bytes
        for start in range(0, len(data), step):
            if self.transport.is_closing():
                return
            self._feed(data if len(data) <= step else data[start : start + step])

    def _feed(self, data: bytes) -> None:
        """Parse at most a head's worth, and count what a head that has not ended has taken so far.

        A head that begins behind the rest of another request is counted from the next piece on.
        """
        fresh, heads = not self._in_message, self._heads
        super().data_received(data)
        if not self._in_head:
            return
        if heads == self._heads:
            self._head_bytes += len(data)
        elif fresh and heads + 1 == self._heads:
            self._head_bytes = len(data)
        else:
            self._head_bytes = 0
        if self._head_bytes >= self.limits.head_bytes:
            self.refuse(431, f"The request's head is {self.limits.head_bytes} bytes or more")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = self._in_message = True
        self._heads += 1
        self.overdue_at = self.loop.time() + self.limits.head_s

    def on_headers_complete(self) -> None:
        self._in_head = False
        self.overdue_at = self.loop.time() + self.limits.body_s
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_message = False
        answered = self.cycle.response_complete
        self.overdue_at = self.loop.time() + self.limits.idle_s if answered else math.inf

    # What we do

    def on_response_complete(self) -> None:
        more = bool(self.pipeline)
        super().on_response_complete()
        if not more and not self._in_message:
            self.overdue_at = self.loop.time() + self.limits.idle_s

    def pause_writing(self) -> None:
        super().pause_writing()
        self.stalled_at = self.loop.time() + self.limits.stall_s

    def resume_writing(self) -> None:
        super().resume_writing()
        self.stalled_at = math.inf

    def sweep(self, now: float) -> None:
        """End the connection when its client is too late; `now` is the loop's time."""
        if now >= self.stalled_at:
            self.transport.abort()
        elif now >= self.overdue_at:
            if self._in_head:
                self.refuse(408, f"The request's head took over {self.limits.head_s:g} seconds")
            else:
                self.transport.close()

    def refuse(self, status: int, detail: str) -> None:
        """Answer what never became a request, unless another answer is under way; then close."""
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:  # pyright: ignore[reportUnnecessaryComparison]  uvicorn begins with None
            body = msgspec.json.encode({"status_code": status, "detail": detail})
            head = (
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
                "content-type: application/json\r\n"
                f"content-length: {len(body)}\r\n"
                f"x-request-id: {new_request_id()}\r\n"
                "connection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """What uvicorn says to what is no HTTP."""
        self.refuse(400, msg)

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: an upgrade nobody asked us to support is answered as a plain request."""
