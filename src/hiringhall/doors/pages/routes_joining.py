"""The page that a mailed invitation leads to: joining an organization."""

from hiringhall.actions import signing_in
from hiringhall.actions.joining import join_signed_in
from hiringhall.domain.errors import Gone, HallError, Invalid, TooManyAttempts
from hiringhall.doors.caller import client_address
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.neutral import status_of
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.plain import in_words, said_of
from hiringhall.doors.pages.visits import Visit, for_all
from hiringhall.queries.members import asked_by_secret
from hiringhall.queries.sign_ins import signed_in

AT = "/join"


async def show_joining(visit: Visit) -> Raw:
    """The page to join at; the invitation stands in its address."""
    return await _show(visit, visit.query)


async def _show(visit: Visit, typed: Form, error: HallError | None = None) -> Raw:
    fields = said_of(error) if isinstance(error, Invalid) else {}
    return visit.show(
        "join.html",
        status=200 if error is None else status_of(error),
        problem="" if error is None or fields else in_words(error),
        errors=fields,
        typed=typed,
        asked=await asked_by_secret(visit.desk.hall, secret=typed["invitation"]),
    )


async def join(visit: Visit) -> Raw:
    """Join, and be signed in there; what the browser was signed in to before is left."""
    form = visit.form
    try:
        secret = await join_signed_in(
            visit.desk.hall,
            invitation=form["invitation"],
            name=form["name"],
            password=form["password"],
            source_address=client_address(visit.call.scope, visit.desk.trusted_proxies),
        )
    except (Gone, Invalid, TooManyAttempts) as error:
        return await _show(visit, form, error)
    if visit.who is not None:
        await signing_in.sign_out(visit.desk.hall, secret=visit.secret)
    visit.renew(secret)
    visit.who = await signed_in(visit.desk.hall, secret=secret)
    return visit.lead(f"{HOME}/settings?joined=1")


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", AT, for_all(show_joining), {200: None}, "Join an organization"),
    Route("POST", AT, for_all(join), {303: None}, "Join an organization"),
)
