"""What an engine carries, and what whoever has one may ask of it."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

JobOf = TypeVar("JobOf")


class Waiting(Protocol):
    """A job that waits to be taken, as an engine that hands jobs on has to know it."""

    @property
    def run_id(self) -> str:
        """Which one it is."""
        ...

    @property
    def runtime(self) -> str:
        """Who can do it."""
        ...

    @property
    def priority(self) -> int:
        """Higher ones go first."""
        ...


class Work(Protocol[JobOf]):
    """What the engine carries; the rows behind it are the truth."""

    async def take(self) -> JobOf | None:
        """The next job that may start, taken in hand; None when there is none."""
        ...

    async def do(self, job: JobOf, /) -> None:
        """Do a job to its end, whatever that is; does not raise for the job's own troubles."""
        ...

    async def tend(self) -> float:
        """Fire what is due and find what was lost; seconds until it should be called again."""
        ...


class WaitingWork(Work[JobOf], Protocol):
    """Work that can say what of it waits, for an engine that hands it on."""

    @property
    def runtimes(self) -> Sequence[str]:
        """What can be done here."""
        ...

    async def waiting(self) -> Sequence[Waiting]:
        """Jobs that wait, of each kind the one whose turn is next."""
        ...


class Carrier(Protocol[JobOf]):
    """An engine as the process has it that carries work by it."""

    def wake(self) -> None:
        """Something may be ready to start, or to be tended, now."""
        ...

    def hand_on(self, job: Waiting, /) -> bool:
        """Have a node with a free place look for a job; False where all are to be told instead."""
        ...

    @property
    def busy(self) -> int:
        """How many jobs are being done."""
        ...

    async def carry(self, work: WaitingWork[JobOf]) -> None:
        """Carry work until cancelled; then cancel the jobs in hand and wait for them."""
        ...
