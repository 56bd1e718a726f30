"""A run's own sockets: private, cheap, bounded, and gone when the run is."""

import asyncio
import gc
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from hiringhall.workers import sockets as module
from hiringhall.workers.sockets import EGRESS, MODEL, MOST_CONNECTIONS, WORK, RunSockets, Sockets
from tests.sandboxes.conftest import bubblewrap, inside
from tests.sandboxes.inside import Inside

__all__ = ["bubblewrap", "inside"]

pytestmark = pytest.mark.anyio


def says(word: str) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = word.encode()
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})

    return app


async def ask(opened: RunSockets, name: str, path: str = "/") -> httpx.Response:
    transport = httpx.AsyncHTTPTransport(uds=str(opened.folder / name))
    async with httpx.AsyncClient(transport=transport, timeout=10) as client:
        return await client.get(f"http://hall{path}")


@pytest.fixture
async def sockets(tmp_path: Path) -> AsyncIterator[Sockets]:
    kept = Sockets(tmp_path / "sockets")
    yield kept
    await kept.close()


async def test_each_run_has_its_own_app_at_its_own_socket(sockets: Sockets) -> None:
    one = await sockets.open({WORK: says("one"), MODEL: says("model")})
    other = await sockets.open({WORK: says("other")})
    assert (await ask(one, WORK)).text == "one"
    assert (await ask(one, MODEL)).text == "model"
    assert (await ask(other, WORK)).text == "other"
    assert sorted(path.name for path in other.folder.iterdir()) == [WORK]
    assert one.relays == {WORK: 7101, MODEL: 7102}
    assert one.folder != other.folder


async def test_nobody_but_the_halls_user_reaches_a_socket(sockets: Sockets) -> None:
    opened = await sockets.open({WORK: says("x")})
    for folder in (opened.folder, opened.folder.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_path_may_be_longer_than_an_address(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-rather-long-name-of-a-folder"] * 6)
    kept = Sockets(deep)
    opened = await kept.open({WORK: says("deep")})
    assert len(str(opened.folder / WORK)) > 200
    at = os.open(opened.folder, os.O_PATH)
    transport = httpx.AsyncHTTPTransport(uds=f"/proc/self/fd/{at}/{WORK}")
    async with httpx.AsyncClient(transport=transport) as client:
        assert (await client.get("http://hall/")).text == "deep"
    os.close(at)
    await kept.close()


async def test_what_a_run_had_is_gone_when_it_ends(sockets: Sockets) -> None:
    begun, gone = asyncio.Event(), asyncio.Event()

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    opened = await sockets.open({WORK: waits})
    reader, writer = await asyncio.open_unix_connection(str(opened.folder / WORK))
    writer.write(b"GET / HTTP/1.1\r\nhost: hall\r\n\r\n")
    await writer.drain()
    async with asyncio.timeout(10):
        await begun.wait()
        await opened.close()
        await gone.wait()
        assert await _hung_up(reader)
    assert not opened.folder.exists()
    assert opened.connections == []
    writer.close()
    with pytest.raises(httpx.ConnectError):
        await ask(opened, WORK)
    assert not sockets._open


async def test_an_app_that_does_not_end_with_its_run_is_ended(
    sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "END_S", 0.05)
    ended = asyncio.Event()
    begun = asyncio.Event()

    async def stubborn(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    opened = await sockets.open({WORK: stubborn})
    _, writer = await asyncio.open_unix_connection(str(opened.folder / WORK))
    writer.write(b"GET / HTTP/1.1\r\nhost: hall\r\n\r\n")
    async with asyncio.timeout(10):
        await begun.wait()
        await opened.close()
        await ended.wait()
    writer.close()


async def test_a_flood_of_connections_is_hung_up_on(sockets: Sockets) -> None:
    opened = await sockets.open({WORK: says("x")}, {EGRESS: _silent})
    for name in (WORK, EGRESS):
        talks = [
            await asyncio.open_unix_connection(str(opened.folder / name))
            for _ in range(MOST_CONNECTIONS + 20)
        ]
        async with asyncio.timeout(10):
            assert all([await _hung_up(reader) for reader, _ in talks[MOST_CONNECTIONS:]])
        for _, writer in talks:
            writer.close()
    async with asyncio.timeout(10):
        while opened.connections:  # noqa: ASYNC110  nothing tells a test but a look
            await asyncio.sleep(0.01)
    assert (await ask(opened, WORK)).text == "x"


async def test_who_never_ends_a_head_is_hung_up_on(
    sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIMITS", module.ConnectionLimits(head_s=0.05))
    monkeypatch.setattr(module, "_SWEEP_S", 0.02)
    opened = await sockets.open({WORK: says("x")})
    reader, writer = await asyncio.open_unix_connection(str(opened.folder / WORK))
    writer.write(b"GET / HTTP/1.1\r\n")
    async with asyncio.timeout(10):
        assert b"408" in await reader.read()
    writer.close()


async def test_streams_are_handed_over_and_ended(sockets: Sockets) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()

    opened = await sockets.open({}, {EGRESS: echo})
    reader, writer = await asyncio.open_unix_connection(str(opened.folder / EGRESS))
    writer.write(b"hello\n")
    async with asyncio.timeout(10):
        assert await reader.read() == b"hello\n"
    writer.close()


async def test_a_start_removes_what_a_dead_process_left(tmp_path: Path) -> None:
    folder = tmp_path / "sockets"
    (folder / "0123abcd").mkdir(parents=True)
    (folder / "0123abcd" / WORK).touch()
    kept = Sockets(folder)
    kept.tidy()
    assert not folder.exists()
    await (await kept.open({WORK: says("x")})).close()
    await kept.close()


async def test_a_thousand_runs_cost_little(sockets: Sockets) -> None:
    """The whole hall has 5 MB for a run; its sockets may take a hundredth of that."""
    first = [await sockets.open({WORK: says("x"), MODEL: says("y")}) for _ in range(20)]
    gc.collect()
    before = _resident_kib()
    opened = [await sockets.open({WORK: says("x"), MODEL: says("y")}) for _ in range(200)]
    gc.collect()
    assert (_resident_kib() - before) / len(opened) < 50
    assert len(asyncio.all_tasks()) < 5
    for one in (*first, *opened):
        await one.close()


@pytest.mark.sandbox
async def test_a_sandbox_reaches_its_own_sockets_and_no_others(
    sockets: Sockets, inside: Inside
) -> None:
    mine = await sockets.open({WORK: says("mine"), MODEL: says("model")})
    others = await sockets.open({WORK: says("others")})
    script = """
import http.client, os, socket
for port in (7101, 7102):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    print(connection.getresponse().read().decode())
print(sorted(os.listdir("/run/hall")))
attempt(os.unlink, "/run/hall/work.sock")
attempt(os.rename, "/run/hall/work.sock", "/run/hall/model.sock")
attempt(open, "/run/hall/mine", "w")
attempt(socket.socket(socket.AF_UNIX).connect, sys.argv[1])
"""
    went = await inside.python(
        script, str(others.folder / WORK), sockets=mine.folder, relays=mine.relays
    )
    assert went.ok, went.err
    assert went.out.splitlines() == [
        "mine", "model", "['model.sock', 'work.sock']", "EROFS", "EROFS", "EROFS", "ENOENT",
    ]  # fmt: skip


async def _hung_up(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def _resident_kib() -> int:
    pages: Any = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") // 1024
