"""Money at the settings: what there is, paid in, earned and paid out; and what models may cost."""

from hiringhall.actions.payments.deposits import begin_deposit
from hiringhall.actions.payments.payees import open_payee
from hiringhall.actions.payments.payouts import retry_payout
from hiringhall.domain.members import MemberRole
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.caps import drawn, set_cap
from hiringhall.doors.pages.once import only_once
from hiringhall.doors.pages.paging import PART, address, behind
from hiringhall.doors.pages.routes_settings import AT as SETTINGS
from hiringhall.doors.pages.saying import NOTHING_SAID, SAID, Said, doing, refused, showing
from hiringhall.doors.pages.typed import amount
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.queries import money
from hiringhall.queries.accounts import day_credits
from hiringhall.queries.budgets import cap_changes_of, spending_in
from hiringhall.queries.members import myself
from hiringhall.queries.stopped import stopped_in

AT = f"{SETTINGS}/money"
BUDGETS = f"{SETTINGS}/budgets"
SHOWN = 10


async def show_money(visit: Visit, said: Said) -> Raw:
    """The balance, the statement, what is paid in, and what is paid out."""
    hall, actor = visit.desk.hall, visit.actor
    lines = await money.statement(hall, actor=actor, before=behind(visit), limit=PART + 1)
    moved_for = [one.transfer.task_id for one in lines if one.transfer.task_id]
    return visit.show(
        "settings_money.html",
        tasks=await money.tasks_paid_for(hall, actor=actor, task_ids=moved_for),
        account=await money.account_view(hall, actor=actor),
        plays=hall.plays,
        lines=lines[:PART],
        more=address(visit, before=lines[PART - 1].transfer.id) if len(lines) > PART else "",
        deposits=await money.deposits_of(hall, actor=actor, limit=SHOWN),
        payouts=await money.payouts_of(hall, actor=actor, limit=SHOWN),
        **said.shown,
    )


async def _deposit(visit: Visit) -> Raw:
    """Begin to pay in: the page where it is paid is the provider's."""
    try:
        begun = await begin_deposit(
            only_once(visit, AT),
            actor=visit.actor,
            amount_cents=amount(visit.form, "amount_cents"),
            return_url=f"{visit.desk.base_url(visit.call)}{AT}",
        )
    except SAID as error:
        return await show_money(visit, refused(visit, error))
    if begun.url is None:
        return visit.lead(AT)
    return visit.show("settings_leads_away.html", url=begun.url, about="money.pay_about")


async def _payee(visit: Visit) -> Raw:
    try:
        url = await open_payee(
            visit.desk.hall,
            actor=visit.actor,
            return_url=f"{visit.desk.base_url(visit.call)}{AT}",
        )
    except SAID as error:
        return await show_money(visit, refused(visit, error))
    return visit.show("settings_leads_away.html", url=url, about="money.payee_about")


async def _retry(visit: Visit) -> str:
    await retry_payout(
        only_once(visit, AT), actor=visit.actor, payout_id=visit.call.path["payout_id"]
    )
    return AT


async def show_budgets(visit: Visit, said: Said) -> Raw:
    """What models have cost the organization and its teams, under which caps, and credits."""
    hall, actor = visit.desk.hall, visit.actor
    whole, found = await spending_in(hall, actor=actor)
    me = await myself(hall, actor=actor)
    changes = await cap_changes_of(hall, actor=actor, before=behind(visit), limit=SHOWN + 1)
    return visit.show(
        "settings_budgets.html",
        owns=me.member.role is MemberRole.OWNER,
        whole=drawn(whole, said),
        teams=[(one, drawn(one.spending, NOTHING_SAID)) for one in found],
        stops=await stopped_in(hall, actor=actor),
        changes=changes[:SHOWN],
        more=address(visit, before=changes[SHOWN - 1].change.id) if len(changes) > SHOWN else "",
        credits=await day_credits(hall, actor=actor),
        caps=hall.rules.caps,
        currency=hall.rules.currency,
        **said.shown,
    )


async def _cap(visit: Visit) -> str:
    return await set_cap(visit, BUDGETS)


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", AT, showing(show_money), {200: None}, "Money"),
    Route("POST", f"{AT}/deposits", for_signed_in(_deposit), {200: None}, "Pay in"),
    Route("POST", f"{AT}/payee", for_signed_in(_payee), {200: None}, "Who is paid"),
    Route(
        "POST",
        f"{AT}/payouts/{{payout_id}}/retry",
        doing(_retry, show_money),
        {303: None},
        "Try a payout again",
    ),
    Route("GET", BUDGETS, showing(show_budgets), {200: None}, "Budgets"),
    Route("POST", f"{BUDGETS}/cap", doing(_cap, show_budgets), {303: None}, "Cap what models cost"),
)
