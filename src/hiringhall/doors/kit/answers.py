"""Answers on the wire: the least that ASGI needs, written once and sent without a framework."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

import msgspec
from starlette.types import Message, Receive, Send

from hiringhall.connections import new_request_id
from hiringhall.doors.kit.bodies import drain
from hiringhall.doors.kit.refusals import Header

JSON = b"application/json"
_CLOSES: Header = (b"connection", b"close")
_DRAIN_BYTES = 8 << 20
_DRAIN_S = 2.0
encode_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Answer:
    """A struct under another status than the route's first, or with headers of its own."""

    value: msgspec.Struct
    status: int
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes that are ready to go: a kept answer, a page."""

    body: bytes
    status: int = 200
    content_type: bytes = JSON
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """Bytes that come one after another; `size_bytes` is None where nobody knows how many.

    An `endless` one (events) is ended when the server stops; the others may finish. `release` is
    awaited in every case, even when not one chunk was asked for.
    """

    chunks: AsyncGenerator[bytes, None]
    content_type: bytes = JSON
    status: int = 200
    headers: tuple[Header, ...] = ()
    size_bytes: int | None = None
    endless: bool = False
    release: Callable[[], Awaitable[None]] | None = None


class LiveStreams:
    """The endless streams that are open, so that stopping the server can end them first."""

    def __init__(self) -> None:
        self._open: set[asyncio.Task[None]] = set()

    def add(self, task: asyncio.Task[None]) -> None:
        """Remember a stream until it ends by itself."""
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    def end_all(self) -> None:
        """End every stream; its generator's `finally` runs."""
        for task in tuple(self._open):
            task.cancel()


class Reply:
    """The answer to one request: knows its id, and whether anything was sent."""

    __slots__ = (
        "_constant",
        "_head",
        "_rest",
        "_send",
        "also",
        "request_id",
        "started",
        "status",
        "template",
    )

    def __init__(self, send: Send, *, head: bool, constant: tuple[Header, ...]) -> None:
        self._send = send
        self._head = head
        self._constant = constant
        self._rest: Receive | None = None
        self.request_id = new_request_id()
        self.also: tuple[Header, ...] = ()
        """What stands on it besides, whatever it will be."""
        self.started = False
        self.status = 0
        self.template = ""
        """The path of the route that was found, as declared: what logs and counters may say."""

    async def start(
        self,
        status: int,
        content_type: bytes,
        size_bytes: int | None,
        headers: tuple[Header, ...],
    ) -> None:
        """Send status and headers."""
        await self._send(self._start(status, content_type, size_bytes, headers))

    async def more(self, body: bytes, *, more: bool) -> None:
        """Send a piece of the body; nothing of it goes out for HEAD."""
        await self._send(self._piece(body, more=more))

    async def whole(
        self,
        status: int,
        body: bytes,
        content_type: bytes = JSON,
        headers: tuple[Header, ...] = (),
    ) -> None:
        """Send an answer that is there as a whole."""
        await self._send(self._start(status, content_type, len(body), headers))
        if self._rest is not None:
            await self._send(self._piece(body, more=True))
            await drain(self._rest, most_bytes=_DRAIN_BYTES, most_s=_DRAIN_S)
            body = b""
        await self._send(self._piece(body, more=False))

    def comes_before(self, rest: Receive) -> None:
        """A body is still on its way, too large: it is thrown away after the answer."""
        self._rest = rest
        if _CLOSES not in self.also:
            self.also = (*self.also, _CLOSES)

    def _start(
        self,
        status: int,
        content_type: bytes,
        size_bytes: int | None,
        headers: tuple[Header, ...],
    ) -> Message:
        self.started = True
        self.status = status
        lines: list[Header] = [
            (b"content-type", content_type),
            (b"x-request-id", self.request_id.encode()),
            *self._constant,
            *self.also,
            *headers,
        ]
        if size_bytes is not None:
            lines.append((b"content-length", b"%d" % size_bytes))
        return {"type": "http.response.start", "status": status, "headers": lines}

    def _piece(self, body: bytes, *, more: bool) -> Message:
        sent = b"" if self._head else body
        return {"type": "http.response.body", "body": sent, "more_body": more}

    async def stream(self, stream: Stream, receive: Receive, live: LiveStreams) -> None:
        """Send a stream to its end, or until the client hangs up or the server stops.

        The generator is closed in every case, so what it holds goes back in its `finally`.
        """
        try:
            await self.start(stream.status, stream.content_type, stream.size_bytes, stream.headers)
            if self._head:
                await self.more(b"", more=False)
                return
            pump = asyncio.create_task(self._pump(stream.chunks))
            if stream.endless:
                live.add(pump)
            if await _until_gone(pump, receive):
                # Ended by us: said properly, so that the client knows it from a broken line.
                await self.more(b"", more=False)
        finally:
            await stream.chunks.aclose()
            if stream.release is not None:
                await stream.release()

    async def _pump(self, chunks: AsyncGenerator[bytes, None]) -> None:
        async for chunk in chunks:
            await self.more(chunk, more=True)
            await asyncio.sleep(0)  # a send need not wait: let others, and a hang-up, have a turn
        await self.more(b"", more=False)


async def _until_gone(pump: asyncio.Task[None], receive: Receive) -> bool:
    """Wait for the pump; a client that hangs up cancels it, an error in it is raised here.

    Whether it was ended from elsewhere, with the client still there.
    """
    gone = asyncio.create_task(_hung_up(receive))
    try:
        await asyncio.wait({pump, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended = pump.done() and not pump.cancelled()
        stopped = pump.cancelled() and not gone.done()
        pump.cancel()
        gone.cancel()
        await asyncio.gather(pump, gone, return_exceptions=True)
    if ended and (error := pump.exception()) is not None:
        raise error
    return stopped


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
