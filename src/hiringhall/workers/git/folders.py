"""Handles folders that a worker wrote: emptied whatever is in them, read without being led away."""

import asyncio
import itertools
import os
import secrets
import stat
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

import structlog

from hiringhall.workers.git.errors import TooLarge, WorkUnreadable

log = structlog.get_logger()


class Bin:
    """A folder for what is on its way out.

    A folder is put aside in one step, so that it is gone at once, and removed after: a tree of
    any depth, with names of any bytes and folders of any mode. Each folder within is first moved
    up beside the others, so no path grows long, nothing recurses, no link is followed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._being_removed: set[str] = set()

    def put_aside(self, folder: Path) -> Path | None:
        """Take a folder away; None when there is none. `empty` removes it for good."""
        place = self._folder / secrets.token_hex(8)
        place.mkdir(parents=True)
        try:
            folder.rename(place / "0")
        except FileNotFoundError:
            place.rmdir()
            return None
        return place

    async def remove(self, folder: Path) -> None:
        """Take a folder away and remove it; what in it resists is logged."""
        place = self.put_aside(folder)
        if place is not None:
            await self._remove(place)

    async def empty(self) -> None:
        """Remove all that was put aside."""
        for place in list(self._folder.iterdir()) if self._folder.is_dir() else ():
            await self._remove(place)

    async def _remove(self, place: Path) -> None:
        if place.name in self._being_removed:
            return
        self._being_removed.add(place.name)
        try:
            for why in await asyncio.to_thread(_clear, os.fsencode(place)):
                log.warning("workspace.leftover", why=why)
        finally:
            self._being_removed.discard(place.name)


def _clear(place: bytes) -> list[str]:
    """Remove a folder of folders; returns why something would not go."""
    refused: list[str] = []
    stuck: set[bytes] = set()
    if not os.path.isdir(place):  # noqa: PTH112
        return refused
    while names := [entry.name for entry in _some_entries(place, stuck)]:
        for name in names:
            try:
                _remove_or_flatten(place, name)
            except OSError as error:
                stuck.add(name)
                refused.append(f"{os.fsdecode(name)}: {error.strerror}")
    if not refused:
        os.rmdir(place)  # noqa: PTH106
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


def _some_entries(path: bytes, but: Collection[bytes] = frozenset()) -> list[os.DirEntry[bytes]]:
    """The first of a folder's entries: a folder of millions is never held at once."""
    with os.scandir(path) as entries:
        wanted = (entry for entry in entries if entry.name not in but)
        return list(itertools.islice(wanted, 1000))


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
