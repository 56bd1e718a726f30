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

    Raises:
        ValueError: the URL names no object store that is known.
    """
    if url is None:
        return LocalBlobs(folder)
    from hiringhall.blobs.objects import ObjectBlobs

    return ObjectBlobs.from_url(url)
