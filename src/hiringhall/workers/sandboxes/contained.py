"""A sandbox that somebody else's engine runs: streams, clocks and a certain end, for any of them.

An engine's container has no keeper of ours beside it. Its clock and its disk are watched from here;
that the hall itself is there is watched from inside (`pulse.py`), and what a dead hall left behind
is found by its label.
"""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from hiringhall.workers.sandboxes.disk import LOOK_EVERY_S, DiskWatch, with_room
from hiringhall.workers.sandboxes.port import LINE_BYTES, Exit, ExitReason, SandboxSpec

log = structlog.get_logger()

OUTPUT_BYTES = 64 * 1024
LAST_OUTPUT_S = 10.0
"""How long output may still come when the process has ended."""


class Outlet(asyncio.ReadTransport):
    """Feeds one `StreamReader`; `room()` waits while nobody takes what is there."""

    def __init__(self, *, limit_bytes: int = OUTPUT_BYTES) -> None:
        super().__init__()
        self._room = asyncio.Event()
        self._room.set()
        # A line may be long, and is waited for whole; what nobody reads is bounded by `room`.
        self.stream = asyncio.StreamReader(limit=max(limit_bytes, LINE_BYTES))
        self.stream.set_transport(self)

    def pause_reading(self) -> None:
        self._room.clear()

    def resume_reading(self) -> None:
        self._room.set()

    def is_closing(self) -> bool:
        return self.stream.at_eof()

    async def feed(self, data: bytes) -> None:
        """Give it more, and wait until there is room again."""
        if data:
            self.stream.feed_data(data)
            await self._room.wait()

    def end(self) -> None:
        """There is no more."""
        self._room.set()
        self.stream.feed_eof()


class Inlet(asyncio.WriteTransport):
    """What a `StreamWriter` for standard input writes to: pieces are sent one after another."""

    def __init__(
        self, send: Callable[[bytes], Awaitable[None]], end: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__()
        self._send = send
        self._end = end
        self._waiting = bytearray()
        self._wake = asyncio.Event()
        self._ending = self._gone = self._paused = False
        loop = asyncio.get_running_loop()
        # The protocol is only there for its flow control, which drain() listens to.
        self._protocol = asyncio.StreamReaderProtocol(asyncio.StreamReader(), loop=loop)
        self._protocol.connection_made(self)
        self.stream = asyncio.StreamWriter(self, self._protocol, None, loop)

    async def pump(self) -> None:
        """Send what is written, until it ends or the other side is gone."""
        try:
            while not self._gone:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting and not self._gone:
                    piece = bytes(self._waiting[:OUTPUT_BYTES])
                    del self._waiting[: len(piece)]
                    await self._send(piece)
                    self._resume()
                if self._ending:
                    await self._end()
                    break
        except (OSError, EOFError):
            pass  # it has ended; what was meant for it is of no consequence
        finally:
            self.abort()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._gone or self._ending:
            return
        self._waiting += data
        self._wake.set()
        if len(self._waiting) > LINE_BYTES and not self._paused:
            self._paused = True
            self._protocol.pause_writing()

    def _resume(self) -> None:
        if self._paused and len(self._waiting) <= LINE_BYTES // 2:
            self._paused = False
            self._protocol.resume_writing()

    def close(self) -> None:
        self._ending = True
        self._wake.set()

    def abort(self) -> None:
        if not self._gone:
            self._gone = True
            self._wake.set()
            self._waiting.clear()
            self._protocol.connection_lost(None)

    def is_closing(self) -> bool:
        return self._ending or self._gone

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.close()

    def get_write_buffer_size(self) -> int:
        return len(self._waiting)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


class Engine(ABC):
    """One container as its engine shows it."""

    pid: int = 0
    """On this host; 0 where the engine runs elsewhere."""

    @abstractmethod
    async def send(self, data: bytes) -> None:
        """Write to standard input; raises OSError when it is gone."""

    @abstractmethod
    async def end_input(self) -> None:
        """Close standard input."""

    @abstractmethod
    async def pour(self, out: Outlet, err: Outlet) -> None:
        """Feed what is written until there is no more."""

    @abstractmethod
    async def ended(self) -> tuple[int, bool]:
        """Wait for the end; (exit code, whether memory ran out)."""

    @abstractmethod
    async def kill(self) -> None:
        """End everything inside; harmless when it has ended."""

    @abstractmethod
    async def remove(self) -> None:
        """Take it away. Returns when nothing of it runs any more."""


class Contained:
    """A running sandbox of an engine."""

    def __init__(self, engine: Engine, spec: SandboxSpec, forget: Callable[[Any], None]) -> None:
        self._engine = engine
        self._spec = spec
        self._out, self._err = Outlet(), Outlet()
        self._in = Inlet(engine.send, engine.end_input)
        self._forget = forget
        self._because: ExitReason | None = None
        if not spec.interactive:
            self._in.write(spec.stdin)
            self._in.close()
        self._life = asyncio.create_task(self._live())

    @property
    def pid(self) -> int:
        return self._engine.pid

    @property
    def stdin(self) -> asyncio.StreamWriter | None:
        return self._in.stream if self._spec.interactive else None

    @property
    def stdout(self) -> asyncio.StreamReader:
        return self._out.stream

    @property
    def stderr(self) -> asyncio.StreamReader:
        return self._err.stream

    async def wait(self) -> Exit:
        return await asyncio.shield(self._life)

    async def kill(self) -> Exit:
        await self._end(ExitReason.KILLED)
        return await self.wait()

    async def _end(self, because: ExitReason) -> None:
        if self._life.done():
            return
        if self._because is None:
            self._because = because
        await self._engine.kill()

    async def _live(self) -> Exit:
        pouring = asyncio.create_task(self._pour())
        pumping = asyncio.create_task(self._in.pump())
        watching = asyncio.create_task(self._watch())
        try:
            code, out_of_memory = await self._engine.ended()
            # Whoever reads decides when the rest is taken; but nobody has to read.
            await asyncio.wait({pouring}, timeout=LAST_OUTPUT_S)
        except (OSError, EOFError) as error:
            log.warning("sandbox.engine_lost", why=str(error) or type(error).__name__)
            return Exit(255, self._because or ExitReason.BROKEN)
        finally:
            for task in (pouring, pumping, watching):
                task.cancel()
            await asyncio.gather(pouring, pumping, watching, return_exceptions=True)
            self._out.end()
            self._err.end()
            with contextlib.suppress(OSError):
                await self._engine.remove()
            self._forget(self)
        if out_of_memory and self._because is None:
            return Exit(code, ExitReason.OUT_OF_MEMORY, 1)
        return Exit(code, self._because or ExitReason.EXITED, int(out_of_memory))

    async def _pour(self) -> None:
        await self._engine.pour(self._out, self._err)
        self._out.end()
        self._err.end()

    async def _watch(self) -> None:
        """End it when its time is over, or it has taken too much of the disk."""
        limits = self._spec.limits
        loop = asyncio.get_running_loop()
        until = loop.time() + limits.wall_s
        folders = self._spec.written
        disk_bytes = await asyncio.to_thread(with_room, folders, limits.disk_bytes)
        disk = DiskWatch(folders, disk_bytes)
        try:
            while loop.time() < until:
                await asyncio.sleep(min(LOOK_EVERY_S, max(0, until - loop.time())))
                if disk.is_over():
                    await self._end(ExitReason.OUT_OF_DISK)
                    return
        finally:
            disk.close()
        await self._end(ExitReason.TIMED_OUT)
