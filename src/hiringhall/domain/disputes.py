"""Disputes: two sides that disagree on a deliverable, and what it comes to."""

from dataclasses import dataclass, replace
from enum import StrEnum

REVISIONS_BEFORE = 3
"""How many revisions have to be asked for before a dispute is about what was not handed in."""


class Party(StrEnum):
    """A side of a dispute."""

    POSTER = "poster"
    WORKER = "worker"


class DisputeState(StrEnum):
    """What has become of a dispute; it leaves `open` once."""

    OPEN = "open"
    REDELIVERED = "redelivered"
    AGREED = "agreed"
    RESOLVED = "resolved"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute on one assignment of a task.

    Each side may say what the worker should get of its share (`poster_cents`, `worker_cents`);
    where both say the same they have agreed. `outcome_cents` is what the worker got before the
    fee where that is included. A side has spoken when it opened the dispute, stated its case or
    named an amount.
    """

    id: str
    task_id: str
    assignment_id: str
    opened_by: Party
    reason: str
    state: DisputeState
    poster_spoke: bool
    worker_spoke: bool
    poster_cents: int | None
    worker_cents: int | None
    outcome_cents: int | None
    opened_at_us: int
    closed_at_us: int | None

    def closed(
        self, state: DisputeState, *, at_us: int, outcome_cents: int | None = None
    ) -> "Dispute":
        """The same, ended."""
        return replace(self, state=state, closed_at_us=at_us, outcome_cents=outcome_cents)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a side, or an admin, said in a dispute."""

    id: str
    dispute_id: str
    said_by: str
    text: str
    at_us: int


def by_silence(dispute: Dispute, share_cents: int) -> int:
    """What the worker gets of its share when the time is over and nobody has decided.

    Whoever kept silent has it against them. Where both spoke neither can win by the clock: each
    gets half, the odd cent the worker.
    """
    if dispute.poster_spoke and dispute.worker_spoke:
        return (share_cents + 1) // 2
    return share_cents if dispute.worker_spoke else 0
