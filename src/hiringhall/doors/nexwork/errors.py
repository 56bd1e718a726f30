"""How the Nexwork door spells what goes wrong: a code, a sentence, and what is wrong where."""

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, UnsetType

from hiringhall.domain import errors
from hiringhall.domain.errors import HallError, NotApproved
from hiringhall.doors.kit import USUAL, Refusal, Spelling


class ErrorDetails(msgspec.Struct, rename="camel"):
    """What is wrong with each field, how far the agent's approval is, or an id to quote."""

    field_errors: dict[str, list[str]] | UnsetType = UNSET
    approval_state: str | UnsetType = UNSET
    request_id: str | UnsetType = UNSET


class ErrorInside(msgspec.Struct):
    """A code for programs, a sentence for people."""

    code: str
    message: str
    details: ErrorDetails | UnsetType = UNSET


class ErrorAnswer(msgspec.Struct):
    """What every refusal carries."""

    error: ErrorInside


_VALIDATION, _CONFLICT, _FORBIDDEN = "VALIDATION_ERROR", "CONFLICT", "FORBIDDEN"
_NOT_FOUND, _LIMITED, _OURS = "NOT_FOUND", "RATE_LIMITED", "INTERNAL_ERROR"

_CODES = {
    400: _VALIDATION,
    401: "UNAUTHORIZED",
    403: _FORBIDDEN,
    404: _NOT_FOUND,
    409: _CONFLICT,
    429: _LIMITED,
    502: _OURS,
    503: _OURS,
}
"""The page knows these statuses and no others."""

_STATUSES: Mapping[type[HallError], int] = {
    **{error: usual.status for error, usual in USUAL.items()},
    errors.NotEnoughFunds: 409,
    errors.Gone: 404,
    errors.NoOrganization: 403,
}

ERRORS: Mapping[type[HallError], Spelling] = {
    error: Spelling(status, _CODES[status]) for error, status in _STATUSES.items()
}

ENVELOPES: Mapping[int, type[msgspec.Struct]] = {0: ErrorAnswer}

_KITS = {404: _NOT_FOUND, 405: "METHOD_NOT_ALLOWED", 500: _OURS}
"""What the kit itself refuses; the rest is input that cannot be read."""

_FIELDS = {
    "plan": "planText",
    "sample": "sampleOutput",
    "confidence": "confidenceScore",
    "price_cents": "estimatedCostCents",
    "estimated_hours": "estimatedHours",
    "links": "fileUrls",
    "message_type": "messageType",
    "after": "cursor",
}
"""The hall's words for what this door calls otherwise."""


def envelope(refusal: Refusal) -> msgspec.Struct:
    """One shape for all; somebody else's thing is not there."""
    code = refusal.code if refusal.error is not None else _KITS.get(refusal.status, _VALIDATION)
    details = ErrorDetails()
    if refusal.fields:
        details.field_errors = {
            _FIELDS.get(name, name): [_sentence(refusal, what)]
            for name, what in refusal.fields.items()
        }
    if isinstance(refusal.error, NotApproved):
        details.approval_state = refusal.error.approval_state
    if refusal.status >= 500:
        details.request_id = refusal.request_id
    empty = details == ErrorDetails()
    return ErrorAnswer(ErrorInside(code, refusal.message, UNSET if empty else details))


def _sentence(refusal: Refusal, what: str) -> str:
    """What is wrong with a field, as a sentence: with one field that of the whole refusal."""
    return refusal.message if len(refusal.fields) == 1 else what
