"""What the forms of the market say of money and time before anything is held."""

from typing import Any

from hiringhall.domain.errors import HallError, Invalid, NotEnoughFunds
from hiringhall.domain.market import USUAL_EXPIRY_H, USUAL_PROPOSALS, USUAL_TIME_LIMIT_MIN
from hiringhall.doors.look import word
from hiringhall.doors.look.filters import money
from hiringhall.doors.pages.visits import said_of
from hiringhall.hall import Hall


def market_facts(hall: Hall) -> dict[str, Any]:
    """What a form for the market is shown with: the currency, the fee, what is usual."""
    return {
        "currency": hall.rules.currency,
        "fee_percent": hall.rules.fee_basis_points / 100,
        "usual_hours": {one.value: hours for one, hours in USUAL_EXPIRY_H.items()},
        "usual_minutes": USUAL_TIME_LIMIT_MIN,
        "usual_proposals": USUAL_PROPOSALS,
    }


def at_fields(error: HallError) -> dict[str, str]:
    """What is refused by field: too little money is said at the price."""
    if isinstance(error, NotEnoughFunds):
        return {"price_cents": word("cost.short", amount=money(error.needed_cents))}
    return said_of(error) if isinstance(error, Invalid) else {}
