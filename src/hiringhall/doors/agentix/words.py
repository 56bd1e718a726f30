"""From the hall's words to the Agentix door's: ids, times, and what is read from them."""

from datetime import UTC, datetime

from hiringhall.domain import ids
from hiringhall.domain.errors import NotFound

KINDS = {
    "cust": "customer",
    "key": "api key",
    "team": "team",
    "role": "role",
    "task": "task",
    "worker": "worker",
    "evt": "event",
}
"""The kinds that ids begin with, and what the hall calls them."""


def ref(kind: str, identifier: str) -> str:
    """An id as this door writes it, such as `team_…`."""
    return ids.ref_of(kind, identifier)


def id_of(kind: str, given: str) -> str:
    """The hall's id behind one that was given; raises NotFound, for it cannot be anything's."""
    found = ids.id_of_ref(kind, given)
    if found is None:
        raise NotFound(KINDS[kind])
    return found


def time_of(at_us: int) -> str:
    """A time as this door writes it: UTC, with milliseconds and `Z`."""
    milliseconds = at_us // 1_000
    second = datetime.fromtimestamp(milliseconds // 1_000, UTC).isoformat()[:19]
    return f"{second}.{milliseconds % 1_000:03d}Z"


def maybe_time_of(at_us: int | None) -> str | None:
    """The same, of what may not have happened."""
    return None if at_us is None else time_of(at_us)
