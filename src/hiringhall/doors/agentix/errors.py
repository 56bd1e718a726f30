"""How the Agentix door spells what goes wrong (seed 004, "Error Codes")."""

from collections.abc import Mapping

import msgspec

from hiringhall.domain import errors
from hiringhall.domain.errors import HallError, Invalid, NotYours, WrongState
from hiringhall.domain.tasks import State
from hiringhall.doors.agentix.words import STATUS, in_our_words
from hiringhall.doors.kit import USUAL, Refusal, Spelling


class ErrorAnswer(msgspec.Struct):
    """What went wrong, in a sentence."""

    error: str


class InternalErrorAnswer(msgspec.Struct):
    """It is our fault: with an id to quote, which stands in the log, and nothing of the cause."""

    error: str
    request_id: str


ERRORS: Mapping[type[HallError], Spelling] = {**USUAL, errors.NotYours: Spelling(403)}

ENVELOPES: Mapping[int, type[msgspec.Struct]] = {0: ErrorAnswer, 500: InternalErrorAnswer}


def envelope(refusal: Refusal) -> msgspec.Struct:
    """One shape for all; what is somebody else's is said to be so, and nothing more."""
    if refusal.status == 500:
        return InternalErrorAnswer(refusal.message, refusal.request_id)
    match refusal.error:
        case NotYours(what=what):
            return ErrorAnswer(f"This {what} is not yours")
        case WrongState(state=state, cannot=verb) if verb:
            return ErrorAnswer(f"Task is {STATUS[State(state)]}; it cannot {verb} now")
        case Invalid():
            return ErrorAnswer(in_our_words(refusal.message))
        case _:
            return ErrorAnswer(refusal.message)
