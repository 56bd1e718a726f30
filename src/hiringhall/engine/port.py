"""What actions know of an engine: the rows are the truth, it only hurries."""

from typing import Protocol

from hiringhall.domain.runs import Run, RunToken


class Engine(Protocol):
    """What carries runs and timers to their hour; the rows are the truth, this only hurries."""

    def wake(self) -> None:
        """Something may be ready to start, or a timer was set."""
        ...

    def queued(self, run: Run) -> None:
        """A run waits to be taken."""
        ...

    def look_at(self, team_id: str) -> None:
        """A team may have something to begin by itself: a task is ready, or a place is free."""
        ...

    def stop_run(self, token: RunToken) -> None:
        """A run was cancelled: whoever has it in hand should end it at once."""
        ...
