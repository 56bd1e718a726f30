"""Reads JSON messages, one a line, from a sandbox: bounded, logged, and fair to the hall's loop."""

import asyncio
import json
from typing import Any, cast

from hiringhall.workers.runlog import RunLog
from hiringhall.workers.sandboxes.port import LINE_BYTES


class LineTooLong(Exception):
    """An agent wrote a line without end."""


class JsonLines:
    """A message-level transport for ACP (`acp.Transport`), and a reader of other JSON lines."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter | None, log: RunLog
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._log = log

    async def receive(self) -> dict[str, Any] | None:
        """The next message; None at the end. What is no JSON object is logged and passed over.

        Raises:
            LineTooLong: there is more than 16 MiB in one line.
        """
        while True:
            # A flood of short lines must not keep everything else from running.
            await asyncio.sleep(0)
            try:
                line = await self._reader.readuntil(b"\n")
            except asyncio.IncompleteReadError as error:
                line = error.partial
                if not line:
                    return None
            except asyncio.LimitOverrunError as error:
                raise LineTooLong(f"a line of more than {LINE_BYTES} bytes") from error
            if not line.strip():
                continue
            self._log.write("<", line.decode(errors="replace"))
            try:
                message: object = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(message, dict):
                return cast("dict[str, Any]", message)

    async def send(self, message: dict[str, Any]) -> None:
        """Write one message; waits while the other side does not read."""
        if self._writer is None:
            raise ConnectionError("nobody reads here")
        text = json.dumps(message, separators=(",", ":"))
        self._log.write(">", text)
        self._writer.write(text.encode() + b"\n")
        await self._writer.drain()

    async def close(self) -> None:
        """End what is written; what is read ends with its writer."""
        if self._writer is not None:
            self._writer.close()
