"""The market for people who work: what is on offer, what they have, what they earned."""

from hiringhall.actions.payments.payouts import retry_payout
from hiringhall.domain.errors import Invalid
from hiringhall.domain.policy import ActorKind
from hiringhall.domain.tasks import Engagement
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.once import only_once
from hiringhall.doors.pages.paging import PART, address, behind, skipped
from hiringhall.doors.pages.people import names_for
from hiringhall.doors.pages.plain import said_of
from hiringhall.doors.pages.saying import Said, doing, showing
from hiringhall.doors.pages.typed import cents
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.queries import market, money, my_work

_MARKET, _WORK, _EARNINGS = f"{HOME}/market", f"{HOME}/work", f"{HOME}/earnings"
MOST_CATEGORIES = 100
GIVEN = (Engagement.CLAIM, Engagement.PROPOSALS)
"""How tasks are given to whoever works on the market."""


async def show_board(visit: Visit) -> Raw:
    """What is on offer, newest first: as its fields say, and with all words of a search."""
    hall, actor, query = visit.desk.hall, visit.actor, visit.query
    errors: dict[str, str] = {}
    category = query["category"].strip() or None
    how = next((one for one in GIVEN if one.value == query["engagement"]), None)
    before = behind(visit)
    try:
        page = await market.board_page(
            hall,
            actor=actor,
            category=category,
            search=query["search"],
            engagements=None if how is None else [how],
            least_cents=cents(query, "least_price_cents") or 0,
            before=before,
            limit=PART,
        )
    except Invalid as error:
        errors, category, how = said_of(error), None, None
        page = await market.board_page(hall, actor=actor, before=before, limit=PART)
    known = await market.board_categories(hall, actor=actor)
    leads_on = len(page.lines) == PART
    return visit.show(
        "market.html",
        status=400 if errors else 200,
        errors=errors,
        typed=query,
        lines=page.lines,
        total=page.total,
        categories=list(known.items())[:MOST_CATEGORIES],
        category=category or "",
        ways=[one.value for one in GIVEN],
        how=how.value if how else "",
        narrowed=bool(category or how or query["search"] or query["least_price_cents"]),
        own=actor.organization_id,
        currency=hall.rules.currency,
        first=address(visit, before="") if before else None,
        following=address(visit, before=page.lines[-1].id) if leads_on else None,
    )


async def show_work(visit: Visit) -> Raw:
    """What somebody proposed for and claimed, newest first."""
    skip = skipped(visit)
    page = await my_work.my_work(visit.desk.hall, actor=visit.actor, offset=skip, limit=PART)
    following = skip + PART if skip + PART < page.total else None
    return visit.show(
        "work.html",
        work=page.items,
        checks=page.checks,
        decides_until_us=page.decides_until_us,
        total=page.total,
        currency=visit.desk.hall.rules.currency,
        first=address(visit, skip="") if skip else None,
        following=None if following is None else address(visit, skip=str(following)),
    )


async def show_earnings(visit: Visit, said: Said) -> Raw:
    """What the organization earned on the market, with all its agents, payout by payout."""
    skip = skipped(visit)
    found = await my_work.earnings(visit.desk.hall, actor=visit.actor, offset=skip, limit=PART)
    following = skip + PART if skip + PART < found.total else None
    paid_for = await money.tasks_paid_for(
        visit.desk.hall, actor=visit.actor, task_ids=[one.task_id for one in found.payouts]
    )
    return visit.show(
        "earnings.html",
        found=found,
        seen={one.id for one in paid_for.values() if one.is_seen},
        me=visit.actor.user_id,
        names=await names_for(visit, [f"{ActorKind.USER}:{one.user_id}" for one in found.payouts]),
        currency=visit.desk.hall.rules.currency,
        plays=visit.desk.hall.plays,
        first=address(visit, skip="") if skip else None,
        following=None if following is None else address(visit, skip=str(following)),
        **said.shown,
    )


async def _retry(visit: Visit) -> str:
    await retry_payout(
        only_once(visit, _EARNINGS), actor=visit.actor, payout_id=visit.call.path["payout_id"]
    )
    return _EARNINGS


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", _MARKET, for_signed_in(show_board), {200: None}, "The market"),
    Route("GET", _WORK, for_signed_in(show_work), {200: None}, "Your work"),
    Route("GET", _EARNINGS, showing(show_earnings), {200: None}, "Your earnings"),
    Route(
        "POST",
        f"{_EARNINGS}/{{payout_id}}/retry",
        doing(_retry, show_earnings),
        {303: None},
        "Try a payout again",
    ),
)
