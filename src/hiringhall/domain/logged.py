"""A task's log as it is read: each line one event that was written."""

from dataclasses import dataclass

from hiringhall.domain.tasks import State, Waiting


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One line of the append-only log: what happened, and the task's state after it."""

    id: int
    task_id: str
    number: int
    type: str
    actor: str
    state: State
    waiting_for: Waiting
    data: dict[str, object]
    at_us: int
