"""What a runtime is given, and the few ways in which its stretch of work can end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from hiringhall.actions.runs.outcomes import NewFile, NewPatch
from hiringhall.actions.runs.working import RunBrief
from hiringhall.domain.compute import CapReached
from hiringhall.domain.questions import Question
from hiringhall.domain.runs import Run
from hiringhall.workers.masking import MaskedStream


@dataclass(frozen=True, slots=True)
class Asked:
    """The worker needs typed answers."""

    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class Said:
    """The worker says something that wants an answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Planned:
    """The worker proposes how it would do the task."""

    text: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """The worker hands in."""

    text: str
    files: Sequence[NewFile] = ()
    branch: str | None = None
    commit: str | None = None
    links: Sequence[str] = ()
    patch: NewPatch | None = None


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The worker says that it cannot be done."""

    reason: str


@dataclass(frozen=True, slots=True)
class Broke:
    """The worker ended without a word, or could not begin; tried again where that may help."""

    reason: str
    may_retry: bool = True


@dataclass(frozen=True, slots=True)
class OverBudget:
    """A cap was reached: the poster is asked whether to add to it, and the session waits."""

    reached: CapReached


@dataclass(frozen=True, slots=True)
class Parked:
    """The worker cannot go on before a time (µs UTC), and has not failed."""

    until_us: int
    reason: str


Outcome: TypeAlias = Asked | Said | Planned | Delivered | GaveUp | Broke | OverBudget | Parked


class Stretch(Protocol):
    """One stretch of work as its runtime sees it."""

    @property
    def brief(self) -> RunBrief:
        """The task, the role, and what was said so far."""
        ...

    def mask(self, text: str) -> str:
        """A text that came from the worker, without live secrets: for what is kept elsewhere."""
        ...

    def masked_stream(self) -> MaskedStream:
        """The same for what its process prints, which comes in pieces."""
        ...

    async def progress(self, text: str) -> None:
        """Tell the poster how far it is."""
        ...

    async def keep_file(self, name: str, content: bytes | Path) -> NewFile:
        """Store a file to deliver; what is never delivered is of no consequence."""
        ...

    async def attach(self, name: str, content: bytes | Path) -> str:
        """Lay a file by for the next deliverable; the name that it has there."""
        ...

    async def attached(self) -> set[str]:
        """The names of files that are laid by; no other file to deliver is given one of them."""
        ...

    async def used(self, *, input_tokens: int, output_tokens: int) -> None:
        """Meter what a model used."""
        ...


class Runtime(Protocol):
    """Something that does work."""

    @property
    def name(self) -> str:
        """By which roles and settings choose it."""
        ...

    def check_role(self, config: Mapping[str, Any]) -> None:
        """Refuse what a role's `config` cannot mean here; raises Invalid."""
        ...

    async def work(self, stretch: Stretch) -> Outcome:
        """Do one stretch of work; cancelled when the run is stopped or its time is over."""
        ...

    async def save(self, brief: RunBrief) -> None:
        """The work has ended, its outcome is not told: have the next run's node find its state."""
        ...

    async def settled(self, brief: RunBrief) -> None:
        """The outcome was written, or is not wanted any more: let go of what the run used."""
        ...

    async def tidy(self, unfinished: Sequence[Run]) -> None:
        """At start: let go of what earlier processes left, but for turns that will go on."""
        ...
