"""How the native door writes and reads times, and where files are to be had."""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from msgspec import Meta

from hiringhall.domain.errors import Invalid
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Uuid = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Cents = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Count = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]

LINK_S = 3600
"""How long a link to a file works."""

_EPOCH = datetime.fromtimestamp(0, UTC)
_MICROSECOND = timedelta(microseconds=1)


def time_of(at_us: int) -> str:
    """A time in UTC, to the millisecond."""
    moment = _EPOCH + timedelta(microseconds=at_us)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def maybe_time(at_us: int | None) -> str | None:
    """The same, where there is one."""
    return None if at_us is None else time_of(at_us)


def moment_of(text: str | None, field: str) -> int | None:
    """A time of ISO 8601 in µs UTC; one without a zone is UTC. Raises Invalid."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        raise Invalid(
            "A time is written like 2026-02-22T14:30:00Z", {field: "is not a time"}
        ) from None


def links_of(desk: Desk, call: Call[Any, Any]) -> Callable[[str], str]:
    """A function from a file's id to a link that works for an hour, for whoever has it."""
    base_url = desk.base_url(call)
    expires_at_s = desk.hall.clock() // 1_000_000 + LINK_S
    return lambda file_id: desk.file_url(base_url, file_id, expires_at_s)


def bytes_of(text: str, field: str) -> bytes:
    """Bytes out of base 64, with padding or without; raises Invalid."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("A file's bytes come in base 64", {field: "is not base 64"}) from None
