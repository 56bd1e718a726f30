"""The Agentix door's shapes of events: each of the hall's as one of the page's seven types."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from hiringhall.domain.errors import Invalid
from hiringhall.domain.events import BY_TYPE
from hiringhall.domain.feed import FeedEvent, ReportedType, reported_word, word_of
from hiringhall.domain.tasks import FINAL, State
from hiringhall.doors.agentix.wire import Ref, Time
from hiringhall.doors.agentix.words import STATUS, actor_of, moment_of, ref, time_of

EventType: TypeAlias = Literal[
    "task_created",
    "status_change",
    "worker_spawned",
    "progress",
    "task_completed",
    "task_failed",
    "message",
]
TYPES: tuple[EventType, ...] = (
    "task_created",
    "status_change",
    "worker_spawned",
    "progress",
    "task_completed",
    "task_failed",
    "message",
)
_LONGEST = 4_000
"""Of a text that stands in full elsewhere, an event shows so many characters."""
_MOST_DIGITS = 18


class EventsQuery(msgspec.Struct, rename="camel"):
    """Which part of a team's feed."""

    team_id: str
    task_id: str | None = None
    type: Annotated[str | None, Meta(extra_json_schema={"enum": list(TYPES)})] = None
    limit: Annotated[int, Meta(ge=1, le=200, description="At most so many")] = 50
    cursor: Annotated[
        str | None,
        Meta(description="An event's `timestamp` or `seq`: the events before it"),
    ] = None


class EventBody(msgspec.Struct, rename="camel"):
    """Something to be told of: `progress` or a `message`."""

    team_id: str
    type: str
    task_id: str | None = None
    worker_id: str | None = None
    actor: Annotated[
        str | None, Meta(description="Who did it, as the event will show; else the caller")
    ] = None
    data: Annotated[
        dict[str, Any] | None, Meta(description="Anything; what there is to say in `message`")
    ] = None


class EventAnswer(msgspec.Struct, rename="camel"):
    """An event of the feed. `seq` and `timestamp` rise; either is a cursor."""

    id: str
    seq: int
    team_id: Ref
    task_id: Ref | None
    worker_id: Ref | None
    type: EventType
    actor: str
    data: dict[str, Any]
    timestamp: Time


Data = Mapping[str, Any]


def _text(data: Data) -> dict[str, Any]:
    """Events that are their text, if there is any."""
    return {"message": data["text"]} if data.get("text") else {}


def _nothing(_data: Data) -> dict[str, Any]:
    return {}


def _created(data: Data) -> dict[str, Any]:
    return {"title": data["title"], "role": data.get("role")}


def _changed(data: Data) -> dict[str, Any]:
    return {"changed": [_camel(name) for name in data["changes"]]}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(one.capitalize() for one in rest)


def _waits(data: Data) -> dict[str, Any]:
    until_us = data.get("until_us")
    return {**_text(data), **({} if until_us is None else {"until": time_of(until_us)})}


def _spawned(data: Data) -> dict[str, Any]:
    return {"runtime": data["runtime"], "attempt": data["generation"]}


def _posted(data: Data) -> dict[str, Any]:
    return {"message": data["text"], "kind": data["kind"], "sender": data["sender_name"]}


def _asked(data: Data) -> dict[str, Any]:
    return {"question": data["text"]}


def _plan(data: Data) -> dict[str, Any]:
    return {"plan": data["text"][:_LONGEST]}


def _plan_decided(data: Data) -> dict[str, Any]:
    return {"planAccepted": data["accepted"], **_text(data)}


def _delivered(data: Data) -> dict[str, Any]:
    return {
        "summary": data["text"][:_LONGEST],
        "branch": data.get("branch"),
        "files": list(data.get("files") or ()),
    }


Shown: TypeAlias = tuple[
    Literal["task_created", "moved", "status_change", "worker_spawned", "progress", "message"],
    Callable[[Data], dict[str, Any]],
]

