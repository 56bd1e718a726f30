"""Bounds what a sandbox writes to the host's disk, where folders have no quota of their own.

Free space is asked for every second, which costs nothing; the folders are measured only when it
has fallen by enough to matter. Standard library only: part of the keeper.
"""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Sequence

_LOOK_EVERY_S = 1.0
_MEASURE_EVERY_S = 60.0
_DULL_SHARE = 8
"""Less than this part of the limit, gone from the disk, is not worth measuring for."""


class DiskWatch:
    """Says when some folders together have grown over a limit."""

    def __init__(self, folders: Sequence[str], limit_bytes: int) -> None:
        self._folders = folders
        self._limit_bytes = limit_bytes
        self._program = shutil.which("du", path="/usr/bin:/bin")
        self._free_bytes = self._ask()
        self._measured = self._looked = time.monotonic()
        self._pid = 0
        self._answer_fd = -1

    def is_over(self) -> bool:
        """To be called about every second; never waits."""
        if self._pid:
            return self._has_answer() and self._read_answer() > self._limit_bytes
        now = time.monotonic()
        if self._program is None or now - self._looked < _LOOK_EVERY_S:
            return False
        self._looked = now
        gone_bytes = self._free_bytes - self._ask()
        if gone_bytes > self._limit_bytes // _DULL_SHARE or now - self._measured > _MEASURE_EVERY_S:
            self._measure(self._program)
        return False

    def _ask(self) -> int:
        with contextlib.suppress(OSError):
            found = os.statvfs(self._folders[0])
            return found.f_bavail * found.f_frsize
        return 0

    def _measure(self, program: str) -> None:
        # du, not a walk of ours: it survives trees made to be too deep, and links swapped under it.
        self._free_bytes = self._ask()
        self._answer_fd, theirs = os.pipe()
        actions = [
            (os.POSIX_SPAWN_DUP2, theirs, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        argv = ["du", "-s", "-k", "-x", "--", *self._folders]
        self._pid = os.posix_spawn(program, argv, {}, file_actions=actions)
        os.close(theirs)

    def _has_answer(self) -> bool:
        pid, _ = os.waitpid(self._pid, os.WNOHANG)
        return pid != 0

    def _read_answer(self) -> int:
        self._pid = 0
        self._measured = time.monotonic()
        with open(self._answer_fd, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            counts = [line.split(maxsplit=1)[0] for line in file if line.strip()]
        return 1024 * sum(int(count) for count in counts if count.isdigit())

    def close(self) -> None:
        if self._pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            os.close(self._answer_fd)
            self._pid = 0
