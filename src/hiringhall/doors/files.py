"""The files door: what a deliverable holds, for whoever has a signed link, and for no one else."""

import contextlib
import re
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import quote

import msgspec
import structlog

from hiringhall.blobs import BlobMissing, OpenBlob
from hiringhall.domain import errors
from hiringhall.domain.errors import Forbidden, NotFound
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Door, Raw, Route, Stream
from hiringhall.doors.neutral import ENVELOPES, ERRORS, envelope
from hiringhall.queries.tasks import file_for_download

_log: Any = structlog.get_logger("hiringhall.doors")

_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_PLAIN = re.compile(r"[^A-Za-z0-9 ._()+=@,-]")

_SEALED = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"private, no-store"),
)
"""A worker's file is a stranger's file: it may be kept, never shown or run on our host's name."""


PICTURE_BYTES = 8 << 20
"""Larger pictures are to be kept, and not shown."""

_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", b"image/png"),
    (b"\xff\xd8\xff", b"image/jpeg"),
    (b"GIF87a", b"image/gif"),
    (b"GIF89a", b"image/gif"),
)


class LinkQuery(msgspec.Struct):
    """What makes a link ours; read as texts, since an altered one is refused and not malformed."""

    expires: str = ""
    signature: str = ""


async def download(desk: Desk, call: Call[None, LinkQuery]) -> Stream:
    """Give a file's bytes; 403 for a link that was altered or has expired."""
    file_id = call.path["file_id"]
    if not _is_ours(desk, file_id, call.query):
        raise Forbidden("This link was altered or has expired")
    row = await file_for_download(desk.hall, file_id=file_id)
    stack = contextlib.AsyncExitStack()
    try:
        blob = await stack.enter_async_context(desk.blobs.open(row.blob_key))
    except BlobMissing:
        _log.exception("a file's bytes are missing", file_id=file_id, request_id=call.request_id)
        raise NotFound("file") from None
    return Stream(
        _bytes_of(blob),
        content_type=b"application/octet-stream",
        headers=((b"content-disposition", disposition(row.name)), *_SEALED),
        size_bytes=blob.size_bytes,
        release=stack.aclose,
    )


async def picture(desk: Desk, call: Call[None, LinkQuery]) -> Raw:
    """Show a file that is a picture by its first bytes, by the same link; 404 for all others.

    What it is called, or says of itself, has no part in that: nothing but a picture is shown.
    """
    file_id = call.path["file_id"]
    if not _is_ours(desk, file_id, call.query):
        raise Forbidden("This link was altered or has expired")
    row = await file_for_download(desk.hall, file_id=file_id)
    parts: list[bytes] = []
    try:
        async with desk.blobs.open(row.blob_key) as blob:
            if blob.size_bytes <= PICTURE_BYTES:
                parts = [chunk async for chunk in blob.chunks]
    except BlobMissing:
        raise NotFound("file") from None
    content = b"".join(parts)
    kind = picture_of(content)
    if kind is None:
        raise NotFound("picture")
    return Raw(content, 200, kind, _SEALED)


def picture_of(begins: bytes) -> bytes | None:
    """What kind of picture bytes begin, of those that hold nothing that could run; else None."""
    for mark, kind in _PICTURES:
        if begins.startswith(mark):
            return kind
    return b"image/webp" if begins[:4] == b"RIFF" and begins[8:12] == b"WEBP" else None


async def _bytes_of(blob: OpenBlob) -> AsyncGenerator[bytes, None]:
    async for chunk in blob.chunks:
        yield chunk


def _is_ours(desk: Desk, file_id: str, query: LinkQuery) -> bool:
    if not _SECONDS.fullmatch(query.expires) or str(int(query.expires)) != query.expires:
        return False
    return desk.links.verify(
        file_id, int(query.expires), query.signature, now_s=desk.hall.clock() / 1_000_000
    )


def disposition(name: str) -> bytes:
    """`Content-Disposition` for a file kept under a name: in ASCII, and as it is (RFC 6266, 5987).

    A browser saves into one folder, so of the name only what follows the last slash is said.
    """
    base = name.rpartition("/")[2] or "file"
    plain = _PLAIN.sub("_", base)
    exact = quote(base, safe="", encoding="utf-8", errors="replace")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}".encode("ascii")


DOOR: Door[Desk] = Door(
    name="files",
    title="Hiringhall: files",
    description="Downloads by signed link.",
    errors=ERRORS,
    envelope=envelope,
    envelopes=ENVELOPES,
    routes=(
        Route(
            "GET",
            "/files/{file_id}",
            download,
            {200: None},
            "Download a file",
            query=LinkQuery,
            raises=(errors.Forbidden, errors.NotFound),
        ),
        Route(
            "GET",
            "/files/{file_id}/picture",
            picture,
            {200: None},
            "Show a picture",
            query=LinkQuery,
            raises=(errors.Forbidden, errors.NotFound),
        ),
    ),
)
