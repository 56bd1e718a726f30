"""Bounds what a sandbox writes to the host's disk, where folders have no quota of their own.

Free space is asked for ten times a second, which costs nothing; the folders are measured only when
it has fallen by enough to matter, and the seldomer the longer that takes. Standard library only:
part of the keeper.
"""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterable, Sequence

LOOK_EVERY_S = 0.1
"""How often `is_over` wants to be called; more often while `is_measuring`."""
MEASURING_S = 0.02
_FIRST_AFTER_S = 1.0
_MEASURE_EVERY_S = 60.0
_PATIENT_SHARE = 20
_HASTY_SHARE = 2
"""A measurement comes at most once in so many times as long as the last one took."""

_DU = ("du", "-s", "-k", "-x", "--")


class DiskWatch:
    """Says when some folders together have grown over a limit."""

    def __init__(self, folders: Sequence[str], limit_bytes: int) -> None:
        self._folders = folders
        self._limit_bytes = limit_bytes
        self._program = shutil.which("du", path="/usr/bin:/bin")
        self._free_bytes = self._ask()
        self._used_bytes: int | None = None
        self._began = self._ended = self._looked = time.monotonic()
        self._pid = 0
        self._answer_fd = -1

    @property
    def is_measuring(self) -> bool:
        return self._pid != 0

    def is_over(self) -> bool:
        """To be called about every `LOOK_EVERY_S`; never waits."""
        if self._pid:
            return self._has_answer() and self._read_answer() > self._limit_bytes
        now = time.monotonic()
        if self._program is None or now - self._looked < LOOK_EVERY_S:
            return False
        self._looked = now
        if self._is_worth_it(now):
            self._measure(self._program)
        return False

    def _is_worth_it(self, now: float) -> bool:
        """Whether so much is gone from the disk, since the last measurement, as may matter."""
        took_s, pause_s = self._ended - self._began, now - self._ended
        gone_bytes = self._free_bytes - self._ask()
        if self._used_bytes is None:
            # A short run that writes little is over before its first measurement.
            return gone_bytes > self._limit_bytes // 8 or pause_s > _FIRST_AFTER_S
        room_bytes = self._limit_bytes - self._used_bytes
        if gone_bytes > room_bytes:
            return pause_s >= took_s * (_HASTY_SHARE - 1)
        # Other sandboxes write too: less than this says nothing.
        dull_bytes = max(self._limit_bytes // 64, min(self._limit_bytes // 8, room_bytes // 2))
        due = gone_bytes > dull_bytes or pause_s > _MEASURE_EVERY_S
        return due and pause_s >= took_s * (_PATIENT_SHARE - 1)

    def _ask(self) -> int:
        with contextlib.suppress(OSError):
            found = os.statvfs(self._folders[0])
            return found.f_bavail * found.f_frsize
        return 0

    def _measure(self, program: str) -> None:
        # du, not a walk of ours: it survives trees made to be too deep, and links swapped under it.
        self._free_bytes = self._ask()
        self._began = time.monotonic()
        self._answer_fd, theirs = os.pipe()
        actions = [
            (os.POSIX_SPAWN_DUP2, theirs, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        self._pid = os.posix_spawn(program, [*_DU, *self._folders], {}, file_actions=actions)
        os.close(theirs)

    def _has_answer(self) -> bool:
        pid, _ = os.waitpid(self._pid, os.WNOHANG)
        return pid != 0

    def _read_answer(self) -> int:
        self._pid = 0
        self._ended = time.monotonic()
        with open(self._answer_fd, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            self._used_bytes = _sum(file)
        return self._used_bytes

    def close(self) -> None:
        if self._pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            os.close(self._answer_fd)
            self._pid = 0


def measure(folders: Sequence[str], *, time_s: float) -> int:
    """What folders take on the disk now, in bytes; 0 where that cannot be found out in time."""
    import subprocess  # not in the keeper, which has no use for it

    program = shutil.which("du", path="/usr/bin:/bin")
    with contextlib.suppress(subprocess.TimeoutExpired):
        if program is not None:
            found = subprocess.run(
                [program, *_DU[1:], *folders],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                env={},
                timeout=time_s,
            )
            return _sum(found.stdout.decode(errors="replace").splitlines())
    return 0


def with_room(folders: Sequence[str], room_bytes: int) -> int:
    """The most that folders may hold so that they grow by no more than there is room for."""
    return measure(folders, time_s=_MEASURE_EVERY_S) + room_bytes


def _sum(lines: Iterable[str]) -> int:
    counts = [line.split(maxsplit=1)[0] for line in lines if line.strip()]
    return 1024 * sum(int(count) for count in counts if count.isdigit())
