"""A form with files as a browser sends it (RFC 7578), read from bytes that may be anything."""

import re
from dataclasses import dataclass
from typing import Any

from hiringhall.doors.kit import Call, malformed

MULTIPART = b"multipart/form-data"
_MOST_PARTS = 1_100
_MOST_HEAD_BYTES = 4_096
_BOUNDARY = re.compile(rb"""boundary=("?)([A-Za-z0-9'()+_,./:=? -]{1,70})\1\s*(?:;|$)""")
_NAMED = re.compile(rb"""[\s;]name="([^"\r\n]*)\"""")
_FILE = re.compile(rb"""[\s;]filename="([^"\r\n]*)\"""")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file, under the name that its sender gives it."""

    field: str
    name: str
    content: bytes


def read_parts(call: Call[Any, Any]) -> tuple[list[tuple[str, str]], list[Upload]]:
    """The fields and the files of a form; raises `Refused` (400) for what no browser sends.

    Of a form that is cut, what came whole before the cut.
    """
    found = _BOUNDARY.search(call.headers.get(b"content-type", b""))
    if found is None:
        raise malformed("The form names no boundary")
    limit = b"\r\n--" + found[2]
    first, *parts = (b"\r\n" + call.raw_body).split(limit, _MOST_PARTS + 1)
    ends = call.is_cut or (bool(parts) and _is_end(parts[-1]))
    if first.strip() or len(parts) > _MOST_PARTS or not ends:
        raise malformed("The form is malformed")
    pairs: list[tuple[str, str]] = []
    uploads: list[Upload] = []
    for part in parts[:-1]:
        head, gap, content = part.partition(b"\r\n\r\n")
        name, file = _NAMED.search(head), _FILE.search(head)
        if not gap or name is None or len(head) > _MOST_HEAD_BYTES:
            raise malformed("The form is malformed")
        field = _text(name[1])
        if file is None:
            pairs.append((field, _text(content).replace("\r\n", "\n")))
        elif file[1] or content:
            uploads.append(Upload(field, _name(file[1]), content))
    return pairs, uploads


def _is_end(part: bytes) -> bool:
    return part.startswith(b"--")


def _text(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise malformed("The form is malformed") from None
    if "\0" in text:
        raise malformed("The form holds a NUL character")
    return text


def _name(raw: bytes) -> str:
    """A file's name; browsers write what would end it as %22, %0D and %0A (HTML, 4.10.22.7)."""
    text = raw.decode("utf-8", "replace")
    return text.replace("%22", '"').replace("%0D", " ").replace("%0A", " ")
