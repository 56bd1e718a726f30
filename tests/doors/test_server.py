"""The server by itself: readiness, and an end to clients that send too much or too slowly."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import msgspec
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from hiringhall.connections import ConnectionLimits
from hiringhall.doors.kit import Call, Door, DoorApp, Limits, LiveStreams, Refusal, Route, Stream
from hiringhall.doors.server import Server, address_of, listen

pytestmark = pytest.mark.anyio

SHORT = ConnectionLimits(head_bytes=4096, head_s=0.05, body_s=0.05, idle_s=0.05, stall_s=0.05)
LONG = ConnectionLimits(head_bytes=4096, head_s=60, body_s=60, idle_s=60, stall_s=60)


class Said(msgspec.Struct):
    status: int
    message: str


class Thing(msgspec.Struct):
    name: str


async def make(desk: None, call: Call[Thing, None]) -> Thing:
    return call.body


async def show(desk: None, call: Call[None, None]) -> Thing:
    return Thing(call.path["name"])


async def endless(desk: None, call: Call[None, None]) -> Stream:
    async def chunks() -> AsyncGenerator[bytes, None]:
        yield b"first"
        await asyncio.Event().wait()

    return Stream(chunks(), b"text/plain", endless=True)


async def flood(desk: None, call: Call[None, None]) -> Stream:
    async def chunks() -> AsyncGenerator[bytes, None]:
        while True:
            yield b"x" * 65536

    return Stream(chunks(), b"text/plain", endless=True)


def _said(refusal: Refusal) -> Said:
    return Said(refusal.status, refusal.message)


DOOR: Door[None] = Door(
    name="test",
    title="",
    description="",
    routes=(
        Route("POST", "/things", make, {201: Thing}, "", body=Thing),
        Route("GET", "/things/{name}", show, {200: Thing}, ""),
        Route("GET", "/endless", endless, {200: None}, ""),
        Route("GET", "/flood", flood, {200: None}, ""),
    ),
    errors={},
    envelope=_said,
    envelopes={0: Said},
    limits=Limits(body_s=60),
)


Serve = Callable[..., AbstractAsyncContextManager[Server]]


@pytest.fixture
def serve() -> Serve:
    """Serve the test's door, or another app, for the length of a block."""

    @asynccontextmanager
    async def served(
        limits: ConnectionLimits, app: ASGIApp | None = None
    ) -> AsyncGenerator[Server]:
        live = LiveStreams()
        app = app or DoorApp(DOOR, None, live=live)
        listener = listen("127.0.0.1", 0)
        async with Server(app, listener, limits=limits, before_stop=live.end_all) as server:
            yield server

    return served


class Wire:
    """A bare connection to a server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def rest(self) -> bytes:
        """Everything until the server closes."""
        return await asyncio.wait_for(self.reader.read(), 30)

    async def answer(self) -> bytes:
        """One answer with a known length."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 30)
        size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        return head + await asyncio.wait_for(self.reader.readexactly(size), 30)


@asynccontextmanager
async def wire(server: Server) -> AsyncGenerator[Wire]:
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


GET = b"GET /things/a HTTP/1.1\r\nHost: hall\r\n\r\n"


async def test_it_answers_once_it_has_started_and_no_more_once_stopped(serve: Serve) -> None:
    async with serve(LONG) as server, httpx.AsyncClient() as client:
        assert (await client.get(f"{server.url}/things/a")).json() == {"name": "a"}
        url = server.url
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(url)


def test_a_taken_port_is_an_error() -> None:
    first = listen("127.0.0.1", 0)
    with first, pytest.raises(OSError, match=r"[Aa]ddress already in use"):
        listen("127.0.0.1", first.getsockname()[1])


def test_an_address_that_listens_everywhere_is_reached_by_loopback() -> None:
    with listen("0.0.0.0", 0) as everywhere:  # noqa: S104  nobody connects
        assert address_of(everywhere).startswith("http://127.0.0.1:")


async def test_answers_of_one_connection_come_in_the_order_of_its_requests(serve: Serve) -> None:
    async with serve(LONG) as server, wire(server) as client:
        await client.send(b"".join(GET.replace(b"/a", b"/%d" % n) for n in range(20)))
        for number in range(20):
            assert (await client.answer()).endswith(b'{"name":"%d"}' % number)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET /things/a HTTP/1.1\r\nHost: ", id="half a head"),
        pytest.param(b"\r\n", id="an empty line"),
        pytest.param(GET, id="idle after an answer"),
        pytest.param(GET + b"\r\n", id="an empty line after an answer"),
        pytest.param(GET + GET[:20], id="half a head after an answer"),
        pytest.param(
            b"POST /unknown HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n", id="no body"
        ),
        pytest.param(
            b"GET /things/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            id="half a chunk nobody reads",
        ),
    ],
)
async def test_a_client_that_stops_half_way_is_let_go(serve: Serve, sent: bytes) -> None:
    async with serve(SHORT) as server, wire(server) as client:
        if sent:
            await client.send(sent)
        await client.rest()


