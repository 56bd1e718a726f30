"""Parts of long lists: where the next one begins stands in its address."""

from urllib.parse import urlencode

from hiringhall.domain import ids
from hiringhall.doors.pages.typed import place
from hiringhall.doors.pages.visits import Visit

PART = 25
"""How much of a list one page shows."""

_MOST_SKIPPED = 1_000_000


def behind(visit: Visit) -> str | None:
    """The id behind which the part that is asked for begins; None at the beginning."""
    asked = visit.query["before"]
    return asked if ids.is_uuid(asked) else None


def skipped(visit: Visit) -> int:
    """How many come before the part that is asked for, where a list is counted."""
    return min(place(visit.query["skip"]) or 0, _MOST_SKIPPED)


def address(visit: Visit, **changes: str) -> str:
    """The address of this page with some fields of its query changed; empty ones are left out."""
    asked = dict(visit.query.kept()) | changes
    fields = urlencode({name: value for name, value in asked.items() if value})
    path: str = visit.call.scope["path"]
    return f"{path}?{fields}" if fields else path
