"""A run: one stretch of work on one task in one sandbox, and the life of its row."""

from dataclasses import dataclass
from enum import StrEnum


class RunState(StrEnum):
    """Where a run stands; the last five are final."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    BROKEN = "broken"
    LOST = "lost"
    CANCELLED = "cancelled"


LIVE = frozenset({RunState.QUEUED, RunState.STARTING, RunState.RUNNING})
"""A task has at most one run in these."""

LEASED = frozenset({RunState.STARTING, RunState.RUNNING})
"""Some node has these in hand, until their lease ends."""

MOVES: dict[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset({RunState.STARTING, RunState.CANCELLED}),
    RunState.STARTING: frozenset(
        {
            RunState.RUNNING,
            RunState.BROKEN,
            RunState.LOST,
            RunState.CANCELLED,
            RunState.FAILED,
        }
    ),
    RunState.RUNNING: frozenset(
        {
            RunState.COMPLETED,
            RunState.FAILED,
            RunState.BROKEN,
            RunState.LOST,
            RunState.CANCELLED,
        }
    ),
}
"""Which state may follow which; what is not named here ends."""

MAX_ATTEMPTS = 3
"""Runs in a row that may break before the task fails."""

MAX_LOSSES = 25
"""Runs in a row that may be lost with their server before the task fails: far above what
restarts bring about, and an end for a task that takes its server down each time."""

BACK_OFF_S = (2, 10, 60)
"""Seconds until the next attempt, by how many have broken."""


EXTERNAL = "external"
"""The runtime whose runs are done elsewhere: no node takes one, whoever leases it does."""


class OutcomeKind(StrEnum):
    """How a run can end of its own accord."""

    ASKED = "asked"
    PLANNED = "planned"
    DELIVERED = "delivered"
    GAVE_UP = "gave_up"
    OVER_BUDGET = "over_budget"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class RunToken:
    """What a run proves itself by: superseded once its generation is not the task's any more."""

    run_id: str
    task_id: str
    generation: int


@dataclass(frozen=True, slots=True)
class Run:
    """A run's row. Times are microseconds UTC.

    `turn` counts the runs of the task that ended of their own accord before this one;
    `steps_done` counts what this turn has reported already, also by a lost predecessor.
    """

    id: str
    task_id: str
    organization_id: str
    team_id: str
    generation: int
    turn: int
    steps_done: int
    state: RunState
    runtime: str
    role: str | None
    priority: int
    attempts: int
    losses: int
    previous_run_id: str | None
    node_id: str | None
    lease_until_us: int | None
    queued_at_us: int
    started_at_us: int | None
    ended_at_us: int | None

    @property
    def prints(self) -> bool:
        """Whether what it hands in is what a program printed, line by line, and no Markdown."""
        return self.runtime == "command"

    @property
    def token(self) -> RunToken:
        """The run's proof for its writes."""
        return RunToken(self.id, self.task_id, self.generation)


def back_off_s(attempts: int) -> int:
    """Seconds to wait after that many broken attempts (at least one)."""
    return BACK_OFF_S[min(attempts, len(BACK_OFF_S)) - 1]