SHOWN: Mapping[str, Shown] = {
    "task_created": ("task_created", _created),
    "task_changed": ("status_change", _changed),
    "task_published": ("moved", _nothing),
    "waiting_changed": ("status_change", _waits),
    "task_claimed": ("moved", _nothing),
    "run_started": ("worker_spawned", _spawned),
    "run_ended": ("status_change", _text),
    "work_brought": ("status_change", _text),
    "progress_reported": ("progress", _text),
    "message_posted": ("message", _posted),
    "question_asked": ("message", _asked),
    "reply_given": ("message", _text),
    "plan_proposed": ("message", _plan),
    "plan_decided": ("message", _plan_decided),
    "deliverable_submitted": ("moved", _delivered),
    "output_written": ("status_change", _delivered),
    "deliverable_accepted": ("moved", _nothing),
    "revision_requested": ("moved", _text),
    "retry_scheduled": ("status_change", _waits),
    "task_moved": ("moved", _nothing),
    "task_resumed": ("moved", _nothing),
    "task_reopened": ("moved", _nothing),
    "task_cancelled": ("moved", _text),
    "task_failed": ("moved", _text),
    "task_expired": ("moved", _text),
    "proposal_submitted": ("status_change", _nothing),
    "proposal_shortlisted": ("status_change", _nothing),
    "proposal_declined": ("status_change", _text),
    "proposal_withdrawn": ("status_change", _text),
    "intake_closed": ("moved", _text),
    "claim_released": ("moved", _text),
    "claim_lapsed": ("moved", _text),
    "dispute_opened": ("moved", _text),
    "dispute_stated": ("message", _text),
    "dispute_resolved": ("moved", _text),
}
"""What this door shows of each event of the hall's; total over `domain.events.ALL` (a test).

What moved a task is a `status_change`, or `task_completed` or `task_failed` where that was its end;
each of these says the `status` that the task has after it.
"""


REPORTED: Mapping[ReportedType, EventType] = {
    ReportedType.PROGRESS: "progress",
    ReportedType.MESSAGE: "message",
    ReportedType.WEBHOOK_DISABLED: "message",
}
"""What this door calls what is in no task's log."""


def type_of(event_type: str, state: State) -> EventType:
    """The door's type of an event of the log, which left its task in a state."""
    shown = SHOWN[event_type][0]
    if shown != "moved":
        return shown
    if state not in FINAL:
        return "status_change"
    return "task_completed" if state is State.DONE else "task_failed"


def words_of(given: str | None) -> list[str] | None:
    """What the feed is filtered by for a type; None for all. Raises Invalid for an unknown one."""
    if given is None:
        return None
    if given not in TYPES:
        raise Invalid(f"type is one of {', '.join(TYPES)}", {"type": "unknown"})
    words = [
        word_of(name, state) for name in BY_TYPE for state in State if type_of(name, state) == given
    ]
    return words + [reported_word(one) for one in ReportedType if REPORTED[one] == given]


def cursor_of(given: str | None) -> tuple[int | None, int | None]:
    """The place or the time (µs) that a cursor names; raises Invalid for one that names neither."""
    if given is None:
        return None, None
    tidy = given.strip()
    if tidy.isascii() and tidy.isdigit():
        return int(tidy[-_MOST_DIGITS:]) if len(tidy) <= _MOST_DIGITS else 10**_MOST_DIGITS, None
    moment_us = moment_of(tidy)
    if moment_us is None:
        raise Invalid(
            "cursor is an event's timestamp (ISO 8601) or its seq", {"cursor": "not a time"}
        )
    return None, moment_us


def event_answer(event: FeedEvent) -> EventAnswer:
    """An event of the feed."""
    if event.state is None:
        kind, actor, data = _reported(event)
    else:
        kind = type_of(event.type, event.state)
        actor = str(event.data.get("said_as") or actor_of(event.actor))
        data = SHOWN[event.type][1](event.data)
        if SHOWN[event.type][0] in ("moved", "status_change"):
            data = {"status": STATUS[event.state], **data}
    return EventAnswer(
        id=f"evt_{event.seq}",
        seq=event.seq,
        team_id=ref("team", event.team_id),
        task_id=None if event.task_id is None else ref("task", event.task_id),
        worker_id=None if event.run_id is None else ref("worker", event.run_id),
        type=kind,
        actor=actor,
        data=data,
        timestamp=time_of(event.at_us),
    )


def _reported(event: FeedEvent) -> tuple[EventType, str, dict[str, Any]]:
    return REPORTED[ReportedType(event.type)], event.actor, dict(event.data)
