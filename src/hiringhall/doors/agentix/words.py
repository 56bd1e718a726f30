"""From the hall's words to the Agentix door's: ids, times, statuses, and what is read from them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from hiringhall.domain import ids
from hiringhall.domain.errors import NotFound
from hiringhall.domain.tasks import State

Status: TypeAlias = Literal["backlog", "ready", "in_progress", "review", "done", "failed"]

STATUS: Mapping[State, Status] = {
    State.DRAFT: "backlog",
    State.OPEN: "ready",
    State.SELECTING: "ready",
    State.ASSIGNED: "in_progress",
    State.IN_PROGRESS: "in_progress",
    State.AWAITING_REPLY: "in_progress",
    State.REVISING: "in_progress",
    State.IN_REVIEW: "review",
    State.DISPUTED: "review",
    State.DONE: "done",
    State.FAILED: "failed",
    State.CANCELLED: "failed",
    State.EXPIRED: "failed",
}
"""The door's word for where a task stands; total over the hall's states (a test)."""

KINDS = {
    "cust": "customer",
    "key": "api key",
    "team": "team",
    "role": "role",
    "task": "task",
    "worker": "worker",
    "user": "user",
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


FIELDS = {
    "accept_criteria": "acceptCriteria",
    "created_by": "createdBy",
    "parent_id": "parentTaskId",
    "team_id": "teamId",
    "system_prompt": "systemPrompt",
    "timeout_s": "timeout",
}
"""The hall's names of fields that a sentence may hold, and this door's."""

_FIELD = re.compile(rf"\b({'|'.join(FIELDS)})\b")


def in_our_words(sentence: str) -> str:
    """A sentence of the hall's with this door's names of fields."""
    return _FIELD.sub(lambda found: FIELDS[found[1]], sentence)


def time_of(at_us: int) -> str:
    """A time as this door writes it: UTC, with milliseconds and `Z`."""
    milliseconds = at_us // 1_000
    second = datetime.fromtimestamp(milliseconds // 1_000, UTC).isoformat()[:19]
    return f"{second}.{milliseconds % 1_000:03d}Z"


def maybe_time_of(at_us: int | None) -> str | None:
    """The same, of what may not have happened."""
    return None if at_us is None else time_of(at_us)


_EPOCH = datetime.fromtimestamp(0, UTC)
_SPACE_OF_PLUS = re.compile(r"(T[0-9:.,]+) ([0-9]{2}:?[0-9]{2})")


def moment_of(given: str) -> int | None:
    """The microseconds of an ISO 8601 time, in UTC where it says no zone; None for none.

    A plus that was not escaped in a query comes as a space.
    """
    tidy = _SPACE_OF_PLUS.sub(r"\1+\2", given.strip())
    try:
        moment = datetime.fromisoformat(tidy)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None


def actor_of(label: str) -> str:
    """An actor of the log as this door writes it: `worker:worker_…`, `user:user_…`, `system`."""
    kind, _, rest = label.partition(":")
    identifier = rest.partition(":")[0]
    if not ids.is_uuid(identifier):
        return "system"
    word = "worker" if kind == "run" else kind
    return f"{word}:{ref(word, identifier)}"
