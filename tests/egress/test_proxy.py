"""The proxy of one run: it goes where the role says, to open addresses, and no further."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

import pytest

from hiringhall.workers.egress import proxy as module
from hiringhall.workers.egress.proxy import Egress, RunEgress
from hiringhall.workers.sockets import EGRESS, Sockets

pytestmark = pytest.mark.anyio

PATIENCE_S = 20


@dataclass
class Names:
    """A resolver in a test's hand; it remembers what it was asked."""

    known: dict[str, list[str]]
    asked: list[str] = field(default_factory=list[str])

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        if host not in self.known:
            raise OSError("unknown")
        return self.known[host]


@dataclass
class Origin:
    """A server on loopback that says hello, then echoes."""

    port: int
    heard: list[bytes] = field(default_factory=list[bytes])


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(65_536):
                here.heard.append(piece)
                writer.write(b"echo:" + piece)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    here = Origin(server.sockets[0].getsockname()[1])
    async with server:
        yield here


class Inside:
    """A program inside, on the other side of the proxy's socket."""

    def __init__(self, run: RunEgress, path: str) -> None:
        self.run = run
        self.path = path

    async def ask(self, head: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_unix_connection(self.path)
        writer.write(head)
        return reader, writer

    async def whole(self, head: bytes) -> bytes:
        """All that is answered, when the program says no more."""
        reader, writer = await self.ask(head)
        writer.write_eof()
        async with asyncio.timeout(PATIENCE_S):
            answer = await reader.read()
        writer.close()
        return answer

    async def connect(self, target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await self.ask(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
        async with asyncio.timeout(PATIENCE_S):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        return reader, writer


LetOut = Callable[..., Awaitable[Inside]]

LOOPBACK = [ip_network("127.0.0.0/8")]


def network(names: dict[str, list[str]], *, loopback: bool = True) -> Egress:
    return Egress(LOOPBACK if loopback else [], Names(names))


@pytest.fixture
async def let_out(tmp_path: Path) -> AsyncIterator[LetOut]:
    """Opens a run's way out: the network as the hall sees it, and what the role opens."""
    async with contextlib.AsyncExitStack() as stack:
        count = iter(range(100))

        async def make(egress: Egress, *hosts: str, notes: list[str] | None = None) -> Inside:
            noted = list[str]() if notes is None else notes
            run = RunEgress.of(egress, hosts, noted.append)
            sockets = Sockets(tmp_path / str(next(count)))
            stack.push_async_callback(sockets.close)
            opened = await sockets.open({}, {EGRESS: run.talk})
            return Inside(run, str(opened.folder / EGRESS))

        yield make


async def test_a_tunnel_leads_where_the_role_says(let_out: LetOut, origin: Origin) -> None:
    notes: list[str] = []
    target = f"api.test:{origin.port}"
    inside = await let_out(network({"api.test": ["127.0.0.1"]}), target, notes=notes)
    for _ in range(2):
        reader, writer = await inside.connect(target)
        writer.write(b"secret-path")
        async with asyncio.timeout(PATIENCE_S):
            assert await reader.readexactly(16) == b"echo:secret-path"
        writer.close()
    assert notes == [f"egress: allowed {target}"]


async def test_a_plain_request_goes_there_too(let_out: LetOut, origin: Origin) -> None:
    target = f"api.test:{origin.port}"
    inside = await let_out(network({"api.test": ["127.0.0.1"]}), target)
    head = f"GET http://{target}/a?b HTTP/1.1\r\nHost: other.test\r\n\r\n".encode()
    answer = await inside.whole(head)
    assert answer.startswith(b"echo:GET /a?b HTTP/1.1\r\nHost: " + target.encode())
    assert b"other.test" not in answer


@pytest.mark.parametrize(
    ("asked", "hosts", "because"),
    [
        ("other.test:443", ["api.test"], "the role does not open it"),
        ("api.test:22", ["api.test"], "the role does not open it"),
        ("api.test:443", ["*.api.test"], "the role does not open it"),
        ("127.0.0.1:443", ["api.test"], "the role does not open it"),
        ("192.0.2.1:443", ["192.0.2.1"], "it is a number"),
        ("[::1]:443", ["[::1]"], "it is a number"),
        ("private.test:443", ["*.test.org", "private.test"], "it leads to a private address"),
        ("mixed.test:443", ["mixed.test"], "it leads to a private address"),
        ("metadata.test:80", ["metadata.test"], "it leads to a private address"),
        ("mapped.test:80", ["mapped.test"], "it leads to a private address"),
    ],
)
async def test_what_is_not_open_is_refused_and_says_what_to_do(
    let_out: LetOut, asked: str, hosts: list[str], because: str
) -> None:
    notes: list[str] = []
    known = {
        "private.test": ["10.0.0.1"],
        "mixed.test": ["198.51.100.7", "127.0.0.1"],
        "metadata.test": ["169.254.169.254"],
        "mapped.test": ["::ffff:127.0.0.1"],
    }
    inside = await let_out(network(known, loopback=False), *hosts, notes=notes)
    for head in (
        f"CONNECT {asked} HTTP/1.1\r\n\r\n",
        f"GET http://{asked}/x HTTP/1.1\r\n\r\n",
    ):
        answer = await inside.whole(head.encode())
        assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n"), answer
        assert b"HIRINGHALL_EGRESS_NETWORKS" in answer or b"hiringhall admin role set" in answer
    assert notes == [f"egress: refused {asked}: {because}"]
    assert "/x" not in "".join(notes)


async def test_a_name_is_looked_up_once_and_only_if_the_role_opens_it(
    let_out: LetOut, origin: Origin
) -> None:
    """A name that leads elsewhere a moment later leads nobody astray: it is not asked again."""
    names = Names({"api.test": ["127.0.0.1"]})
    target = f"api.test:{origin.port}"
    inside = await let_out(Egress(LOOPBACK, names), target)
    await inside.whole(b"CONNECT other.test:443 HTTP/1.1\r\n\r\n")
    assert names.asked == []
    _, writer = await inside.connect(target)
    assert names.asked == ["api.test"]
    writer.close()


async def test_the_operator_lists_numbers_and_private_addresses(
    let_out: LetOut, origin: Origin
) -> None:
    inside = await let_out(network({}), f"127.0.0.1:{origin.port}")
    _, writer = await inside.connect(f"127.0.0.1:{origin.port}")
    writer.close()


async def test_what_does_not_answer_is_said(let_out: LetOut) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    inside = await let_out(network({"api.test": ["127.0.0.1"]}), f"api.test:{port}", "gone.test")
    answer = await inside.whole(f"CONNECT api.test:{port} HTTP/1.1\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 502 ")
    answer = await inside.whole(b"CONNECT gone.test:443 HTTP/1.1\r\n\r\n")
    assert b"no network address" in answer


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: api.test\r\n\r\n", b"400"),
        (b"CONNECT api.test HTTP/1.1\r\n\r\n", b"400"),
        (b"GET http://api.test/ HTTP/1.1\r\nA: " + b"x" * 200_000 + b"\r\n\r\n", b"431"),
    ],
)
async def test_nonsense_is_answered(let_out: LetOut, head: bytes, status: bytes) -> None:
    inside = await let_out(network({}), "api.test")
    assert (await inside.whole(head)).startswith(b"HTTP/1.1 " + status)


async def test_a_run_sends_and_receives_so_much(
    let_out: LetOut, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []
    target = f"api.test:{origin.port}"
    inside = await let_out(network({"api.test": ["127.0.0.1"]}), target, notes=notes)
    monkeypatch.setattr(inside.run, "_left_bytes", 100_000)
    reader, writer = await inside.connect(target)
    writer.write(b"x" * 200_000)
    async with asyncio.timeout(PATIENCE_S):
        with contextlib.suppress(ConnectionError):
            assert len(await reader.read()) <= 100_000
    writer.close()
    answer = await inside.whole(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
    assert b"used up" in answer
    assert "egress: ended: this run has used up what it may send and receive" in notes


async def test_a_run_has_so_many_connections_at_once(
    let_out: LetOut, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_AT_ONCE", 2)
    target = f"api.test:{origin.port}"
    inside = await let_out(network({"api.test": ["127.0.0.1"]}), target)
    talks = [await inside.connect(target) for _ in range(2)]
    answer = await inside.whole(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 429 ")
    for reader, writer in talks:
        writer.write_eof()
        async with asyncio.timeout(PATIENCE_S):
            await reader.read()
        writer.close()
    _, writer = await inside.connect(target)
    writer.close()


async def test_silence_ends_a_tunnel(
    let_out: LetOut, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE_S", 0.05)
    target = f"api.test:{origin.port}"
    inside = await let_out(network({"api.test": ["127.0.0.1"]}), target)
    reader, writer = await inside.connect(target)
    async with asyncio.timeout(PATIENCE_S):
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()


async def test_a_log_names_so_many_hosts(let_out: LetOut, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_NOTES", 3)
    notes: list[str] = []
    inside = await let_out(network({}), "api.test", notes=notes)
    for number in range(5):
        await inside.whole(f"CONNECT h{number}.test:443 HTTP/1.1\r\n\r\n".encode())
    assert len(notes) == 3
