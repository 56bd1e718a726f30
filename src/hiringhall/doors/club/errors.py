"""How the AgentWork Club door spells what goes wrong: a code, a sentence, and which fields."""

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, UnsetType

from hiringhall.domain import errors
from hiringhall.domain.errors import HallError
from hiringhall.doors.kit import Refusal, Spelling


class ErrorInside(msgspec.Struct):
    """A code for programs, a sentence for people, and which fields are wrong and how."""

    code: str
    message: str
    fields: dict[str, str] | UnsetType = UNSET
    request_id: str | UnsetType = UNSET


class ErrorAnswer(msgspec.Struct):
    """What every refusal carries."""

    error: ErrorInside


ERRORS: Mapping[type[HallError], Spelling] = {
    errors.Unauthorized: Spelling(401),
    errors.InvalidCredentials: Spelling(401),
    errors.NotEnoughFunds: Spelling(402),
    errors.Forbidden: Spelling(403),
    errors.NotApproved: Spelling(403),
    errors.RegistrationClosed: Spelling(403),
    errors.NotFound: Spelling(404),
    errors.NotYours: Spelling(404, "not_found"),
    errors.Gone: Spelling(410),
    errors.Invalid: Spelling(400),
    errors.NoOrganization: Spelling(400),
    errors.WrongState: Spelling(409),
    errors.LostRace: Spelling(409),
    errors.Conflict: Spelling(409),
    errors.EmailTaken: Spelling(409),
    errors.NameTaken: Spelling(409),
    errors.IdempotencyConflict: Spelling(409),
    errors.SecretNotRepeated: Spelling(409),
    errors.Superseded: Spelling(409),
    errors.TooManyAttempts: Spelling(429, "rate_limited"),
    errors.OutOfCredits: Spelling(429),
    errors.Unreachable: Spelling(502),
    errors.Unavailable: Spelling(503),
}

ENVELOPES: Mapping[int, type[msgspec.Struct]] = {0: ErrorAnswer}

_FIELDS = {"price_cents": "payout_cents"}
"""The hall's words for what this door calls otherwise."""


def envelope(refusal: Refusal) -> msgspec.Struct:
    """One shape for all; a fault of ours has an id to quote, which stands in the log."""
    fields = {_FIELDS.get(name, name): what for name, what in refusal.fields.items()}
    broken = refusal.status == 500
    return ErrorAnswer(
        ErrorInside(
            refusal.code,
            refusal.message,
            fields or UNSET,
            refusal.request_id if broken else UNSET,
        )
    )
