"""How the native door writes and reads times, and where files are to be had."""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta

from hiringhall.domain.errors import Invalid

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Uuid = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Cents = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Count = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]

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


def bytes_of(text: str, field: str) -> bytes:
    """Bytes out of base 64, with padding or without; raises Invalid."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("A file's bytes come in base 64", {field: "is not base 64"}) from None
