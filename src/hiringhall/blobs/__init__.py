"""Keeps the bytes of files: in a local folder or an object store, under ids of our own."""

from pathlib import Path

from hiringhall.blobs.links import FileLinks, read_secret_key
from hiringhall.blobs.local import LocalBlobs
from hiringhall.blobs.port import BlobMissing, Blobs, OpenBlob, Stored

__all__ = [
    "BlobMissing",
    "Blobs",
    "FileLinks",
    "LocalBlobs",
    "OpenBlob",
    "Stored",
    "open_blobs",
    "read_secret_key",
]


def open_blobs(url: str | None, *, folder: Path) -> Blobs:
    """The blobs of a hall: an object store by its URL (`s3://bucket/prefix`), else a folder.

    A `file:///a/folder` may be shared with other nodes, on their machines by the same path.

    Raises:
        ValueError: the URL names no object store that is known.
    """
    if url is None:
        return LocalBlobs(folder)
    if url.startswith("file://"):
        shared = Path(url.removeprefix("file://"))
        if not shared.is_absolute():
            raise ValueError(f"{url} names no absolute path: file:///a/folder does")
        return LocalBlobs(shared)
    from hiringhall.blobs.objects import ObjectBlobs

    return ObjectBlobs.from_url(url)
