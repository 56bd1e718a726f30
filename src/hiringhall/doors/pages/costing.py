"""What the forms of the market say of money and time before anything is held."""

from dataclasses import replace
from typing import Any

from hiringhall.domain.compute import MICROS_PER_CENT, CapScope
from hiringhall.domain.errors import Conflict, HallError, Invalid, NotEnoughFunds
from hiringhall.domain.market import (
    USUAL_EXPIRY_H,
    USUAL_PROPOSALS,
    USUAL_TIME_LIMIT_MIN,
    Offer,
)
from hiringhall.domain.tasks import Brief
from hiringhall.doors.look import word
from hiringhall.doors.look.filters import money
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.plain import said_of
from hiringhall.doors.pages.saying import Said, refused
from hiringhall.doors.pages.typed import cents
from hiringhall.doors.pages.visits import Visit
from hiringhall.hall import Hall
from hiringhall.queries import costs
from hiringhall.queries.teams import list_teams, roles_of

CAP = "cap_micros"
"""The field in which a task's own cap is typed, as an amount."""


def market_facts(hall: Hall) -> dict[str, Any]:
    """What a form for the market is shown with: the currency, the fee, what is usual."""
    return {
        "currency": hall.rules.currency,
        "fee_percent": hall.rules.fee_basis_points / 100,
        "usual_hours": {one.value: hours for one, hours in USUAL_EXPIRY_H.items()},
        "usual_minutes": USUAL_TIME_LIMIT_MIN,
        "usual_proposals": USUAL_PROPOSALS,
    }


async def staff_facts(visit: Visit, typed: Form, team_id: str | None = None) -> dict[str, Any]:
    """What a form for the hall's own workers is shown with: teams, roles, what it may cost.

    A task of the staff is in `team_id`, or in the team that the form names, or in the
    organization's first one.
    """
    hall, actor = visit.desk.hall, visit.actor
    teams = await list_teams(hall, actor=actor)
    wanted = team_id or typed["team_id"]
    chosen = [one for one in teams if one.id == wanted]
    chosen = chosen or [one for one in teams if one.is_default]
    found = [await roles_of(hall, actor=actor, team_id=one.id) for one in chosen]
    cap_micros, _ = cap_of(typed)
    return {
        "roles": sorted({role.name for listed in found for role in listed}),
        "teams": chosen if team_id is not None else teams,
        "team": chosen[0] if chosen else None,
        "usual_cap": hall.rules.caps.get(CapScope.TASK),
        "bound": await costs.bound_of_staff(
            hall,
            actor=actor,
            team_id=chosen[0].id if chosen else None,
            cap_micros=cap_micros,
        ),
    }


def cap_of(form: Form) -> tuple[int | None, dict[str, str]]:
    """The cap that a form gives a task, in micros, and what cannot be read of it."""
    try:
        typed = cents(form, CAP)
    except Invalid as error:
        return None, error.fields
    return None if typed is None else typed * MICROS_PER_CENT, {}


def staff_fields(form: Form) -> tuple[dict[str, Any], dict[str, str]]:
    """What a form says of a task for the staff beside its brief, and what cannot be read of it."""
    cap_micros, unread = cap_of(form)
    return {
        "role": form["role"].strip() or None,
        "team_id": form["team_id"].strip() or None,
        "cap_micros": cap_micros,
    }, unread


def unread_of(form: Form) -> dict[str, str]:
    """What cannot be read of what a form says for the staff, by its fields, as it is said there."""
    return said_of(Invalid("This cannot be read", cap_of(form)[1]))


def at_fields(error: HallError) -> dict[str, str]:
    """What is refused by field: too little money is said at the price."""
    if isinstance(error, NotEnoughFunds):
        return {"price_cents": word("cost.short", amount=money(error.needed_cents))}
    return said_of(error) if isinstance(error, Invalid) else {}


def refused_at_fields(visit: Visit, error: HallError) -> Said:
    """A refusal as a form for a task says it: at its fields, where it is about any."""
    said, fields = refused(visit, error), at_fields(error)
    return replace(said, errors=fields, problem=word("new.wrong")) if fields else said


def unread(visit: Visit) -> Said:
    """A form for the staff as it stands, with what cannot be read of it."""
    errors = unread_of(visit.form)
    return Said(status=400 if errors else 200, errors=errors, typed=visit.form)


def priced(posting: Brief | Offer | None, error: HallError) -> Offer | None:
    """What is shown with its price beside a refusal: an offer that its price stands against."""
    at_price = isinstance(error, NotEnoughFunds | Conflict)
    return posting if at_price and isinstance(posting, Offer) else None
