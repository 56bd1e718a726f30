"""The envelope of answers that belong to no dialect: health, files, unknown paths at the root."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from hiringhall.domain.errors import HallError
from hiringhall.doors.kit import USUAL, Door, Refusal, Spelling, spelling_in


class Problem(msgspec.Struct):
    """What went wrong, in a sentence; where it was our fault, with the id it has in the log."""

    status_code: int
    detail: str
    request_id: str | UnsetType = UNSET


ERRORS: Mapping[type[HallError], Spelling] = USUAL


def status_of(error: HallError) -> int:
    """The status that a refusal has; one of a kind that is not listed has its kind's."""
    return spelling_in(ERRORS, type(error)).status


ENVELOPES: Mapping[int, type[msgspec.Struct]] = {0: Problem}


def envelope(refusal: Refusal) -> Problem:
    """One shape for all."""
    request_id = refusal.request_id if refusal.status >= 500 else UNSET
    return Problem(refusal.status, refusal.message, request_id)


def _astray(refusal: Refusal) -> Problem:
    if refusal.status == 404:
        refusal = replace(refusal, message="Nothing is here; GET / says where each door is")
    return envelope(refusal)


NOWHERE: Door[Any] = Door(
    name="nowhere",
    title="Hiringhall: nowhere",
    description="Paths at the root that are nobody's.",
    errors=ERRORS,
    envelope=_astray,
    envelopes=ENVELOPES,
    routes=(),
)
"""Answers what no door has: 404, whatever is asked."""
