"""A hall whose runs may go out, its name service in a test's hand, and two servers of the host's."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hiringhall.app import open_app
from hiringhall.settings import read_settings
from hiringhall.workers.egress.proxy import Egress
from tests.escape.cell import Cell
from tests.support.halls import sign_up
from tests.workers.shop import carried

OPEN, SECRET = "127.0.0.2", "127.0.0.1"
"""An address that the operator lists, and one that it does not."""

TALK = """
def ask(*pieces, path="/run/hall/egress.sock", patience=20):
    answer = b""
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(patience)
            s.connect(path)
            try:
                for piece in pieces:
                    s.sendall(piece)
                s.shutdown(socket.SHUT_WR)
            except BrokenPipeError:
                pass  # it has said no already
            while part := s.recv(65536):
                answer += part
    except OSError as error:
        answer = answer or errno.errorcode.get(error.errno, str(error)).encode()
    return answer.decode(errors="replace")
def connect(target, inside=b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"):
    return ask(b"CONNECT " + target.encode() + b" HTTP/1.1\\r\\n\\r\\n", inside)
def fetch(address):
    return ask(b"GET " + address.encode() + b" HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
def word(answer):
    return answer.split(" ", 2)[1] if answer.startswith("HTTP/1.1 ") else answer[:40]
port = int(sys.argv[1])
"""


@dataclass
class Names:
    """The hall's name service, in a test's hand: one name leads elsewhere each time."""

    asked: list[str] = field(default_factory=list[str])

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        turn = self.asked.count(host)
        known = {
            "good.test": [OPEN],
            "rebind.test": [OPEN if turn % 2 else SECRET],
            "both.test": [OPEN, SECRET],
            "here.test": [SECRET],
            "mapped.test": ["::ffff:127.0.0.1"],
            "sixth.test": ["::1"],
            "linked.test": ["fe80::1"],
            "private.test": ["10.0.0.1"],
            "metadata.test": ["169.254.169.254"],
            "empty.test": [],
        }
        if host not in known:
            raise OSError("unknown")
        return known[host]


@dataclass
class Server:
    """One address of the host's: what each of its connections said."""

    heard: list[bytes] = field(default_factory=list[bytes])

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = len(self.heard)
        self.heard.append(b"")
        with contextlib.suppress(OSError):
            while piece := await reader.read(65_536):
                begun = b"\r\n\r\n" in self.heard[place]
                self.heard[place] += piece
                if not begun and b"\r\n\r\n" in self.heard[place]:
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfound")
                    await writer.drain()
        writer.close()

    def forget(self) -> None:
        self.heard.clear()


@dataclass
class Outside:
    """A hall whose runs may go out, and two servers: one they may reach, one they never may."""

    cell: Cell
    port: int
    open: Server
    secret: Server
    names: Names

    async def attempt(self, script: str, *arguments: str, hosts: list[str], **more: Any) -> Any:
        """What an attempt found; the secret server heard nobody."""
        self.open.forget()
        tried = await self.cell.attempt(
            TALK + script, str(self.port), *arguments, hosts=hosts, **more
        )
        assert self.secret.heard == []
        return tried.found


@contextlib.asynccontextmanager
async def let_out(folder: Path) -> AsyncGenerator[Outside]:
    """Such a hall, as long as the block lasts."""
    settings = read_settings(
        {}, data_dir=folder / "data", require_sandbox=True, egress_networks=(f"{OPEN}/32",)
    )
    names, opened, secret = Names(), Server(), Server()
    async with contextlib.AsyncExitStack() as stack:
        first = await asyncio.start_server(opened.talk, OPEN, 0)
        port = first.sockets[0].getsockname()[1]
        second = await asyncio.start_server(secret.talk, SECRET, port)
        for server in (first, second):
            await stack.enter_async_context(server)
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr("hiringhall.app.Egress", partial(Egress, resolver=names))
        app = await stack.enter_async_context(open_app(settings))
        house = await stack.enter_async_context(carried(app))
        tenants = {name: await sign_up(app.hall, name) for name in ("ada", "bob")}
        yield Outside(Cell(app, house, folder, tenants), port, opened, secret, names)
