"""A shell in a run's sandbox: scripts go in, what they wrote comes out, within time and size."""

import asyncio
import base64
import binascii
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from hiringhall.workers.builtin.wire import Ran
from hiringhall.workers.sandboxes.port import WHY, ExitReason, Sandboxed, read_output

MOST_TIMEOUT_S = 1800
MOST_BYTES = 1024 * 1024
"""Of a script's output that comes out."""
MOST_INPUT_BYTES = 1024 * 1024
"""Of a script and its standard input together."""
_GRACE_S = 15.0
"""By how much later the hall's own clock is than the one inside."""
_START_S = 120.0
_MOST_STARTS = 6
_COMPLAINT_BYTES = 4_000

Start = Callable[[Sequence[str]], Awaitable[Sandboxed]]
"""Starts a program in the run's sandbox, its standard input open."""

_REASONS = {**WHY, ExitReason.EXITED: "its shell was ended from inside"}


class ShellGone(Exception):
    """The run's sandbox is gone and is not started again; `why` is for the poster."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Shell:
    """One shell for one run, started when it is first wanted and again when it was ended.

    The answers come out of the sandbox, so they are whatever is in there wants them to be: they
    are bounded and read as data, and nothing is decided by them.
    """

    def __init__(self, start: Start) -> None:
        self._start = start
        self._lock = asyncio.Lock()
        self._sandbox: Sandboxed | None = None
        self._complaints: asyncio.Task[object] | None = None
        self._starts = 0
        self._number = 0

    async def run(
        self, script: str, *, stdin: bytes = b"", timeout_s: int = 120, most_bytes: int = 32_000
    ) -> Ran:
        """Run a script in the workspace; one at a time, in the order of asking.

        Raises:
            ShellGone: there is no sandbox for it any more.
            SandboxError: it could not be started.
        """
        if len(script.encode()) + len(stdin) > MOST_INPUT_BYTES:
            return Ran(126, 0, b"", note=f"That is more than {MOST_INPUT_BYTES} bytes at once")
        timeout_s = max(1, min(timeout_s, MOST_TIMEOUT_S))
        most_bytes = max(2, min(most_bytes, MOST_BYTES))
        async with self._lock:
            sandbox = self._sandbox or await self._begin()
            self._number += 1
            order = f"{self._number} {timeout_s} {most_bytes} {_code(script.encode())} "
            try:
                async with asyncio.timeout(timeout_s + _GRACE_S):
                    answer = await _exchange(sandbox, f"{order}{_code(stdin)}\n".encode())
            except TimeoutError:
                await self._end()
                return Ran(124, 0, b"", note=self._anew("it did not answer in time"))
            except BaseException:
                await asyncio.shield(self._end())
                raise
            ran = _read(answer, self._number, most_bytes)
            return ran if ran is not None else await self._lost(sandbox)

    async def close(self) -> None:
        """End the sandbox with everything in it."""
        self._starts = _MOST_STARTS
        await self._end()

    async def _begin(self) -> Sandboxed:
        if self._starts >= _MOST_STARTS:
            raise ShellGone("The sandbox was ended again and again")
        self._starts += 1
        script = Path(__file__).with_name("toolserver.sh").read_text()
        sandbox = await self._start(["/bin/sh", "-c", script])
        self._sandbox = sandbox
        self._complaints = asyncio.create_task(read_output(sandbox.stderr, _COMPLAINT_BYTES))
        greeting = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_S):
                greeting = await sandbox.stdout.readline()
        if greeting != b"ready\n":
            await self._end()
            said = greeting.decode(errors="replace").strip()
            raise ShellGone(f"The sandbox has no working shell{': it ' + said if said else ''}")
        return sandbox

    async def _lost(self, sandbox: Sandboxed) -> Ran:
        """The sandbox ended, or answers nonsense: say why, and begin anew with the next script."""
        await self._end()
        ended = await sandbox.wait()
        why = _REASONS.get(ended.reason, "it answered nonsense, or broke down")
        if ended.reason in (ExitReason.OUT_OF_DISK, ExitReason.TIMED_OUT):
            raise ShellGone(f"The sandbox was ended: {why}")
        return Ran(137, 0, b"", note=self._anew(why))

    def _anew(self, why: str) -> str:
        return (
            f"The sandbox was ended: {why}. The workspace is as it was left; everything else in "
            "there is gone, and a new sandbox begins with the next command."
        )

    async def _end(self) -> None:
        sandbox, self._sandbox = self._sandbox, None
        if sandbox is not None:
            await sandbox.kill()
        if self._complaints is not None:
            await asyncio.gather(self._complaints, return_exceptions=True)
            self._complaints = None


async def _exchange(sandbox: Sandboxed, order: bytes) -> bytes:
    """Send an order and read the line that comes next; empty when the sandbox has ended."""
    assert sandbox.stdin is not None
    try:
        sandbox.stdin.write(order)
        await sandbox.stdin.drain()
        return await sandbox.stdout.readline()
    except (ConnectionError, ValueError, asyncio.LimitOverrunError):
        return b""


def _read(line: bytes, number: int, most_bytes: int) -> Ran | None:
    """An answer, or None where it is none."""
    parts = line.split()
    if len(parts) != 5 or len(line) > 2 * most_bytes + 200:
        return None
    try:
        said, code, size_bytes = (int(part) for part in parts[:3])
        head, tail = (_plain(part) for part in parts[3:])
    except (ValueError, binascii.Error):
        return None
    return Ran(code, size_bytes, head, tail) if said == number else None


def _code(data: bytes) -> str:
    return base64.b64encode(data).decode() if data else "-"


def _plain(coded: bytes) -> bytes:
    return b"" if coded == b"-" else base64.b64decode(coded, validate=True)
