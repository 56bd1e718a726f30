"""Handles folders that a worker wrote: emptied whatever is in them, read without being led away."""

import itertools
import os
import secrets
import stat
from pathlib import Path
from typing import BinaryIO

from hiringhall.workers.git.errors import TooLarge, WorkUnreadable


def put_aside(folder: Path, bin_folder: Path) -> Path | None:
    """Move a folder out of the way in one step, so that it is gone before it is emptied."""
    bin_folder.mkdir(parents=True, exist_ok=True)
    aside = bin_folder / f"{folder.name}.{secrets.token_hex(6)}"
    try:
        folder.rename(aside)
    except FileNotFoundError:
        return None
    return aside


def empty_bin(bin_folder: Path) -> list[str]:
    """Remove all that was put aside; returns what would not go, and why.

    A tree of any depth, with names of any bytes and folders of any mode: each folder is first
    moved up beside the others, so no path grows long, nothing recurses, no link is followed.
    """
    refused: list[str] = []
    if not bin_folder.is_dir():
        return refused
    bin_bytes = os.fsencode(bin_folder)
    stuck: set[bytes] = set()
    while names := [entry.name for entry in _some_entries(bin_bytes) if entry.name not in stuck]:
        for name in names:
            try:
                _remove_or_flatten(bin_bytes, name)
            except OSError as error:
                stuck.add(name)
                refused.append(f"{os.fsdecode(name)}: {error.strerror}")
    return refused


def _remove_or_flatten(bin_folder: bytes, name: bytes) -> None:
    path = os.path.join(bin_folder, name)  # noqa: PTH118 - names of any bytes
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        os.unlink(path)  # noqa: PTH108
        return
    os.chmod(path, 0o700)  # noqa: PTH101
    while batch := _some_entries(path):
        for entry in batch:
            if entry.is_dir(follow_symlinks=False):
                os.chmod(entry.path, 0o700)  # noqa: PTH101
                fresh = secrets.token_hex(12).encode()
                os.rename(entry.path, os.path.join(bin_folder, fresh))  # noqa: PTH104, PTH118
            else:
                os.unlink(entry.path)  # noqa: PTH108
    os.rmdir(path)  # noqa: PTH106


def _some_entries(path: bytes) -> list[os.DirEntry[bytes]]:
    """The first of a folder's entries: a folder of millions is never held at once."""
    with os.scandir(path) as entries:
        return list(itertools.islice(entries, 10_000))


def open_made_file(folder: Path, name: str, *, limit_bytes: int) -> BinaryIO | None:
    """Open a file that a sandbox wrote directly into `folder`; None when there is none.

    Raises:
        WorkUnreadable: it is no plain file.
        TooLarge: it is larger than the limit.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        file = os.fdopen(os.open(folder / name, flags), "rb", buffering=0)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WorkUnreadable(f"The sandbox left no plain file: {error.strerror}.") from error
    found = os.fstat(file.fileno())
    if stat.S_ISREG(found.st_mode) and found.st_size <= limit_bytes:
        return file
    file.close()
    if stat.S_ISREG(found.st_mode):
        raise TooLarge(f"The work is larger than the {limit_bytes >> 20} MiB that this hall takes.")
    raise WorkUnreadable("The sandbox left something else than a plain file.")


def read_made_file(folder: Path, name: str, *, limit_bytes: int) -> bytes | None:
    """The content of a small file that a sandbox wrote directly into `folder`."""
    file = open_made_file(folder, name, limit_bytes=limit_bytes)
    if file is None:
        return None
    with file:
        return file.read(limit_bytes)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file's bytes into a new file, sharing blocks where the file system can."""
    with source.open("rb") as reading, target.open("xb") as writing:
        left = os.fstat(reading.fileno()).st_size
        while left > 0:
            try:
                done = os.copy_file_range(reading.fileno(), writing.fileno(), left)
            except OSError:
                done = os.sendfile(writing.fileno(), reading.fileno(), None, left)
            if done == 0:
                break
            left -= done
