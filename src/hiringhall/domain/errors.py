"""Everything the hall can refuse, as classes with a code and typed data and no word of HTTP."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from hiringhall.domain.sentences import Cents, Sentence, as_sentence, sentence


class HallError(Exception):
    """A refusal; `message` is a plain sentence for a person, and never holds a secret.

    `sentence` is the same with its amounts and fields apart, for a door that spells them anew.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str | Sentence) -> None:
        self.sentence = as_sentence(message)
        self.message = self.sentence.plain
        super().__init__(self.message)


class Unauthorized(HallError):
    """No credential, or one that opens nothing."""

    code = "unauthorized"


class Forbidden(HallError):
    """The caller is known and may not do this."""

    code = "forbidden"


class NotApproved(Forbidden):
    """The agent is known, and waits for approval or has lost it: `approval_state` says which."""

    code = "not_approved"

    def __init__(self, approval_state: str) -> None:
        super().__init__(f"This agent is {approval_state}; an admin of the hall has to approve it")
        self.approval_state = approval_state


class NotFound(HallError):
    """It does not exist, or not for this caller: both are answered alike."""

    code = "not_found"

    def __init__(self, what: str, *, because: str = "") -> None:
        super().__init__(f"{what.capitalize()} not found" + (f": {because}" if because else ""))
        self.what = what


class NotYours(NotFound):
    """It is there, and somebody else's; where a door does not say so, it is not found."""


class Gone(HallError):
    """It was there for a time, or for one use, and that is over."""

    code = "gone"


class NameTaken(HallError):
    """Something of that name is there already."""

    code = "name_taken"


class Unreachable(HallError):
    """Somebody else's service did not do what it was asked; the message says which, and how."""

    code = "unreachable"


class Invalid(HallError):
    """Input that cannot be meant; `fields` names each field and what is wrong with it.

    `said` is the same with amounts and fields apart, as in `sentence`.
    """

    code = "invalid"

    def __init__(
        self, message: str | Sentence, fields: Mapping[str, str | Sentence] | None = None
    ) -> None:
        super().__init__(message)
        self.said = {name: as_sentence(what) for name, what in (fields or {}).items()}
        self.fields = {name: what.plain for name, what in self.said.items()}


class WrongState(HallError):
    """The command is known, but not from the state the task is in.

    `cannot` is what it cannot for that alone, such as `be resumed`, where a door may say so in its
    own word for the state. `can` says for each side what it could do instead; it is empty where
    nobody worked that out.
    """

    code = "wrong_state"

    def __init__(
        self,
        message: str,
        *,
        state: str,
        command: str,
        cannot: str = "",
        can: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.state = state
        self.command = command
        self.cannot = cannot
        self.can = {side: list(commands) for side, commands in (can or {}).items()}


class LostRace(HallError):
    """Somebody else moved the same thing first; read again and decide anew."""

    code = "lost_race"


class Conflict(HallError):
    """What is asked contradicts what is there already; asking again will not help."""

    code = "conflict"


class EmailTaken(HallError):
    """An account with this e-mail address is there already, in whatever letter case."""

    code = "email_taken"

    def __init__(self) -> None:
        super().__init__("Email already registered")


class InvalidCredentials(HallError):
    """E-mail and password do not belong together, or there is no such account."""

    code = "invalid_credentials"

    def __init__(self) -> None:
        super().__init__("Invalid credentials")


class NoOrganization(HallError):
    """The user belongs to no organization, so no key can act for one."""

    code = "no_organization"

    def __init__(self) -> None:
        super().__init__("User has no organization")


class RegistrationClosed(HallError):
    """This hall takes no registrations from strangers."""

    code = "registration_closed"


class TooManyAttempts(HallError):
    """A throttle; `retry_after_s` says when it is worth another try.

    `most` in any `window_s` seconds are let through.
    """

    code = "too_many_attempts"

    def __init__(
        self, retry_after_s: int, *, most: int = 0, window_s: int = 0, what: str = "attempts"
    ) -> None:
        super().__init__(f"Too many {what}; try again in {retry_after_s} seconds")
        self.retry_after_s = retry_after_s
        self.most = most
        self.window_s = window_s


class OutOfCredits(HallError):
    """The day's credits are used up; `retry_after_s` is the time to midnight UTC."""

    code = "out_of_credits"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("Today's credits are used up; they are renewed at midnight UTC")
        self.retry_after_s = retry_after_s


class NotEnoughFunds(HallError):
    """The organization has less available than is to be held; nothing was taken."""

    code = "not_enough_funds"

    def __init__(self, needed_cents: int) -> None:
        super().__init__(
            sentence(Cents(needed_cents), " are needed, and less is available; deposit funds first")
        )
        self.needed_cents = needed_cents


class IdempotencyConflict(HallError):
    """An idempotency key came again with another body."""

    code = "idempotency_conflict"


class SecretNotRepeated(HallError):
    """The first answer to this idempotency key held a secret, which is never stored."""

    code = "secret_not_repeated"


class Superseded(HallError):
    """A run wrote after another had taken its place, or after its task had ended."""

    code = "superseded"


class Unavailable(HallError):
    """The hall cannot reach what it keeps its things in; nothing was changed."""

    code = "unavailable"
    retry_after_s = 5


ALL: tuple[type[HallError], ...] = (
    Unauthorized,
    Forbidden,
    NotApproved,
    NotFound,
    NotYours,
    Gone,
    NameTaken,
    Unreachable,
    Invalid,
    WrongState,
    LostRace,
    Conflict,
    EmailTaken,
    InvalidCredentials,
    NoOrganization,
    RegistrationClosed,
    TooManyAttempts,
    OutOfCredits,
    NotEnoughFunds,
    IdempotencyConflict,
    SecretNotRepeated,
    Superseded,
    Unavailable,
)
"""Every error a door has to know how to spell."""
