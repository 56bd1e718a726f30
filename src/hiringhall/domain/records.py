"""The one form in which programs are told of an event: on pages, in streams, by webhooks."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from hiringhall.domain.feed import FeedEvent
from hiringhall.domain.market import Assignment
from hiringhall.domain.policy import Actor

LONGEST_TEXT = 4_000
"""Of a text that stands in full with the task, an event shows so many characters."""


def time_text(at_us: int) -> str:
    """A time as programs read it: ISO 8601 in UTC, with milliseconds and `Z`."""
    milliseconds = at_us // 1_000
    second = datetime.fromtimestamp(milliseconds // 1_000, UTC).isoformat()[:19]
    return f"{second}.{milliseconds % 1_000:03d}Z"


def record_of(event: FeedEvent) -> dict[str, Any]:
    """An event as plain values.

    `data` is what its type says, each text cut after 4,000 characters; `cut` names those that are
    longer.
    """
    data, cut = _shown(event.data) if event.state is not None else (dict(event.data), [])
    return {
        "seq": event.seq,
        "type": event.type,
        "reported": event.reported,
        "state": None if event.state is None else event.state.value,
        "team_id": event.team_id,
        "task_id": event.task_id,
        "run_id": event.run_id,
        "actor": event.actor,
        "at": time_text(event.at_us),
        "data": data,
        "cut": cut,
    }


def _shown(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    shown: dict[str, Any] = {}
    cut: list[str] = []
    for name, value in data.items():
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            cut.append(name)
            shown[name] = value[:LONGEST_TEXT]
        elif isinstance(value, dict):
            shown[name], cut_in_it = _shown(cast("dict[str, Any]", value))
            cut += [f"{name}.{one}" for one in cut_in_it]
        elif name.endswith("_us"):
            shown[name.removesuffix("_us")] = time_text(value) if isinstance(value, int) else None
        else:
            shown[name] = value
    return shown, cut


OPEN_TO_WORKERS = frozenset(
    {
        "task_published",
        "task_changed",
        "intake_closed",
        "waiting_changed",
        "message_posted",
        "task_cancelled",
        "task_failed",
        "task_expired",
    }
)
"""What whoever works on another's task is told as it is."""

ENDS = frozenset({"deliverable_accepted", "dispute_resolved"})
"""What ends a task for everybody on it, whoever's work it was."""

_NAMES = ("proposal_id", "assignment_id", "deliverable_id", "dispute_id")


def for_worker(
    event: FeedEvent, *, actor: Actor, own: Collection[str], has_it: bool
) -> FeedEvent | None:
    """An event of another's task as whoever works on it may know it; None for what they may not.

    `own` are the ids of their proposals, assignments, deliverables and disputes; what names
    somebody else's is not theirs to read. `has_it`: the task was theirs, now or before; the
    thread is for those alone.
    """
    named = [event.data[name] for name in _NAMES if event.data.get(name) is not None]
    theirs = bool(named) and all(name in own for name in named)
    by_them = actor.agent_id is not None and f":{actor.agent_id}" in event.actor
    told = replace(event, run_id=None, actor=event.actor.partition(":")[0])
    if event.type in OPEN_TO_WORKERS:
        return told if has_it or event.type != "message_posted" else None
    if theirs:
        return replace(told, actor=event.actor) if by_them else told
    return replace(told, data={}) if event.type in ENDS else None


def own_ids(proposal_id: str | None, assignments: list[Assignment]) -> set[str]:
    """The ids by which events name what somebody has to do with a task."""
    found = {one.id for one in assignments}
    return found if proposal_id is None else found | {proposal_id}
