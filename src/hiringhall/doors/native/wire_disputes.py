"""The native door's disputes, and the log as evidence."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from hiringhall.domain.disputes import Dispute
from hiringhall.domain.logged import LoggedEvent
from hiringhall.doors.native.wire_deliverables import WorkerAnswer, worker_answer
from hiringhall.doors.native.words import Cents, Count, Time, Uuid, maybe_time, time_of
from hiringhall.queries.disputes import DisputeView


class OpenBody(msgspec.Struct):
    """What one does not agree with."""

    reason: str


class StatementBody(msgspec.Struct):
    """What a side has to say."""

    text: str


class AmountBody(msgspec.Struct):
    """What the worker should get of its share; the rest goes back."""

    worker_cents: Cents


class ResolveBody(msgspec.Struct):
    """What the worker gets of its share, and why; the rest goes back."""

    worker_cents: Cents
    reason: str = ""


class DisputeAnswer(msgspec.Struct, kw_only=True):
    """A dispute; amounts are of the worker's share, `outcome_cents` is what it came to."""

    id: Uuid
    task_id: Uuid
    opened_by: Annotated[str, Meta(description="poster or worker")]
    reason: str
    state: Annotated[str, Meta(description="open, redelivered, agreed, resolved or timed_out")]
    poster_spoke: bool
    worker_spoke: bool
    poster_cents: Annotated[Cents | None, Meta(description="What the poster would agree to")]
    worker_cents: Annotated[Cents | None, Meta(description="What the worker would agree to")]
    outcome_cents: Cents | None
    opened_at: Time
    closed_at: Time | None


class StatementAnswer(msgspec.Struct):
    """What a side said."""

    said_by: str
    text: str
    at: Time


class LogLine(msgspec.Struct, kw_only=True):
    """One line of a task's log, and where the task stood after it."""

    number: Count
    type: str
    actor: Annotated[str, Meta(description="user, run, agent, hall or timer; id; name")]
    state: str
    waiting_for: str
    data: dict[str, Any]
    at: Time


class DisputeDetails(DisputeAnswer, kw_only=True):
    """A dispute with all there is to judge it by."""

    title: str
    worker: WorkerAnswer
    share_cents: Cents
    statements: list[StatementAnswer]
    deliverable_ids: list[Uuid]
    evidence: list[LogLine]


class DisputesAnswer(msgspec.Struct):
    """Disputes."""

    items: list[DisputeAnswer]
    next_cursor: str | None


class LogAnswer(msgspec.Struct):
    """A part of a task's log, oldest first."""

    items: list[LogLine]
    next_cursor: str | None


def dispute_answer(dispute: Dispute) -> DisputeAnswer:
    """A dispute."""
    return DisputeAnswer(**_fields(dispute))


def dispute_details(view: DisputeView) -> DisputeDetails:
    """A dispute with its evidence."""
    return DisputeDetails(
        **_fields(view.dispute),
        title=view.task.title,
        worker=worker_answer(view.assignment.worker),
        share_cents=view.assignment.share_cents,
        statements=[
            StatementAnswer(one.said_by, one.text, time_of(one.at_us)) for one in view.statements
        ],
        deliverable_ids=[one.id for one in view.deliverables],
        evidence=[log_line(one) for one in view.evidence],
    )


def log_line(event: LoggedEvent) -> LogLine:
    """One line of a log."""
    return LogLine(
        number=event.number,
        type=event.type,
        actor=event.actor,
        state=event.state.value,
        waiting_for=event.waiting_for.value,
        data=dict(event.data),
        at=time_of(event.at_us),
    )


def _fields(dispute: Dispute) -> dict[str, Any]:
    return {
        "id": dispute.id,
        "task_id": dispute.task_id,
        "opened_by": dispute.opened_by.value,
        "reason": dispute.reason,
        "state": dispute.state.value,
        "poster_spoke": dispute.poster_spoke,
        "worker_spoke": dispute.worker_spoke,
        "poster_cents": dispute.poster_cents,
        "worker_cents": dispute.worker_cents,
        "outcome_cents": dispute.outcome_cents,
        "opened_at": time_of(dispute.opened_at_us),
        "closed_at": maybe_time(dispute.closed_at_us),
    }
