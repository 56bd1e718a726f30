"""What the rest of the house may ask of whatever keeps files' bytes.

A key is an id that the hall made. The name a person or a worker gave a file stands only in the
database, so that no store ever takes a path from outside.
"""

import errno
import hashlib
import os
import stat
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from hiringhall.domain.ids import is_uuid

CHUNK_BYTES = 256 * 1024


class BlobMissing(LookupError):
    """There are no bytes under that key."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What was put: how many bytes, and their SHA-256."""

    size_bytes: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class OpenBlob:
    """Bytes being read: their number, and the bytes in chunks, once."""

    size_bytes: int
    chunks: AsyncIterator[bytes]


class Blobs(Protocol):
    """A store of bytes by key. All may be called at once, and again after any failure."""

    async def put(self, key: str, content: bytes | Path) -> Stored:
        """Keep bytes, or a file's bytes, under a key; durable when it returns.

        Raises:
            ValueError: the key is none of ours.
        """
        ...

    def open(self, key: str) -> AbstractAsyncContextManager[OpenBlob]:
        """Read what is kept.

        Raises:
            BlobMissing: nothing is, by that key.
        """
        ...

    async def url(self, key: str, *, expires_s: int) -> str | None:
        """Where a browser gets the bytes straight from the store; None: the hall serves them."""
        ...

    async def delete(self, key: str) -> None:
        """Forget what is kept; harmless when nothing is."""
        ...


async def read_all(blobs: Blobs, key: str) -> bytes:
    """The bytes of a file that is known to be small.

    Raises:
        BlobMissing: there are none.
    """
    async with blobs.open(key) as blob:
        return b"".join([chunk async for chunk in blob.chunks])


def check_key(key: str) -> str:
    """A key as it is, if it is one of ours.

    Raises:
        ValueError: it is not.
    """
    if not is_uuid(key):
        raise ValueError("a blob's key is a UUID that the hall made")
    return key


class Counted:
    """Sums up bytes on their way into a store."""

    def __init__(self) -> None:
        self._size_bytes = 0
        self._digest = hashlib.sha256()

    def add(self, part: bytes) -> None:
        """Some more of them, in order."""
        self._size_bytes += len(part)
        self._digest.update(part)

    def stored(self) -> Stored:
        """What they came to."""
        return Stored(size_bytes=self._size_bytes, sha256=self._digest.digest())


def open_plain(path: Path) -> BinaryIO:
    """Open a file that is to be put: a plain one itself, never a link to one.

    Raises:
        OSError: it is none.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    file = os.fdopen(os.open(path, flags), "rb")
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise OSError(errno.EINVAL, "only a plain file can be put", str(path))
