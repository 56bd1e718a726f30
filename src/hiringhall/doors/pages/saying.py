"""A form that calls an action: what is refused is said on its page, with all that was typed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from hiringhall.domain.errors import (
    Conflict,
    Forbidden,
    HallError,
    IdempotencyConflict,
    Invalid,
    LostRace,
    NameTaken,
    NotEnoughFunds,
    OutOfCredits,
    SecretNotRepeated,
    Unreachable,
    WrongState,
)
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Raw
from hiringhall.doors.neutral import status_of
from hiringhall.doors.pages.forms import NOTHING, Form
from hiringhall.doors.pages.plain import in_words, said_of
from hiringhall.doors.pages.visits import Visit, for_signed_in

SAID = (
    Conflict,
    Forbidden,
    IdempotencyConflict,
    Invalid,
    LostRace,
    NameTaken,
    NotEnoughFunds,
    OutOfCredits,
    SecretNotRepeated,
    Unreachable,
    WrongState,
)
"""What a page says of itself; what is not there, or needs a sign-in, is said elsewhere."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a page says of the form that was just sent; nothing where none was.

    `form` is the last part of the address that it went to: its fields are shown as they were typed,
    those of the page's other forms as they stand.
    """

    status: int = 200
    problem: str = ""
    errors: dict[str, str] = field(default_factory=dict[str, str])
    typed: Form = NOTHING
    form: str = ""
    overtaken: bool = False
    """Somebody else was faster."""

    @property
    def shown(self) -> dict[str, Any]:
        """What `Visit.show` takes of it."""
        return {
            "status": self.status,
            "problem": self.problem,
            "errors": self.errors,
            "typed": self.typed,
            "sent": self.form,
        }


NOTHING_SAID = Said()

Act = Callable[[Visit], Awaitable[str]]
Show = Callable[[Visit, Said], Awaitable[Raw]]
Handled = Callable[[Desk, Call[Any, Any]], Awaitable[object]]


def showing(show: Show) -> Handled:
    """A page as it is looked at."""

    async def handle(visit: Visit) -> Raw:
        return await show(visit, NOTHING_SAID)

    return for_signed_in(handle)


def doing(act: Act, show: Show) -> Handled:
    """What a form does, and where it leads; `show` is its page, for what is refused."""

    async def handle(visit: Visit) -> Raw:
        try:
            to = await act(visit)
        except SAID as error:
            return await show(visit, refused(visit, error))
        return visit.lead(to)

    return for_signed_in(handle)


def done(path: str, what: str) -> str:
    """Where a form leads, with a word of what it did: that page says it, once it is shown."""
    plain, mark, part = path.partition("#")
    return f"{plain}{'&' if '?' in plain else '?'}done={what}{mark}{part}"


def refused(visit: Visit, error: HallError) -> Said:
    """A refusal, as the page says it whose form was sent."""
    return Said(
        status=status_of(error),
        problem=f"{in_words(error).rstrip('.')}.",
        errors=said_of(error) if isinstance(error, Invalid) else {},
        typed=visit.form,
        form=visit.call.scope["path"].rstrip("/").rpartition("/")[2],
        overtaken=isinstance(error, LostRace),
    )
