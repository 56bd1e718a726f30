"""How the hall fares, for whoever runs it: what waits and is late, payouts of all, the books."""

from hiringhall.actions.payments.payouts import book_payout, retry_payout
from hiringhall.domain import ids
from hiringhall.domain.payouts import PayoutState
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.once import only_once
from hiringhall.doors.pages.paging import PART, address, behind
from hiringhall.doors.pages.routes_admin import AT
from hiringhall.doors.pages.saying import Said, doing, showing
from hiringhall.doors.pages.visits import Visit
from hiringhall.queries import running, system

PAYOUTS = f"{AT}/payouts"
BOOKS = f"{AT}/ledger"


async def show_system(visit: Visit, said: Said) -> Raw:
    """How the hall fares, and who waits for an admin's word."""
    desk = visit.desk
    return visit.show(
        "admin_system.html",
        fares=await system.how_it_fares(desk.hall, actor=visit.actor),
        facts=desk.facts(),
        notes=desk.notes(),
        is_sent=desk.hall.mail.is_sent,
        runtimes=desk.hall.staffing.ready,
        **said.shown,
    )


async def show_payouts(visit: Visit, said: Said) -> Raw:
    """Everybody's payouts: those that have not arrived, unless others are asked for."""
    hall, asked = visit.desk.hall, visit.query["state"]
    known, after = asked in tuple(PayoutState), visit.query["after"]
    found = await running.all_payouts(
        hall,
        actor=visit.actor,
        states=(PayoutState(asked),) if known else running.UNDER_WAY,
        after=after if ids.is_uuid(after) else None,
        limit=PART + 1,
    )
    return visit.show(
        "admin_payouts.html",
        found=found[:PART],
        more=address(visit, after=found[PART - 1].id) if len(found) > PART else "",
        states=list(PayoutState),
        wanted=asked if known else "",
        by_hand=hall.payments.name == "manual",
        **said.shown,
    )


async def _paid(visit: Visit) -> str:
    await book_payout(
        only_once(visit, PAYOUTS),
        actor=visit.actor,
        payout_id=visit.call.path["payout_id"],
        reference=visit.form["reference"],
    )
    return PAYOUTS


async def _retry(visit: Visit) -> str:
    await retry_payout(
        only_once(visit, PAYOUTS), actor=visit.actor, payout_id=visit.call.path["payout_id"]
    )
    return PAYOUTS


async def show_books(visit: Visit, said: Said) -> Raw:
    """What moved between whom; all of it is added up when that is asked for."""
    hall, actor = visit.desk.hall, visit.actor
    asked = bool(visit.query["check"])
    found = await running.books(hall, actor=actor, before=behind(visit), limit=PART + 1)
    leads_on = len(found.entries) > PART
    return visit.show(
        "admin_ledger.html",
        books=found,
        entries=found.entries[:PART],
        more=address(visit, before=found.entries[PART - 1].transfer.id) if leads_on else "",
        currency=hall.rules.currency,
        checked=await running.checked_books(hall, actor=actor) if asked else None,
        **said.shown,
    )


_NONE = {303: None}
_PAYOUT = f"{PAYOUTS}/{{payout_id}}"

ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", AT, showing(show_system), {200: None}, "How the hall fares"),
    Route("GET", PAYOUTS, showing(show_payouts), {200: None}, "Everybody's payouts"),
    Route("POST", f"{_PAYOUT}/paid", doing(_paid, show_payouts), _NONE, "Book a payment by hand"),
    Route("POST", f"{_PAYOUT}/retry", doing(_retry, show_payouts), _NONE, "Try a payout again"),
    Route("GET", BOOKS, showing(show_books), {200: None}, "The books"),
)
