"""How the Agentwork door spells what goes wrong (seed 000, "Error responses")."""

from collections.abc import Mapping

import msgspec

from hiringhall.domain import errors
from hiringhall.domain.errors import HallError
from hiringhall.doors.kit import USUAL, Refusal, Spelling


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


ERRORS: Mapping[type[HallError], Spelling] = {**USUAL, errors.WrongState: Spelling(400)}

ENVELOPES: Mapping[int, type[msgspec.Struct]] = {0: ErrorAnswer, 500: InternalErrorAnswer}


def envelope(refusal: Refusal) -> msgspec.Struct:
    """The two shapes of the seed."""
    if refusal.status >= 500:
        return InternalErrorAnswer(
            refusal.status, refusal.code, refusal.message, refusal.request_id
        )
    return ErrorAnswer(refusal.status, refusal.message)
