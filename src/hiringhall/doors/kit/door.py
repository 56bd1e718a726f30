"""A door as data: its routes, its table of errors, its envelope; importing one does nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import msgspec

from hiringhall.domain.errors import HallError
from hiringhall.doors.kit.answers import JSON
from hiringhall.doors.kit.bodies import Limits
from hiringhall.doors.kit.refusals import Header, Refusal
from hiringhall.doors.kit.routes import Route

D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a door spells a domain error: a status, and its own code where it has codes."""

    status: int
    code: str = ""


def spelling_in(errors: Mapping[type[HallError], Spelling], error: type[HallError]) -> Spelling:
    """How a table spells an error; a subclass is spelled like its nearest listed parent."""
    for cls in error.__mro__:
        if cls in errors:
            return errors[cls]
    raise LookupError(f"there is no word for {error.__name__}")


@dataclass(frozen=True)
class Door(Generic[D]):
    """One dialect of the hall.

    `errors` is total over `domain.errors.ALL` (tests/doors/test_error_tables.py). `envelope`
    spells a refusal, a page as its bytes; `envelopes` says of which struct by status, with 0 for
    every other one.
    `headers` stand on every answer, `refusal_type` is what a refusal's body is called. With
    `tells_ignored` an answer names the fields of its request that nobody read. `cookie` names what
    a page's script may come with instead of a key. With `leads_back` who looks at an address that
    only takes forms is led to the nearest one above it that shows something.
    """

    name: str
    title: str
    description: str
    routes: tuple[Route[D], ...]
    errors: Mapping[type[HallError], Spelling]
    envelope: Callable[[Refusal], msgspec.Struct | bytes]
    envelopes: Mapping[int, type[msgspec.Struct]]
    headers: tuple[Header, ...] = ()
    refusal_type: bytes = JSON
    limits: Limits = field(default_factory=Limits)
    tells_ignored: bool = False
    cookie: str = ""
    leads_back: bool = False

    def spelling(self, error: type[HallError]) -> Spelling:
        """How this door spells an error; a subclass is spelled like its nearest listed parent."""
        return spelling_in(self.errors, error)

    def envelope_of(self, status: int) -> type[msgspec.Struct]:
        """The struct that a refusal with this status is spelled in."""
        return self.envelopes.get(status, self.envelopes[0])
