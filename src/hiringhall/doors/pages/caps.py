"""The budgets of a team and an organization, as a page draws them and its form sets them."""

from dataclasses import dataclass

from hiringhall.actions.budgets import set_owners_cap
from hiringhall.domain.compute import MICROS_PER_CENT
from hiringhall.doors.pages.charts import Gauge, gauge
from hiringhall.doors.pages.once import only_once
from hiringhall.doors.pages.saying import Said, done
from hiringhall.doors.pages.typed import cents, micros_as_typed
from hiringhall.doors.pages.visits import Visit, called_here
from hiringhall.queries.budgets import Spending

FORM = "cap"
"""The last part of the address that the form goes to, and the name of its field."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was spent, how it is drawn, and what its form holds."""

    spending: Spending
    gauge: Gauge | None
    cap: str


def drawn(spending: Spending, said: Said) -> Drawn:
    """A budget with its bar, where a cap holds it; a refused form keeps what was typed."""
    cap, owners = spending.cap_micros, spending.owners_cap_micros
    bar = None if cap is None else gauge(spending.spent_micros, spending.reserved_micros, cap)
    stands = "" if owners is None else micros_as_typed(owners)
    return Drawn(spending, bar, said.typed[FORM] if said.form == FORM else stands)


async def set_cap(visit: Visit, leads_to: str, *, team_id: str | None = None) -> str:
    """Set the cap that was typed, or none of the owners' where nothing was; where that leads."""
    typed = cents(visit.form, FORM)
    with called_here(cap_micros=FORM):
        await set_owners_cap(
            only_once(visit, leads_to),
            actor=visit.actor,
            cap_micros=None if typed is None else typed * MICROS_PER_CENT,
            team_id=team_id,
        )
    return done(leads_to, "no_cap" if typed is None else "cap")
