"""Home: the page where people see what waits for them."""

from hiringhall.actions.feed import sequence
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.queries.home import home


async def show_home(visit: Visit) -> Raw:
    """What waits, what is under way, the balance, and what happened last."""
    hall, actor = visit.desk.hall, visit.actor
    await sequence(hall, organization_id=actor.organization_id or "")
    found = await home(hall, actor=actor)
    return visit.show("home.html", home=found, currency=hall.rules.currency, plays=hall.plays)


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", HOME, for_signed_in(show_home), {200: None}, "Home"),
)
