"""Pipes to a sandbox as asyncio streams, with exactly one owner for each descriptor.

The event loops' own pipe transports close what they were given at a moment of their choosing, and
a descriptor closed twice may by then be somebody else's. These close theirs once, here.
"""

import asyncio
import contextlib
import os
from typing import Any

_CHUNK_BYTES = 64 * 1024


class ReadPipe(asyncio.ReadTransport):
    """Feeds a `StreamReader`; stops reading, so that the writer waits, while nobody takes."""

    def __init__(self, fd: int, *, limit_bytes: int) -> None:
        super().__init__()
        os.set_blocking(fd, False)
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        self._reading = False
        self.stream = asyncio.StreamReader(limit=limit_bytes, loop=self._loop)
        self.stream.set_transport(self)
        self.resume_reading()

    def is_reading(self) -> bool:
        return self._reading

    def pause_reading(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._fd)

    def resume_reading(self) -> None:
        if not self._reading and self._fd >= 0:
            self._reading = True
            self._loop.add_reader(self._fd, self._on_readable)

    def _on_readable(self) -> None:
        if self._take() == 0:
            self.close()

    def _take(self) -> int:
        """Bytes moved into the stream; 0 at the end, -1 when there is nothing now."""
        try:
            data = os.read(self._fd, _CHUNK_BYTES)
        except (BlockingIOError, InterruptedError):
            return -1
        if data:
            self.stream.feed_data(data)
        return len(data)

    def finish(self) -> None:
        """Every writer is gone: take what the pipe still holds (a pipe is small) and close."""
        while self._fd >= 0 and self._take() > 0:
            pass
        self.close()

    def is_closing(self) -> bool:
        return self._fd < 0

    def close(self) -> None:
        if self._fd >= 0:
            self.pause_reading()
            os.close(self._fd)
            self._fd = -1
            self.stream.feed_eof()


class WritePipe(asyncio.WriteTransport):
    """What a `StreamWriter` writes to; its `drain()` waits while the other side does not read."""

    def __init__(self, fd: int, *, limit_bytes: int) -> None:
        super().__init__()
        os.set_blocking(fd, False)
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._limit_bytes = limit_bytes
        self._paused = False
        self._closing = False
        # The protocol is only there for its flow control, which drain() listens to.
        unused = asyncio.StreamReader(loop=self._loop)
        self._protocol = asyncio.StreamReaderProtocol(unused, loop=self._loop)
        self._protocol.connection_made(self)
        self.stream = asyncio.StreamWriter(self, self._protocol, None, self._loop)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._fd < 0 or self._closing:
            return
        had_nothing = not self._buffer
        self._buffer += data
        if had_nothing:
            self._flush()
            if self._buffer and self._fd >= 0:
                self._loop.add_writer(self._fd, self._on_writable)
        if len(self._buffer) > self._limit_bytes and not self._paused:
            self._paused = True
            self._protocol.pause_writing()

    def _on_writable(self) -> None:
        self._flush()
        if self._fd < 0:
            return
        if self._paused and len(self._buffer) <= self._limit_bytes // 2:
            self._paused = False
            self._protocol.resume_writing()
        if not self._buffer:
            self._loop.remove_writer(self._fd)
            if self._closing:
                self.abort()

    def _flush(self) -> None:
        try:
            while self._buffer:
                del self._buffer[: os.write(self._fd, self._buffer[:_CHUNK_BYTES])]
        except (BlockingIOError, InterruptedError):
            return
        except BrokenPipeError:
            self.abort()

    def close(self) -> None:
        """Close once everything written has been taken."""
        self._closing = True
        if not self._buffer:
            self.abort()

    def abort(self) -> None:
        if self._fd >= 0:
            with contextlib.suppress(ValueError):
                self._loop.remove_writer(self._fd)
            os.close(self._fd)
            self._fd = -1
            self._buffer.clear()
            self._protocol.connection_lost(None)

    def is_closing(self) -> bool:
        return self._closing or self._fd < 0

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.close()

    def get_write_buffer_size(self) -> int:
        return len(self._buffer)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default
