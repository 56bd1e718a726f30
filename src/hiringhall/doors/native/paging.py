"""Cursors: where the next part of a list begins, for that list and that caller alone."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from hiringhall.domain.errors import Invalid
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call
from hiringhall.doors.native.callers import viewer_of
from hiringhall.sealing import CannotOpen

T = TypeVar("T")

MOST = 100
USUAL = 20

Limit = Annotated[int, Meta(ge=1, le=MOST, description="At most so many")]
Cursor = Annotated[str | None, Meta(description="`next_cursor` of the part before")]

_NOT_PART = frozenset({"limit", "cursor"})


class PageQuery(msgspec.Struct):
    """Which part of a list."""

    limit: Limit = USUAL
    cursor: Cursor = None


def position_of(desk: Desk, call: Call[Any, Any]) -> str | None:
    """Where the part that is asked for begins; None at the beginning. Raises Invalid.

    A cursor is sealed for its list, its filters and its caller: elsewhere it opens nothing.
    """
    cursor = call.query.cursor
    if cursor is None:
        return None
    try:
        sealed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return desk.hall.sealer.open(sealed, place=_place(call))
    except (CannotOpen, binascii.Error, ValueError):
        raise Invalid("cursor is not one of this list's", {"cursor": "unknown"}) from None


def number_of(desk: Desk, call: Call[Any, Any]) -> int:
    """The same where lists are counted; 0 at the beginning."""
    return int(position_of(desk, call) or 0)


def cursor_of(desk: Desk, call: Call[Any, Any], position: str | None) -> str | None:
    """The cursor that leads to a position; None where there is no more."""
    if position is None:
        return None
    sealed = desk.hall.sealer.seal(position, place=_place(call))
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def cut(
    desk: Desk, call: Call[Any, Any], found: list[T], name: Callable[[T], str]
) -> tuple[list[T], str | None]:
    """What was found, one more than was asked for, as a part and the cursor behind it."""
    limit = call.query.limit
    if len(found) <= limit:
        return found, None
    part = found[:limit]
    return part, cursor_of(desk, call, name(part[-1]))


def _place(call: Call[Any, Any]) -> str:
    query = msgspec.to_builtins(call.query)
    asked = {name: value for name, value in query.items() if name not in _NOT_PART}
    filters = msgspec.json.encode(asked, order="sorted").decode()
    return f"cursor/{viewer_of(call.actor)}/{call.target}/{filters}"
