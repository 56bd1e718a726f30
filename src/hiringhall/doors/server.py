"""The HTTP server: uvicorn on uvloop, started, known to be ready, and stopped without waiting."""

import asyncio
import contextlib
import functools
import socket
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Self, TypeVar, cast

import uvicorn
import uvloop
from starlette.types import ASGIApp

from hiringhall.connections import ConnectionLimits, HallProtocol

T = TypeVar("T")

_BACKLOG = 2048


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on an event loop of the kind the server wants."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `OSError` when it cannot be had."""
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    return socket.create_server(address[:2], family=family, backlog=_BACKLOG)


def address_of(listener: socket.socket) -> str:
    """Where a listening socket is reached, as the beginning of a URL: no slash at the end."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104  it is read here, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server:
    """One app on one listening socket.

    `before_stop` is called first of all when the server stops; it ends streams that would not end
    by themselves, for which the server would otherwise wait until `graceful_s` is over.
    """

    def __init__(
        self,
        app: ASGIApp,
        listener: socket.socket,
        *,
        limits: ConnectionLimits | None = None,
        graceful_s: int = 10,
        before_stop: Callable[[], None] = lambda: None,
    ) -> None:
        protocol = functools.partial(HallProtocol, limits=limits or ConnectionLimits())
        self.url = address_of(listener)
        self._listener = listener
        self._before_stop = before_stop
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                cast("Any", app),
                http=cast("type[asyncio.Protocol]", protocol),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=_BACKLOG,
                timeout_keep_alive=3600,  # the sweeper ends idle connections sooner
                timeout_graceful_shutdown=graceful_s,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to serve; connections are answered once this returns."""
        self._serving = asyncio.create_task(self._uvicorn.serve(sockets=[self._listener]))
        ready = asyncio.create_task(self._uvicorn.ready.wait())
        await asyncio.wait({self._serving, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._serving.done():
            await self._serving

    async def stop(self) -> None:
        """End streams, take no more connections, finish what is under way, then return."""
        if self._serving is None:
            return
        self._before_stop()
        self._uvicorn.should_exit = True
        await self._serving

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.stop()


class _Uvicorn(uvicorn.Server):
    """uvicorn without its signal handlers (who starts it decides), with the sweeper on its tick."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def on_tick(self, counter: int) -> bool:
        """Sweep on every tenth tick: uvicorn ticks ten times a second."""
        if counter % 10 == 0:
            now = asyncio.get_running_loop().time()
            for connection in tuple(cast("set[object]", self.server_state.connections)):
                if isinstance(connection, HallProtocol):
                    connection.sweep(now)
        return await super().on_tick(counter)
