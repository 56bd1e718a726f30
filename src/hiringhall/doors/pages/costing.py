"""What the forms of the market say of money and time before anything is held."""

from typing import Any

from hiringhall.domain.errors import HallError, Invalid, NotEnoughFunds
from hiringhall.domain.market import USUAL_EXPIRY_H, USUAL_PROPOSALS, USUAL_TIME_LIMIT_MIN
from hiringhall.doors.look import word
from hiringhall.doors.look.filters import money
from hiringhall.doors.pages.visits import Visit, said_of
from hiringhall.hall import Hall
from hiringhall.queries import costs
from hiringhall.queries.teams import list_teams, roles_of


def market_facts(hall: Hall) -> dict[str, Any]:
    """What a form for the market is shown with: the currency, the fee, what is usual."""
    return {
        "currency": hall.rules.currency,
        "fee_percent": hall.rules.fee_basis_points / 100,
        "usual_hours": {one.value: hours for one, hours in USUAL_EXPIRY_H.items()},
        "usual_minutes": USUAL_TIME_LIMIT_MIN,
        "usual_proposals": USUAL_PROPOSALS,
    }


async def staff_facts(visit: Visit, team_id: str | None = None) -> dict[str, Any]:
    """What a form for the hall's own workers is shown with: the roles of the team, what caps it.

    A task of the staff is the organization's first team's unless it is another's already; at the
    others' boards tasks are put up, too.
    """
    hall, actor = visit.desk.hall, visit.actor
    teams = await list_teams(hall, actor=actor)
    chosen = [one for one in teams if (one.is_default if team_id is None else one.id == team_id)]
    found = [await roles_of(hall, actor=actor, team_id=one.id) for one in chosen]
    return {
        "roles": sorted({role.name for listed in found for role in listed}),
        "other_teams": [one for one in teams if one not in chosen],
        "cap_micros": costs.task_cap_micros(hall),
    }


def at_fields(error: HallError) -> dict[str, str]:
    """What is refused by field: too little money is said at the price."""
    if isinstance(error, NotEnoughFunds):
        return {"price_cents": word("cost.short", amount=money(error.needed_cents))}
    return said_of(error) if isinstance(error, Invalid) else {}
