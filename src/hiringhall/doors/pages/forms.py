"""What a browser sends: fields of a form, read from bytes that may be anything."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hiringhall.doors.kit import Call, malformed
from hiringhall.doors.pages.uploads import MULTIPART, Upload, read_parts

FORM = b"application/x-www-form-urlencoded"
_MOST_FIELDS = 300
SECRETS = ("password", "old", "new", "githubToken", "anthropicApiKey")
"""What is never shown again nor kept: it is typed again."""
_UNSEEN = frozenset({"csrf", "acts_for", *SECRETS})
"""Beside secrets, what a form says of who sends it: that is renewed."""


class Form:
    """The fields of a form, in their order; a field that is not there is empty."""

    def __init__(self, pairs: list[tuple[str, str]], uploads: Sequence[Upload] = ()) -> None:
        self._pairs = pairs
        self.uploads = uploads

    def __getitem__(self, name: str) -> str:
        """The first value of a field."""
        return next((value for known, value in self._pairs if known == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return [value for known, value in self._pairs if known == name]

    def kept(self) -> list[tuple[str, str]]:
        """What may be shown again, or kept over a sign-in."""
        return [(name, value) for name, value in self._pairs if name not in _UNSEEN]

    def lost(self) -> list[str]:
        """The secrets that were typed: they are not kept, and are to be given anew."""
        return [name for name in SECRETS if self[name]]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)


NOTHING = Form([])


def read_form(call: Call[Any, Any], *, with_files: bool = False) -> Form:
    """The fields of a POST; raises `Refused` (400) for what no browser sends."""
    kind = call.headers.get(b"content-type", FORM).partition(b";")[0].strip().lower()
    if with_files and kind == MULTIPART:
        return Form(*read_parts(call))
    if kind != FORM and call.raw_body:
        raise malformed("A page takes forms (application/x-www-form-urlencoded)")
    return Form(_pairs(call.raw_body))


def read_query(call: Call[Any, Any]) -> Form:
    """The fields of an address."""
    return Form(_pairs(call.scope["query_string"]))


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise malformed("The form is malformed") from None
    if any("\0" in text for pair in pairs for text in pair):
        raise malformed("The form holds a NUL character")
    # Browsers end the lines of a text with CR LF (HTML, 4.10.21.8); the hall's texts have LF.
    return [(name, value.replace("\r\n", "\n")) for name, value in pairs]


def local(path: str, otherwise: str) -> str:
    """A path on this hall, as somebody sent it; anything that leads elsewhere is not taken."""
    plain = path.isascii() and path.isprintable() and " " not in path and "\\" not in path
    if not plain or len(path) > 2000 or not path.startswith("/") or path.startswith("//"):
        return otherwise
    parts = urlsplit(path)
    return otherwise if parts.scheme or parts.netloc else path
