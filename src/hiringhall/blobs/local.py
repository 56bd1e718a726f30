"""Blobs as files in a folder of the hall's own.

A file is complete and durable before it has its name: written beside, synced, renamed, and the
folder synced. No symbolic link is followed on the way to one.
"""

import asyncio
import contextlib
import errno
import os
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import BinaryIO

from hiringhall.blobs.port import (
    CHUNK_BYTES,
    BlobMissing,
    Counted,
    OpenBlob,
    Stored,
    check_key,
    open_plain,
)
from hiringhall.domain.ids import is_uuid

_COMING = "coming"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class LocalBlobs:
    """A folder of files, spread over 256 folders by the end of their keys, which is random."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: str, content: bytes | Path) -> Stored:
        return await asyncio.to_thread(self._put, check_key(key), content)

    @contextlib.asynccontextmanager
    async def open(self, key: str) -> AsyncGenerator[OpenBlob]:
        with await asyncio.to_thread(self._open, check_key(key)) as file:
            size = os.fstat(file.fileno()).st_size
            yield OpenBlob(size_bytes=size, chunks=_chunks(file))

    async def url(self, key: str, *, expires_s: int) -> str | None:
        check_key(key)
        return None

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._path(check_key(key)).unlink, missing_ok=True)

    async def listed(self) -> AsyncIterator[list[str]]:
        """All keys that there are, some at a time and in no order."""
        for number in range(256):
            found = await asyncio.to_thread(_names, self._folder / f"{number:02x}")
            if found:
                yield found

    async def clear_unfinished(self) -> int:
        """Remove what a killed hall was writing; for when no other process writes here."""
        return await asyncio.to_thread(self._clear_unfinished)

    def _path(self, key: str) -> Path:
        return self._folder / key[-2:] / key

    def _put(self, key: str, content: bytes | Path) -> Stored:
        target = self._path(key)
        for folder in (self._folder, self._folder / _COMING, target.parent):
            if not folder.is_dir():
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                _sync(folder.parent)
        coming = self._folder / _COMING / f"{key}.{secrets.token_hex(4)}"
        try:
            stored = _write(coming, content)
            with _opened_folder(target.parent) as descriptor:
                os.rename(coming, key, dst_dir_fd=descriptor)
                os.fsync(descriptor)
        except BaseException:
            coming.unlink(missing_ok=True)
            raise
        return stored

    def _open(self, key: str) -> BinaryIO:
        try:
            with _opened_folder(self._path(key).parent) as folder:
                return os.fdopen(os.open(key, _READ, dir_fd=folder), "rb")
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
                raise BlobMissing(key) from error
            raise

    def _clear_unfinished(self) -> int:
        left = list((self._folder / _COMING).glob("*"))
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)


def _write(path: Path, content: bytes | Path) -> Stored:
    """Write a new file, durably."""
    counted = Counted()
    with os.fdopen(os.open(path, _WRITE, 0o600), "wb") as file:
        for part in _parts(content):
            counted.add(part)
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    return counted.stored()


def _names(folder: Path) -> list[str]:
    with contextlib.suppress(FileNotFoundError):
        return [path.name for path in folder.iterdir() if is_uuid(path.name)]
    return []


def _parts(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with open_plain(content) as file:
        while part := file.read(CHUNK_BYTES):
            yield part


async def _chunks(file: BinaryIO) -> AsyncGenerator[bytes]:
    """A file's bytes, each chunk read in a thread: a slow disk holds nobody up."""
    while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
        yield chunk


@contextlib.contextmanager
def _opened_folder(folder: Path) -> Generator[int]:
    descriptor = os.open(folder, _FOLDER)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    with _opened_folder(folder) as descriptor:
        os.fsync(descriptor)
