"""What was said of the lines of a patch, as the fields of a form hold it; and the patch's text."""

import re

from hiringhall.blobs import BlobMissing
from hiringhall.domain.errors import NotFound
from hiringhall.doors.desk import Desk
from hiringhall.doors.pages.forms import Form
from hiringhall.queries.changes import PatchRow

MOST_COMMENTS = 100
MOST_BYTES = 8 << 20
"""More is not read, whatever a row says."""
_COMMENT = re.compile(r"c-([0-9]{1,7})", re.ASCII)


async def text_of(desk: Desk, patch: PatchRow | None) -> str:
    """The text of a kept patch; nothing where none was."""
    if patch is None:
        return ""
    read = bytearray()
    try:
        async with desk.blobs.open(patch.blob_key) as blob:
            async for chunk in blob.chunks:
                read += chunk
                if len(read) > MOST_BYTES:
                    break
    except BlobMissing:
        raise NotFound("patch") from None
    return bytes(read).decode("utf-8", "replace")


def comments_in(form: Form) -> dict[int, str]:
    """What was written, by the line that it is about."""
    found: dict[int, str] = {}
    for name, text in form:
        place = place_of(name)
        if place is not None and text.strip() and len(found) < MOST_COMMENTS:
            found[place] = text
    return found


def place_of(name: str) -> int | None:
    """The place in the patch that a field is about; None for other fields."""
    named = _COMMENT.fullmatch(name)
    return None if named is None else int(named[1])
