"""The Unix sockets by which a sandboxed run reaches the hall: which one tells who speaks."""

import asyncio
import contextlib
import functools
import os
import secrets
import shutil
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Self, cast

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from hiringhall.connections import ConnectionLimits, HallProtocol

log = structlog.get_logger()

WORK = "work.sock"
"""Coordination: MCP at `/mcp`, plain HTTP at `/tools`."""
MODEL = "model.sock"
"""The model gateway."""
EGRESS = "egress.sock"
"""The allowlist proxy; only where the role allows hosts."""

PORTS: Mapping[str, int] = {WORK: 7101, MODEL: 7102, EGRESS: 7103}
"""Where each answers on 127.0.0.1 inside, for programs that know no Unix sockets."""

MOST_CONNECTIONS = 64
"""Of one socket at once; more are hung up on."""
LIMITS = ConnectionLimits(head_s=30.0, body_s=120.0, idle_s=300.0, stall_s=300.0)
END_S = 5.0
_BACKLOG = 128
_SWEEP_S = 1.0
_STREAM_BYTES = 1 << 16

StreamHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class RunSockets:
    """The sockets of one run, listening; `folder` is what its sandbox is shown."""

    def __init__(self, folder: Path, names: frozenset[str], forget: Callable[[Self], None]) -> None:
        self.folder = folder
        self.names = names
        self._forget = forget
        self._states: list[ServerState] = []
        self._servers: list[asyncio.AbstractServer] = []
        self._talks: set[asyncio.Task[Any]] = set()

    @property
    def relays(self) -> dict[str, int]:
        """Every socket with its port inside, as `SandboxSpec.relays` takes them."""
        return {name: PORTS[name] for name in sorted(self.names)}

    @property
    def connections(self) -> list[HallProtocol]:
        """Every HTTP connection that is open now."""
        found = [one for state in self._states for one in cast("set[object]", state.connections)]
        return [one for one in found if isinstance(one, HallProtocol)]

    async def serve_app(self, name: str, app: ASGIApp, config: uvicorn.Config) -> None:
        """Answer HTTP on one socket by an app."""
        state = ServerState()
        self._states.append(state)

        def connect() -> asyncio.Protocol:
            protocol = _RunProtocol(config, state, {}, limits=LIMITS)
            protocol.app = cast("Any", app)
            return protocol

        loop = asyncio.get_running_loop()
        listener = _listen(self.folder, name)
        self._servers.append(await loop.create_unix_server(connect, sock=listener))

    async def serve_stream(self, name: str, handler: StreamHandler) -> None:
        """Answer anything else on one socket; a handler that ends hangs up."""
        listener = _listen(self.folder, name)
        talk = functools.partial(self._talk, handler)
        self._servers.append(
            await asyncio.start_unix_server(talk, sock=listener, limit=_STREAM_BYTES)
        )

    async def _talk(
        self,
        handler: StreamHandler,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        task = asyncio.current_task()
        if task is None or len(self._talks) >= MOST_CONNECTIONS:
            writer.transport.abort()
            return
        self._talks.add(task)
        try:
            await handler(reader, writer)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()  # either side hung up, or the run has ended
        except Exception:
            log.exception("sockets.fault")
            writer.transport.abort()
        finally:
            self._talks.discard(task)
            writer.close()

    async def close(self) -> None:
        """Hang up on whoever is inside, take the sockets away, and end what they were asked.

        Apps are told that their client is gone, and given a few seconds to settle that.
        """
        self._forget(self)
        for server in self._servers:
            server.close()
        for connection in self.connections:
            connection.transport.abort()
        for task in self._talks:
            task.cancel()
        shutil.rmtree(self.folder, ignore_errors=True)
        asked = {task for state in self._states for task in state.tasks} | self._talks
        if asked:
            _, late = await asyncio.wait(asked, timeout=END_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.close()


class Sockets:
    """The sockets of all runs of this process, in a private folder of the hall's own.

    A run costs some kilobytes here and a descriptor for each socket: no server, no thread, no task.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: set[RunSockets] = set()
        self._sweeping: asyncio.TimerHandle | None = None
        # One for all: what differs from run to run is the app, given to each connection by hand.
        self._config = uvicorn.Config(
            cast("Any", _nobody),
            interface="asgi3",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=3600,  # the sweeper ends idle connections sooner
        )

    async def open(
        self,
        apps: Mapping[str, ASGIApp],
        streams: Mapping[str, StreamHandler] | None = None,
    ) -> RunSockets:
        """Listen for one run: an app by each socket's name, a handler for what is no HTTP.

        Whoever opens them closes them (`async with`). Raises OSError where that cannot be.
        """
        folder = self._new_folder()
        streams = streams or {}
        opened = RunSockets(folder, frozenset((*apps, *streams)), self._open.discard)
        self._open.add(opened)
        try:
            for name, app in apps.items():
                await opened.serve_app(name, app, self._config)
            for name, handler in streams.items():
                await opened.serve_stream(name, handler)
        except BaseException:
            await opened.close()
            raise
        if self._sweeping is None:
            self._sweep()
        return opened

    def tidy(self) -> None:
        """At start: remove what a dead process left; its sockets lead nowhere."""
        shutil.rmtree(self._folder, ignore_errors=True)

    async def close(self) -> None:
        """End all of them."""
        for opened in tuple(self._open):
            await opened.close()
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None

    def _new_folder(self) -> Path:
        """A folder that only this user can enter, under a name that nobody guesses."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        while True:
            folder = self._folder / secrets.token_hex(4)
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                return folder

    def _sweep(self) -> None:
        """End connections whose client is too late; asks again while any run has sockets."""
        self._sweeping = None
        if not self._open:
            return
        loop = asyncio.get_running_loop()
        for opened in self._open:
            for connection in opened.connections:
                connection.sweep(loop.time())
        self._sweeping = loop.call_later(_SWEEP_S, self._sweep)


class _RunProtocol(HallProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  as in uvicorn itself
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()


def _listen(folder: Path, name: str) -> socket.socket:
    """A listening socket in a folder, however long its path: an address ends at 107 bytes."""
    if name not in PORTS:
        raise ValueError(f"there is no socket {name!r}")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        at = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            listener.bind(f"/proc/self/fd/{at}/{name}")
        finally:
            os.close(at)
        listener.listen(_BACKLOG)
        listener.setblocking(False)  # noqa: FBT003  its only way
    except BaseException:
        listener.close()
        raise
    return listener


async def _nobody(_scope: object, _receive: object, _send: object) -> None:
    raise RuntimeError("a connection was given no app")
