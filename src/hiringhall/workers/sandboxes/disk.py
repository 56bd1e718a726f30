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

FILE_BYTES = 4096
"""What a file counts at least, though it be empty: a disk has only so many of them, too."""

_DU = ("du", "-s", "-k", "-x", "--")
_DU_FILES = ("du", "-s", "--inodes", "-x", "--")


class _Gauge:
    """One thing that a disk has an end of, in its own unit: bytes, or files."""

    def __init__(self, words: Sequence[str], scale: int, limit: int, *, looks_first: bool) -> None:
        self.words = words
        self.scale = scale
        self.limit = limit
        self.looks_first = looks_first
        self.free = 0
        self.used: int | None = None
        self.began = self.ended = time.monotonic()

    def is_worth_it(self, now: float, free: int) -> bool:
        """Whether so much is gone from the disk, since the last measurement, as may matter."""
        took_s, pause_s = self.ended - self.began, now - self.ended
        gone = self.free - free
        if self.used is None:
            # A short run that writes little is over before its first measurement.
            return gone > self.limit // 8 or (self.looks_first and pause_s > _FIRST_AFTER_S)
        room = self.limit - self.used
        if gone > room:
            return pause_s >= took_s * (_HASTY_SHARE - 1)
        # Other sandboxes write too: less than this says nothing.
        dull = max(self.limit // 64, min(self.limit // 8, room // 2))
        due = gone > dull or pause_s > _MEASURE_EVERY_S
        return due and pause_s >= took_s * (_PATIENT_SHARE - 1)


class DiskWatch:
    """Says when some folders together have grown over a limit."""

    def __init__(self, folders: Sequence[str], limit_bytes: int) -> None:
        self._folders = folders
        self._program = shutil.which("du", path="/usr/bin:/bin")
        self._bytes = _Gauge(_DU, 1024, limit_bytes, looks_first=True)
        # Most runs make few files, so these are counted only once many are gone.
        self._files = _Gauge(_DU_FILES, 1, limit_bytes // FILE_BYTES, looks_first=False)
        self._measured = self._bytes
        self._looked = time.monotonic()
        self._pid = 0
        self._answer_fd = -1
        for gauge in (self._bytes, self._files):
            gauge.free = self._ask(gauge)

    @property
    def is_measuring(self) -> bool:
        return self._pid != 0

    def is_over(self) -> bool:
        """To be called about every `LOOK_EVERY_S`; never waits."""
        if self._pid:
            return self._has_answer() and self._read_answer() > self._measured.limit
        now = time.monotonic()
        if self._program is None or now - self._looked < LOOK_EVERY_S:
            return False
        self._looked = now
        for gauge in (self._bytes, self._files):
            if gauge.is_worth_it(now, self._ask(gauge)):
                self._measure(self._program, gauge)
                break
        return False

    def _ask(self, gauge: _Gauge) -> int:
        with contextlib.suppress(OSError):
            found = os.statvfs(self._folders[0])
            return found.f_favail if gauge is self._files else found.f_bavail * found.f_frsize
        return 0

    def _measure(self, program: str, gauge: _Gauge) -> None:
        # du, not a walk of ours: it survives trees made to be too deep, and links swapped under it.
        self._measured = gauge
        gauge.free = self._ask(gauge)
        gauge.began = time.monotonic()
        self._answer_fd, theirs = os.pipe()
        actions = [
            (os.POSIX_SPAWN_DUP2, theirs, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        words = [*gauge.words, *self._folders]
        self._pid = os.posix_spawn(program, words, {}, file_actions=actions)
        os.close(theirs)

    def _has_answer(self) -> bool:
        pid, _ = os.waitpid(self._pid, os.WNOHANG)
        return pid != 0

    def _read_answer(self) -> int:
        self._pid = 0
        gauge = self._measured
        gauge.ended = time.monotonic()
        with open(self._answer_fd, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            gauge.used = gauge.scale * _sum(file)
        return gauge.used

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
            return 1024 * _sum(found.stdout.decode(errors="replace").splitlines())
    return 0


def with_room(folders: Sequence[str], room_bytes: int) -> int:
    """The most that folders may hold so that they grow by no more than there is room for."""
    return measure(folders, time_s=_MEASURE_EVERY_S) + room_bytes


def _sum(lines: Iterable[str]) -> int:
    counts = [line.split(maxsplit=1)[0] for line in lines if line.strip()]
    return sum(int(count) for count in counts if count.isdigit())
