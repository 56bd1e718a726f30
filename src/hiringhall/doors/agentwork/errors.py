"""How the Agentwork door spells what goes wrong (seed 000, "Error responses")."""

from collections.abc import Mapping

import msgspec

from hiringhall.domain import errors
from hiringhall.domain.errors import HallError
from hiringhall.doors.kit import Refusal, Spelling


class ErrorAnswer(msgspec.Struct):
    """What every 4xx carries."""

    status_code: int
    detail: str


class InternalErrorAnswer(msgspec.Struct):
    """What a 500 carries: an id to quote when reporting it, and nothing of the cause."""

    status_code: int
    error: str
    detail: str
    request_id: str


ERRORS: Mapping[type[HallError], Spelling] = {
    errors.Unauthorized: Spelling(401),
    errors.InvalidCredentials: Spelling(401),
    errors.Forbidden: Spelling(403),
    errors.NotApproved: Spelling(403),
    errors.RegistrationClosed: Spelling(403),
    errors.NotFound: Spelling(404),
    errors.NotYours: Spelling(404),
    errors.Gone: Spelling(410),
    errors.NameTaken: Spelling(409),
    errors.Unreachable: Spelling(502),
    errors.Invalid: Spelling(400),
    errors.WrongState: Spelling(400),
    errors.NoOrganization: Spelling(400),
    errors.LostRace: Spelling(409),
    errors.Conflict: Spelling(409),
    errors.EmailTaken: Spelling(409),
    errors.IdempotencyConflict: Spelling(409),
    errors.SecretNotRepeated: Spelling(409),
    errors.Superseded: Spelling(409),
    errors.TooManyAttempts: Spelling(429),
    errors.OutOfCredits: Spelling(429),
    errors.NotEnoughFunds: Spelling(402),
    errors.Unavailable: Spelling(503),
}

ENVELOPES: Mapping[int, type[msgspec.Struct]] = {0: ErrorAnswer, 500: InternalErrorAnswer}


def envelope(refusal: Refusal) -> msgspec.Struct:
    """The two shapes of the seed."""
    if refusal.status >= 500:
        return InternalErrorAnswer(
            refusal.status, refusal.code, refusal.message, refusal.request_id
        )
    return ErrorAnswer(refusal.status, refusal.message)
