"""The line between a browser and the hall, which a test can cut and mend."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

_PIECE = 65_536


class Line:
    """Carries connections to a hall from an address of its own, as long as it is whole."""

    def __init__(self, to: str) -> None:
        parts = urlsplit(to)
        self._to = (str(parts.hostname), int(parts.port or 80))
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self.port = 0
        self.taken = 0
        """How many connections there were so far."""

    @property
    def url(self) -> str:
        """Where the hall is reached over this line."""
        return f"http://127.0.0.1:{self.port}"

    async def mend(self) -> None:
        """Take connections, from now on, at the address that it had before."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End every connection, in the middle of what it says, and take no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()
        if self._carrying:
            await asyncio.wait(self._carrying)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        self._writers.add(writer)
        self.taken += 1
        try:
            there, here = await asyncio.open_connection(*self._to)
            self._writers.add(here)
            try:
                await asyncio.gather(_pour(reader, here), _pour(there, writer))
            finally:
                self._writers.discard(here)
                here.close()
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            self._carrying.discard(task)
            writer.close()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def line_to(url: str) -> AsyncGenerator[Line]:
    """A whole line to a hall, gone when the block ends."""
    line = Line(url)
    await line.mend()
    try:
        yield line
    finally:
        await line.cut()