async def test_a_slow_head_is_told_so(serve: Serve) -> None:
    async with serve(SHORT) as server, wire(server) as client:
        await client.send(b"GET /things/a HTTP/1.1\r\n")
        answer = await client.rest()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"x-request-id: " in answer


async def test_a_client_that_reads_nothing_is_let_go(serve: Serve) -> None:
    async with serve(SHORT) as server, wire(server) as client:
        await client.send(b"GET /flood HTTP/1.1\r\nHost: h\r\n\r\n")
        connections = server._uvicorn.server_state.connections
        for _ in range(600):
            await asyncio.sleep(0.05)
            if not connections:
                break
        assert not connections


async def test_a_request_under_way_has_no_deadline_of_the_connection(serve: Serve) -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(1.5)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with serve(SHORT, slow) as server, wire(server) as client:
        await client.send(GET)
        assert (await client.rest()).startswith(b"HTTP/1.1 204 ")


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", id="path"),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"a" * 5000 + b"\r\n\r\n", id="value"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 1000 + b"\r\n", id="many"),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"a" * 10_000_000, id="endless"),
    ],
)
async def test_a_head_too_large_is_431(serve: Serve, head: bytes) -> None:
    async with serve(LONG) as server, wire(server) as client:
        client.writer.write(head)
        status = await asyncio.wait_for(client.reader.readuntil(b"\r\n"), 30)
        assert status == b"HTTP/1.1 431 Request Header Fields Too Large\r\n"


async def test_a_head_under_the_limit_is_taken_in_any_pieces(serve: Serve) -> None:
    head = b"GET /things/a HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 3900 + b"\r\n\r\n"
    async with serve(LONG) as server, wire(server) as client:
        for _ in range(3):
            for start in range(0, len(head), 1000):
                await client.send(head[start : start + 1000])
            assert (await client.answer()).startswith(b"HTTP/1.1 200 ")
        await client.send(head * 5)
        for _ in range(5):
            assert (await client.answer()).startswith(b"HTTP/1.1 200 ")


async def test_a_body_is_not_counted_as_head(serve: Serve) -> None:
    body = b'{"name": "' + b"a" * 200_000 + b'"}'
    head = b"POST /things HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with serve(LONG) as server, wire(server) as client:
        for _ in range(2):
            await client.send(head + body + GET)
            assert (await client.answer()).startswith(b"HTTP/1.1 201 ")
            assert (await client.answer()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "sent",
    [b"nonsense\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n", b"\0\0\0"],
)
async def test_what_is_no_http_is_400_in_json(serve: Serve, sent: bytes) -> None:
    async with serve(LONG) as server, wire(server) as client:
        await client.send(sent)
        answer = await client.rest()
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"x-request-id: " in answer
        assert msgspec.json.decode(answer.partition(b"\r\n\r\n")[2])["status_code"] == 400


async def test_an_upgrade_is_answered_as_the_plain_request_it_is(serve: Serve) -> None:
    async with serve(LONG) as server, wire(server) as client:
        upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        await client.send(GET.replace(b"\r\n\r\n", b"\r\n" + upgrade + b"\r\n"))
        assert (await client.answer()).endswith(b'{"name":"a"}')


@pytest.mark.parametrize("size", [(1 << 20) + 1, 4 << 20])
async def test_a_client_that_sends_too_much_hears_why(serve: Serve, size: int) -> None:
    """The refusal must not be lost to a reset while the client is still sending."""
    async with serve(LONG) as server, httpx.AsyncClient(timeout=60) as client:
        answer = await client.post(f"{server.url}/things", content=b"a" * size)
        assert answer.status_code == 413
        assert answer.headers["connection"] == "close"


async def test_a_chunked_body_too_large_hears_why(serve: Serve) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"a" * 65536

    async with serve(LONG) as server, httpx.AsyncClient(timeout=60) as client:
        answer = await client.post(f"{server.url}/things", content=chunks())
        assert answer.status_code == 413


async def test_expect_continue_is_refused_before_the_body_is_sent(serve: Serve) -> None:
    async with serve(LONG) as server, wire(server) as client:
        await client.send(
            b"POST /things HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        head = await asyncio.wait_for(client.reader.readuntil(b"\r\n"), 30)
        assert head.startswith(b"HTTP/1.1 413 ")


async def test_stopping_ends_streams_first_and_does_not_wait_for_them(serve: Serve) -> None:
    loop = asyncio.get_running_loop()
    async with serve(LONG) as server, wire(server) as client:
        await client.send(b"GET /endless HTTP/1.1\r\nHost: h\r\n\r\n")
        await asyncio.wait_for(client.reader.readuntil(b"first"), 30)
        began = loop.time()
        await server.stop()
        assert loop.time() - began < 8, "it waited for the graceful time to pass"


async def test_a_request_under_way_is_finished_when_the_server_stops(serve: Serve) -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await release.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with serve(LONG, slow) as server, wire(server) as client:
        await client.send(GET)
        await asyncio.wait_for(begun.wait(), 30)
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0.2)
        release.set()
        assert (await client.rest()).startswith(b"HTTP/1.1 204 ")
        await stopping
