"""Blobs in an object store (S3, Google Cloud Storage, Azure), which serves them by signed URLs.

Imported only where one is set up: the library costs a tenth of a second and some memory.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.store import AzureStore, GCSStore, ObjectStore, S3Store, from_url

from hiringhall.blobs.port import (
    CHUNK_BYTES,
    BlobMissing,
    Counted,
    OpenBlob,
    Stored,
    check_key,
    open_plain,
)

_ATTRIBUTES = {
    # Files are made by workers: a browser saves them and never runs them at the store's origin.
    "Content-Disposition": "attachment",
    "Content-Type": "application/octet-stream",
}
_SIGNING = (AzureStore, GCSStore, S3Store)


class ObjectBlobs:
    """Objects below a prefix of a bucket."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def from_url(cls, url: str) -> "ObjectBlobs":
        """The store at `s3://bucket/prefix` (or `gs://`, `az://`).

        Credentials come from the environment, as that store's own tools take them.

        Raises:
            ValueError: the URL names no such store.
        """
        if not url.startswith(("s3://", "gs://", "az://")):
            raise ValueError("files can be kept at s3://, gs:// or az://, or in the data folder")
        try:
            return cls(from_url(url))
        except obstore.exceptions.BaseError as error:
            raise ValueError(f"the object store {url} cannot be used: {error}") from error

    async def put(self, key: str, content: bytes | Path) -> Stored:
        check_key(key)
        counted = Counted()
        source = content if isinstance(content, bytes) else _parts(content, counted)
        if isinstance(content, bytes):
            counted.add(content)
        attributes = _ATTRIBUTES if isinstance(self._store, _SIGNING) else None
        await obstore.put_async(self._store, key, source, attributes=attributes)
        return counted.stored()

    @contextlib.asynccontextmanager
    async def open(self, key: str) -> AsyncGenerator[OpenBlob]:
        try:
            result = await obstore.get_async(self._store, check_key(key))
        except FileNotFoundError as error:
            raise BlobMissing(key) from error
        yield OpenBlob(size_bytes=result.meta["size"], chunks=_chunks(result))

    async def url(self, key: str, *, expires_s: int) -> str | None:
        check_key(key)
        if not isinstance(self._store, _SIGNING):
            return None
        return await obstore.sign_async(self._store, "GET", key, timedelta(seconds=expires_s))

    async def delete(self, key: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._store, check_key(key))


async def _parts(path: Path, counted: Counted) -> AsyncGenerator[bytes]:
    """A file's bytes as they are sent, a few at a time."""
    with await asyncio.to_thread(open_plain, path) as file:
        while part := await asyncio.to_thread(file.read, CHUNK_BYTES):
            counted.add(part)
            yield part


async def _chunks(result: "obstore.GetResult") -> AsyncGenerator[bytes]:
    async for chunk in result.stream(min_chunk_size=CHUNK_BYTES):
        yield bytes(chunk)
