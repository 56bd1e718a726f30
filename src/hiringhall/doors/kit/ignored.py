"""Says which fields of a request nobody read: a mistyped one would be passed over in silence."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import cast
from urllib.parse import quote

import msgspec

from hiringhall.doors.kit.refusals import Header, malformed

MOST_NAMED = 20
_MOST_LENGTH = 100

_STRICT = re.compile(rb'(?:^|[,;\s])handling\s*=\s*"?strict"?\s*(?:[,;]|$)', re.IGNORECASE)


def tell_ignored(
    raw: bytes, body: msgspec.Struct, headers: Mapping[bytes, bytes]
) -> tuple[Header, ...]:
    """The header that names them, or none where all were read.

    Whoever asks for it (`Prefer: handling=strict`, RFC 7240) has the request refused instead.
    Raises Refused.
    """
    try:
        given = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        # What nobody reads is passed over unlooked at, however deep it goes.
        raise malformed("The request body holds a field that is no JSON, or too deep") from None
    named = list(islice(_beyond(given, msgspec.to_builtins(body)), MOST_NAMED))
    strict = _STRICT.search(headers.get(b"prefer", b"")) is not None
    if named and strict:
        raise malformed(
            f"{named[0][:_MOST_LENGTH]} is not a field here",
            {name[:_MOST_LENGTH]: "is not known" for name in named},
        )
    applied = ((b"preference-applied", b"handling=strict"),) if strict else ()
    if not named:
        return applied
    said = ", ".join(quote(name[:_MOST_LENGTH], safe="[]._-", errors="replace") for name in named)
    return ((b"ignored-fields", said.encode()),)


def _beyond(given: object, known: object, at: str = "") -> Iterator[str]:
    """The fields of what was given that are not in what was read of it."""
    if isinstance(given, dict) and isinstance(known, dict):
        read = cast("dict[str, object]", known)
        for name, value in cast("dict[str, object]", given).items():
            place = f"{at}.{name}" if at else name
            if name not in read:
                yield place
            else:
                yield from _beyond(value, read[name], place)
    elif isinstance(given, list) and isinstance(known, list):
        pairs = zip(cast("list[object]", given), cast("list[object]", known), strict=False)
        for index, (one, other) in enumerate(pairs):
            yield from _beyond(one, other, f"{at}[{index}]")
