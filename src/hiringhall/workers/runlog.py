"""What was said between the hall and an agent, line by line: a file for each run, for operators."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MOST_BYTES = 8 * 1024 * 1024
LINE_BYTES = 16 * 1024
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
        except OSError:
            return

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
