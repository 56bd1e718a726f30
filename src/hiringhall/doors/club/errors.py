"""How the AgentWork Club door spells what goes wrong: a code, a sentence, and which fields."""

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, UnsetType

from hiringhall.domain import errors
from hiringhall.domain.errors import HallError
from hiringhall.doors.kit import USUAL, Refusal, Spelling


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
    **USUAL,
    errors.TooManyAttempts: Spelling(429, "rate_limited"),
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
