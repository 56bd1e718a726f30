"""What was handed in, to be looked at: texts and pictures beside the page, all else to be kept.

What a stranger made is never a page of the hall's: texts are escaped, pictures come from a path
that gives nothing but pictures, and whatever is kept comes as an attachment.
"""

from typing import Any

from hiringhall.blobs import BlobMissing
from hiringhall.domain.errors import NotFound
from hiringhall.doors.desk import Desk
from hiringhall.doors.files import PICTURE_BYTES, disposition, picture_of
from hiringhall.doors.kit import Header, Raw, Route
from hiringhall.doors.look import word
from hiringhall.doors.pages.paging import address, skipped
from hiringhall.doors.pages.task_view import AT, found_for
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.queries.deliveries import Delivered, FileRow, delivery

TEXT_BYTES = 24_000
"""How much of a text is shown; all of it is to be kept."""
FILES = 200
_MARKDOWN = (".md", ".markdown")
_MADE = f"{AT}/deliverables/{{deliverable_id}}"

_SEALED: tuple[Header, ...] = (
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"cache-control", b"private, no-store"),
)


async def _made(visit: Visit) -> Delivered:
    made = await delivery(
        visit.desk.hall, actor=visit.actor, deliverable_id=visit.call.path["deliverable_id"]
    )
    if made.deliverable.task_id != visit.call.path["task_id"]:
        raise NotFound("deliverable")
    return made


async def list_files(visit: Visit) -> Raw:
    """All files of a delivery, part by part."""
    made, skip = await _made(visit), skipped(visit)
    following = skip + FILES if len(made.files) > skip + FILES else None
    return visit.show(
        "file_list.html",
        task_id=made.deliverable.task_id,
        made=made.deliverable,
        files=made.files[skip : skip + FILES],
        total=len(made.files),
        link_to=visit.desk.links_below(""),
        first=address(visit, skip="") if skip else None,
        following=None if following is None else address(visit, skip=str(following)),
    )


async def show_file(visit: Visit) -> Raw:
    """A file as far as it can be shown: a text, Markdown as it reads, a picture."""
    made = await _made(visit)
    file = next((one for one in made.files if one.id == visit.call.path["file_id"]), None)
    if file is None:
        raise NotFound("file")
    begins = await _beginning(visit, file)
    picture = picture_of(begins) if file.size_bytes <= PICTURE_BYTES else None
    text = None if picture or b"\0" in begins else begins.decode("utf-8", "replace")
    is_markdown = file.name.lower().endswith(_MARKDOWN)
    link = visit.desk.links_below("")(file.id)
    return visit.show(
        "file.html",
        task_id=made.deliverable.task_id,
        made=made.deliverable,
        file=file,
        text=text,
        reads=is_markdown and visit.query["as"] != "text",
        is_markdown=is_markdown,
        is_cut=file.size_bytes > len(begins),
        link=link,
        picture=link.replace(f"/files/{file.id}", f"/files/{file.id}/picture") if picture else None,
    )


async def _beginning(visit: Visit, file: FileRow) -> bytes:
    """The first bytes of a file, cut where no character is."""
    begins = b""
    try:
        async with visit.desk.blobs.open(file.blob_key) as blob:
            async for chunk in blob.chunks:
                begins += chunk
                if len(begins) > TEXT_BYTES:
                    break
    except BlobMissing:
        raise NotFound("file") from None
    if len(begins) <= TEXT_BYTES:
        return begins
    end = TEXT_BYTES
    while end > TEXT_BYTES - 4 and begins[end] & 0xC0 == 0x80:
        end -= 1
    return begins[:end]


def attached(text: str, name: str, kind: bytes = b"text/plain; charset=utf-8") -> Raw:
    """A text to be kept, which no browser shows as a page."""
    headers = ((b"content-disposition", disposition(name)), *_SEALED)
    return Raw(text.encode("utf-8", "replace"), 200, kind, headers)


async def keep_brief(visit: Visit) -> Raw:
    """The whole brief, with what its terms say beside it."""
    found = await found_for(visit)
    parts = [found.task.description]
    if found.terms is not None:
        named = ("instructions", found.terms.instructions)
        wanted = ("expected_output", found.terms.expected_output)
        parts += [f"## {word(f'field.{name}')}\n\n{text}" for name, text in (named, wanted) if text]
    return attached("\n\n".join(parts), "brief.md")


async def keep_text(visit: Visit) -> Raw:
    """The whole text of a delivery."""
    made = await _made(visit)
    return attached(made.deliverable.text, f"delivery-{made.deliverable.number}.md")


def _route(path: str, handler: Any, summary: str) -> Route[Desk]:
    return Route("GET", path, for_signed_in(handler), {200: None}, summary)


ROUTES: tuple[Route[Desk], ...] = (
    _route(f"{AT}/brief.md", keep_brief, "A brief, to be kept"),
    _route(f"{_MADE}/text.md", keep_text, "A delivery's text, to be kept"),
    _route(f"{_MADE}/files", list_files, "A delivery's files"),
    _route(f"{_MADE}/files/{{file_id}}", show_file, "A file"),
)
