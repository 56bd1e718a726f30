"""What was said between the hall and a worker, line by line: a file for each run, for people."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hiringhall.workers.masking import MaskedStream

MOST_BYTES = 8 * 1024 * 1024
LINE_BYTES = 16 * 1024
_PIECE_BYTES = LINE_BYTES - 64
"""What is written of a line whose end does not come."""
KEEP_S = 14 * 24 * 3600
_FULL = b"-- the log is full; the run goes on\n"


class RunLog:
    """One run's log: bounded, without secrets (`mask` takes them out), never a reason to fail."""

    def __init__(self, path: Path, mask: Callable[[str], str]) -> None:
        self._mask = mask
        self._room = MOST_BYTES
        self._file: BinaryIO | None = None
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)
            self._room -= self._file.tell()
        except OSError:
            return
        if self._room < 0:
            self.close()

    def write(self, mark: str, text: str) -> None:
        """Add a line. `mark` says whose it is: `>` the hall's, `<` the agent's, `!` a complaint."""
        if self._file is None:
            return
        # Masked before it is cut: half a secret is not found.
        plain = self._mask(text).rstrip("\n").replace("\n", "\\n")
        line = f"{time.time():.3f} {mark} {plain}".encode(errors="replace")
        if len(line) > LINE_BYTES:
            line = line[:LINE_BYTES] + f" … {len(line) - LINE_BYTES} more bytes".encode()
        self._room -= len(line) + 1
        try:
            if self._room < 0:
                self._file.write(_FULL)
                self.close()
            else:
                self._file.write(line + b"\n")
        except OSError:
            self.close()

    def close(self) -> None:
        """Write no more."""
        if self._file is not None:
            self._file.close()
            self._file = None


def open_log(logs: Path, run_id: str, mask: Callable[[str], str]) -> RunLog:
    """The log of a run, in the folder of all of them."""
    return RunLog(logs / f"{run_id}.log", mask)


def note_found(logs: Path, run_id: str, *, worked: str) -> None:
    """Say in the log of a run which other's work it hands in; whose log tells how that was done."""
    run_log = open_log(logs, run_id, str)
    run_log.write(">", f"Handing in what an earlier worker had finished (run {worked})")
    run_log.close()


class Overheard:
    """What a process prints, written to its run's log as it comes, a line at a time."""

    def __init__(self, run_log: RunLog, mark: str, masked: MaskedStream) -> None:
        self._log = run_log
        self._mark = mark
        # Masked as one stream: a secret that goes over several lines is found, too.
        self._masked = masked
        self._line = b""

    def hear(self, piece: bytes) -> None:
        """Some more was printed."""
        self._write(self._masked.feed(piece) + self._masked.so_far())

    def end(self) -> None:
        """No more comes: the rest is written, though no line's end was printed."""
        self._write(self._masked.end())
        if self._line:
            self._log.write(self._mark, self._line.decode(errors="replace"))
            self._line = b""

    def _write(self, told: bytes) -> None:
        *whole, self._line = (self._line + told).split(b"\n")
        for line in whole:
            self._log.write(self._mark, line.rstrip(b"\r").decode(errors="replace"))
        while len(self._line) > _PIECE_BYTES:
            piece, self._line = self._line[:_PIECE_BYTES], self._line[_PIECE_BYTES:]
            self._log.write(self._mark, piece.decode(errors="replace"))


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a run's log: where it begins and ends in it, and how long the log is by now."""

    text: str
    begins: int
    ends: int
    size_bytes: int


def read_part(path: Path, *, after: int | None, most_bytes: int) -> Part | None:
    """Whole lines of a log from behind a place, or its last ones (None); None: no log is here."""
    try:
        with path.open("rb") as file:
            size_bytes = file.seek(0, os.SEEK_END)
            begins = max(0, size_bytes - most_bytes) if after is None else min(after, size_bytes)
            file.seek(begins)
            read = file.read(most_bytes)
    except OSError:
        return None
    if after is None and begins:
        _, _, rest = read.partition(b"\n")
        begins, read = begins + len(read) - len(rest), rest
    whole = read[: read.rfind(b"\n") + 1]
    return Part(whole.decode(errors="replace"), begins, begins + len(whole), size_bytes)


def remove_old(folder: Path, *, now_s: float) -> None:
    """Remove the logs that nobody has written to for two weeks."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if now_s - path.stat().st_mtime > KEEP_S:
            path.unlink(missing_ok=True)
