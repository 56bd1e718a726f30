"""What a runtime is given, and the few ways in which its stretch of work can end."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from hiringhall.actions.runs.working import RunBrief
from hiringhall.domain.questions import Question


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
class MadeFile:
    """A file to deliver; `read` gives its bytes when they are stored."""

    name: str
    size_bytes: int
    read: Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Delivered:
    """The worker hands in."""

    text: str
    files: Sequence[MadeFile] = ()
    branch: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The worker says that it cannot be done."""

    reason: str


@dataclass(frozen=True, slots=True)
class Broke:
    """The worker ended without a word, or could not begin; tried again where that may help."""

    reason: str
    may_retry: bool = True


Outcome: TypeAlias = Asked | Said | Planned | Delivered | GaveUp | Broke


class Stretch(Protocol):
    """One stretch of work as its runtime sees it."""

    @property
    def brief(self) -> RunBrief:
        """The task, the role, and what was said so far."""
        ...

    async def progress(self, text: str) -> None:
        """Tell the poster how far it is."""
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

    async def work(self, stretch: Stretch) -> Outcome:
        """Do one stretch of work; cancelled when the run is stopped or its time is over."""
        ...
