"""The native door's budgets: what models have cost, what they may, and who said so."""

from typing import Annotated

import msgspec
from msgspec import Meta

from hiringhall.domain.compute import MOST_CAP_MICROS
from hiringhall.doors.native.words import Count, Time, Uuid, time_of
from hiringhall.queries.budgets import CapChanged, Spending


class BudgetAnswer(msgspec.Struct, kw_only=True):
    """What a task's models have cost, and may; in millionths of the currency."""

    currency: str
    cap_micros: Annotated[Count | None, Meta(description="Null: no cap of the task's own holds")]
    spent_micros: Count
    reserved_micros: Annotated[Count, Meta(description="Put by for calls under way")]
    calls: Count


class SharedBudgetAnswer(msgspec.Struct, kw_only=True):
    """What the models of a team or an organization have cost, and may; in millionths."""

    currency: str
    cap_micros: Annotated[Count | None, Meta(description="What holds: the smaller; null: none")]
    hall_cap_micros: Annotated[Count | None, Meta(description="What the hall holds it to")]
    owners_cap_micros: Annotated[Count | None, Meta(description="What its owners hold it to")]
    spent_micros: Count
    reserved_micros: Annotated[Count, Meta(description="Put by for calls under way")]
    calls: Count


class CapBody(msgspec.Struct):
    """What the owners hold it to, in millionths of the currency; null: the hall's cap alone."""

    cap_micros: Annotated[int, Meta(ge=0, le=MOST_CAP_MICROS)] | None


class CapChangeAnswer(msgspec.Struct, kw_only=True):
    """A cap that was set, and what it was before."""

    id: Uuid
    team_id: Annotated[Uuid | None, Meta(description="Null: the whole organization's")]
    set_for: Annotated[str, Meta(description="hall: the hall's cap; owners: the organization's")]
    was_micros: Count | None
    cap_micros: Count | None
    user_id: Annotated[Uuid | None, Meta(description="Null: whoever runs the hall's machine")]
    at: Time


class CapChangesPage(msgspec.Struct):
    """A part of the changes, newest first."""

    items: list[CapChangeAnswer]
    next_cursor: str | None


def shared_answer(found: Spending, currency: str) -> SharedBudgetAnswer:
    """A team's or an organization's budget."""
    return SharedBudgetAnswer(
        currency=currency,
        cap_micros=found.cap_micros,
        hall_cap_micros=found.ceiling_micros,
        owners_cap_micros=found.owners_cap_micros,
        spent_micros=found.spent_micros,
        reserved_micros=found.reserved_micros,
        calls=found.calls,
    )


def change_answer(found: CapChanged) -> CapChangeAnswer:
    """A change of a cap."""
    one = found.change
    return CapChangeAnswer(
        id=one.id,
        team_id=one.team_id,
        set_for="hall" if one.is_halls else "owners",
        was_micros=one.was_micros,
        cap_micros=one.cap_micros,
        user_id=one.user_id,
        at=time_of(one.at_us),
    )
