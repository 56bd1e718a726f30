"""The Agentwork door's log: each event of the hall's in one of the door's six types, or hidden."""

from collections.abc import Callable, Mapping
from typing import Any

from hiringhall.domain.logged import LoggedEvent
from hiringhall.domain.questions import QuestionKind
from hiringhall.doors.agentwork.wire import EventAnswer, EventsAnswer, EventType
from hiringhall.doors.agentwork.words import time_of

Shown = tuple[EventType, str]


def _text(data: Mapping[str, Any]) -> str:
    return str(data.get("text") or "")


def _said(type_: EventType, before: str = "") -> Callable[[Mapping[str, Any]], Shown | None]:
    """Events whose text is what there is to say; one that says nothing is not shown."""

    def show(data: Mapping[str, Any]) -> Shown | None:
        text = _text(data)
        return (type_, f"{before}{text}") if text else None

    return show


def _noted(words: str) -> Callable[[Mapping[str, Any]], Shown | None]:
    """Events that speak for themselves; a reason follows where there is one."""

    def show(data: Mapping[str, Any]) -> Shown | None:
        text = _text(data)
        return "status", f"{words}: {text}" if text else words

    return show


def _asked(data: Mapping[str, Any]) -> Shown | None:
    clarifying = data["kind"] == QuestionKind.CLARIFYING.value
    return ("question" if clarifying else "message_to_customer"), _text(data)


def _decided(data: Mapping[str, Any]) -> Shown | None:
    return _noted("Plan approved" if data["accepted"] else "Plan rejected")(data)


def _accepted(data: Mapping[str, Any]) -> Shown | None:
    said = _text(data)
    return "solution_decision", f"CONFIRMED: {said}" if said else "CONFIRMED"


def _sent_back(data: Mapping[str, Any]) -> Shown | None:
    reason = _text(data)
    return "solution_decision", f"REJECTED: {reason}" if reason else "REJECTED"


def _message(data: Mapping[str, Any]) -> Shown | None:
    """The door has no thread, and its `reply` is the poster's alone."""
    return "status", f"{data['sender_name']}: {_text(data)}"


def _unseen(data: Mapping[str, Any]) -> Shown | None:
    return None


SHOWN: Mapping[str, Callable[[Mapping[str, Any]], Shown | None]] = {
    "task_created": _noted("Task received"),
    "task_changed": _noted("Task changed"),
    "task_published": _unseen,
    "waiting_changed": _said("status"),
    "task_claimed": lambda data: None if data.get("run_id") else ("status", "A worker took it"),
    "run_started": lambda data: ("status", f"A worker has started (runtime: {data['runtime']})"),
    "run_ended": _said("status"),
    "work_brought": _said("status"),
    "progress_reported": _said("status"),
    "message_posted": _message,
    "question_asked": _asked,
    "reply_given": _said("reply"),
    "plan_proposed": _said("status", "Plan proposed: "),
    "plan_decided": _decided,
    "deliverable_submitted": lambda data: ("solution_proposed", _text(data)),
    "output_written": _noted("The requester wrote down what came of it"),
    "deliverable_accepted": _accepted,
    "revision_requested": _sent_back,
    "retry_scheduled": _said("status"),
    "task_moved": _noted("Task moved by the requester"),
    "task_resumed": _noted("Task resumed"),
    "task_reopened": _noted("Task opened again"),
    "task_cancelled": _noted("Task cancelled"),
    "task_failed": _noted("The worker gave up"),
    "task_expired": _noted("Task expired"),
    "proposal_submitted": lambda data: ("status", "A proposal has come"),
    "proposal_shortlisted": lambda data: ("status", "A proposal was chosen"),
    "proposal_declined": _noted("A proposal was declined"),
    "proposal_withdrawn": _noted("A proposal was withdrawn"),
    "intake_closed": _noted("No more proposals are taken"),
    "claim_released": _noted("The worker gave the task back"),
    "claim_lapsed": _said("status"),
    "dispute_opened": lambda data: ("solution_decision", f"DISPUTED: {_text(data)}"),
    "dispute_stated": _noted("In the dispute"),
    "dispute_resolved": _said("solution_decision", "RESOLVED: "),
}
"""What this door shows of each event of the hall's; total over `domain.events.ALL` (a test)."""


def events_answer(task_id: str, log: list[LoggedEvent]) -> EventsAnswer:
    """A task's log in the door's six types."""
    shown: list[EventAnswer] = []
    for event in log:
        said = SHOWN[event.type](event.data)
        if said is not None:
            shown.append(EventAnswer(time_of(event.at_us), *said))
    return EventsAnswer(task_id, shown)
