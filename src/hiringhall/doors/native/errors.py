"""How the native door spells what goes wrong: problem details (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hiringhall.domain import errors
from hiringhall.domain.errors import HallError, NotYours
from hiringhall.doors.kit import USUAL, Refusal, Spelling

PROBLEM_JSON = b"application/problem+json"


class Problem(msgspec.Struct, omit_defaults=True):
    """What went wrong: `code` is for programs, `detail` for people, `fields` says where.

    Where a task's state stands in the way, `state` is that state, `command` what was asked, and
    `can` what each side could do instead. `needed_cents` is what funds are missing for, and
    `approval_state` why an agent may not work yet.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    fields: dict[str, str] = {}
    state: str | UnsetType = UNSET
    command: str | UnsetType = UNSET
    can: dict[str, list[str]] = {}
    needed_cents: Annotated[int, Meta(ge=0, le=2**63 - 1)] | UnsetType = UNSET
    approval_state: str | UnsetType = UNSET


ERRORS: Mapping[type[HallError], Spelling] = USUAL

ENVELOPES: Mapping[int, type[msgspec.Struct]] = {0: Problem}


def envelope(refusal: Refusal) -> Problem:
    """One shape for all; somebody else's thing is not there."""
    detail = refusal.message
    if isinstance(refusal.error, NotYours):
        detail = f"{refusal.error.what.capitalize()} not found"
    problem = Problem(
        type="about:blank",
        title=HTTPStatus(refusal.status).phrase,
        status=refusal.status,
        detail=detail,
        code=refusal.code,
        request_id=refusal.request_id,
        fields=dict(refusal.fields),
    )
    match refusal.error:
        case errors.WrongState() as wrong:
            problem.state, problem.command, problem.can = wrong.state, wrong.command, wrong.can
        case errors.NotEnoughFunds() as missing:
            problem.needed_cents = missing.needed_cents
        case errors.NotApproved() as agent:
            problem.approval_state = agent.approval_state
        case _:
            pass
    return problem
