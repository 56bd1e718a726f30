"""A door for the operator alone: JSON lines over a Unix socket in the data folder.

One process owns a data folder. While a server does, a command that writes asks the server to do
it, through this socket: one line `{"operation", "arguments"}`, one line back, `{"value"}` or
`{"error": {"code", "message"}}`. Who may open the socket is decided by the file's mode (0600, in
a folder of 0700) and checked again by the peer's user id.
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any, Self, cast

NAME = "admin.sock"
MOST_BYTES = 1 << 20
TIMEOUT_S = 60.0

_MOST_AT_ONCE = 8

Answer = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
"""Carries out an operation; the line to send back."""


class SocketError(Exception):
    """The server's socket cannot be reached, or what came over it is no answer."""


class AdminSocket:
    """The serving end, for as long as the async context lasts."""

    def __init__(self, folder: Path, answer: Answer) -> None:
        self._folder = folder
        self._answer = answer
        self._slots = asyncio.Semaphore(_MOST_AT_ONCE)
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        listener = _listen(self._folder)
        self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=MOST_BYTES)
        return self

    async def __aexit__(self, *_raised: object) -> None:
        if self._server is not None:
            self._server.close()
            # What is under way ends by itself: `wait_closed` would wait for idle peers too.
        with contextlib.suppress(FileNotFoundError):
            (self._folder / NAME).unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.TimeoutError):
            async with self._slots, asyncio.timeout(TIMEOUT_S):
                if _is_ours(writer):
                    line = await self._handle(await _one_line(reader))
                    writer.write(json.dumps(line).encode("ascii") + b"\n")
                    await writer.drain()
        writer.close()

    async def _handle(self, line: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            operation, arguments = asked["operation"], asked["arguments"]
        except (ValueError, TypeError, KeyError):
            operation = arguments = None
        if not isinstance(operation, str) or not isinstance(arguments, dict):
            return error_line("invalid", "That is no request.")
        return await self._answer(operation, cast("dict[str, Any]", arguments))


def error_line(code: str, message: str) -> dict[str, Any]:
    """The line that says no; `code` is a domain error's."""
    return {"error": {"code": code, "message": message}}


def ask(folder: Path, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Ask the server that owns a data folder; its line. Raises SocketError."""
    line = json.dumps({"operation": operation, "arguments": arguments}).encode("ascii") + b"\n"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT_S)
            with _short_name(folder) as name:
                connection.connect(name)
            connection.sendall(line)
            with connection.makefile("rb") as answers:
                answer = json.loads(answers.readline(MOST_BYTES))
    except (OSError, ValueError) as error:
        raise SocketError(str(error)) from error
    if not isinstance(answer, dict):
        raise SocketError("the answer is no object")
    return cast("dict[str, Any]", answer)


def _listen(folder: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # Left by a server that was killed: we hold the folder's lock, so it is nobody's.
        with contextlib.suppress(FileNotFoundError):
            (folder / NAME).unlink()
        with _short_name(folder) as name:
            listener.bind(name)
        # Before `listen`, so that nobody gets in by the mode that bind gave it.
        (folder / NAME).chmod(0o600)
        listener.listen(_MOST_AT_ONCE)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


@contextlib.contextmanager
def _short_name(folder: Path) -> Generator[str]:
    """The socket's name by way of the open folder: a socket's path ends at 107 bytes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)


async def _one_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return b""


def _is_ours(writer: asyncio.StreamWriter) -> bool:
    """Whether the peer runs as this server's user, or as root."""
    peer: socket.socket = writer.get_extra_info("socket")
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    return user in {0, os.getuid()}
