"""The native door's money: what an organization has, what comes in, what goes out."""

from typing import Any

from hiringhall.actions.payments.deposits import begin_deposit
from hiringhall.actions.payments.notices import take_notice
from hiringhall.actions.payments.payees import open_payee
from hiringhall.actions.payments.payouts import retry_payout
from hiringhall.domain import errors
from hiringhall.domain.errors import Invalid
from hiringhall.domain.market import tidy_link
from hiringhall.doors.caller import once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.doors.native import wire_money as wire
from hiringhall.doors.native.callers import person, viewer_of
from hiringhall.doors.native.paging import PageQuery, cut, position_of
from hiringhall.queries import money


async def get_account(desk: Desk, call: Call[None, None]) -> wire.AccountAnswer:
    """What your organization has: to spend, held for tasks, earned and not paid out yet."""
    return wire.account_answer(await money.account_view(desk.hall, actor=call.actor))


async def get_statement(desk: Desk, call: Call[None, PageQuery]) -> wire.StatementPage:
    """What moved in your organization's accounts, newest first."""
    found = await money.statement(
        desk.hall,
        actor=call.actor,
        before=position_of(desk, call),
        limit=call.query.limit + 1,
    )
    part, cursor = cut(desk, call, found, lambda one: one.transfer.id)
    return wire.StatementPage([wire.statement_answer(one) for one in part], cursor)


async def deposit(desk: Desk, call: Call[wire.DepositBody, None]) -> wire.DepositAnswer:
    """Begin to pay money in: it is paid on the provider's page at `url`, and counts then.

    Where the hall has no provider an admin books what comes in.
    """
    once = once_of(
        call, organization_id=viewer_of(call.actor), status=201, view=wire.deposit_answer
    )
    begun = await begin_deposit(
        desk.hall.once_only(once),
        actor=call.actor,
        amount_cents=call.body.amount_cents,
        return_url=_return_url(desk, call, call.body.return_url),
    )
    return wire.deposit_answer(begun)


async def list_deposits(desk: Desk, call: Call[None, PageQuery]) -> wire.DepositsPage:
    """Your organization's deposits, newest first."""
    found = await money.deposits_of(
        desk.hall,
        actor=call.actor,
        before=position_of(desk, call),
        limit=call.query.limit + 1,
    )
    part, cursor = cut(desk, call, found, lambda one: one.id)
    return wire.DepositsPage([wire.deposit_answer(one) for one in part], cursor)


async def get_deposit(desk: Desk, call: Call[None, None]) -> wire.DepositAnswer:
    """Get a deposit as it stands."""
    found = await money.deposit_view(
        desk.hall, actor=call.actor, deposit_id=call.path["deposit_id"]
    )
    return wire.deposit_answer(found)


async def set_up_payee(desk: Desk, call: Call[wire.ReturnBody, None]) -> wire.PayeeAnswer:
    """The provider's page where you say who is to be paid, and where; it is valid for minutes."""
    url = await open_payee(
        desk.hall,
        actor=call.actor,
        return_url=_return_url(desk, call, call.body.return_url),
    )
    return wire.PayeeAnswer(url)


async def list_payouts(desk: Desk, call: Call[None, PageQuery]) -> wire.PayoutsPage:
    """What your organization earned, and how far it is on its way, newest first."""
    found = await money.payouts_of(
        desk.hall,
        actor=call.actor,
        before=position_of(desk, call),
        limit=call.query.limit + 1,
    )
    part, cursor = cut(desk, call, found, lambda one: one.id)
    return wire.PayoutsPage([wire.payout_answer(one) for one in part], cursor)


async def retry(desk: Desk, call: Call[None, None]) -> wire.PayoutAnswer:
    """Have a payout that failed tried again."""
    once = once_of(call, organization_id=viewer_of(call.actor), status=200, view=wire.payout_answer)
    payout = await retry_payout(
        desk.hall.once_only(once), actor=call.actor, payout_id=call.path["payout_id"]
    )
    return wire.payout_answer(payout)


async def hear_stripe(desk: Desk, call: Call[None, None]) -> wire.HeardAnswer:
    """Hear a message of Stripe's that is signed for this hall; a repeated one changes nothing."""
    signature = call.header(b"stripe-signature") or ""
    await take_notice(desk.hall, body=call.raw_body, signature=signature)
    return wire.HeardAnswer(received=True)


def _return_url(desk: Desk, call: Call[Any, Any], given: str | None) -> str:
    if given is None:
        return f"{desk.base_url(call)}/"
    tidy = tidy_link(given)
    if tidy is None:
        raise Invalid(
            "An address begins with http:// or https:// and names a host",
            {"return_url": "not an address"},
        )
    return tidy


_OWN = (errors.Unauthorized, errors.Forbidden, errors.NoOrganization)
_ONE = (errors.Unauthorized, errors.Forbidden, errors.NotFound)

ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/account",
        get_account,
        {200: wire.AccountAnswer},
        "Your account",
        who=person,
        raises=_OWN,
    ),
    Route(
        "GET",
        "/statement",
        get_statement,
        {200: wire.StatementPage},
        "What moved",
        query=PageQuery,
        who=person,
        raises=_OWN,
    ),
    Route(
        "POST",
        "/deposits",
        deposit,
        {201: wire.DepositAnswer},
        "Pay money in",
        body=wire.DepositBody,
        who=person,
        raises=(*_OWN, errors.Invalid, errors.Unreachable, errors.IdempotencyConflict),
        once=True,
    ),
    Route(
        "GET",
        "/deposits",
        list_deposits,
        {200: wire.DepositsPage},
        "Your deposits",
        query=PageQuery,
        who=person,
        raises=_OWN,
    ),
    Route(
        "GET",
        "/deposits/{deposit_id}",
        get_deposit,
        {200: wire.DepositAnswer},
        "Get a deposit",
        who=person,
        raises=_ONE,
    ),
    Route(
        "POST",
        "/payouts/payee",
        set_up_payee,
        {200: wire.PayeeAnswer},
        "Say where you are paid",
        body=wire.ReturnBody,
        may_be_empty=True,
        who=person,
        raises=(*_OWN, errors.Invalid, errors.Unreachable),
    ),
    Route(
        "GET",
        "/payouts",
        list_payouts,
        {200: wire.PayoutsPage},
        "Your payouts",
        query=PageQuery,
        who=person,
        raises=_OWN,
    ),
    Route(
        "POST",
        "/payouts/{payout_id}/retry",
        retry,
        {200: wire.PayoutAnswer},
        "Try a payout again",
        who=person,
        raises=(*_ONE, errors.WrongState, errors.LostRace, errors.IdempotencyConflict),
        once=True,
    ),
    Route(
        "POST",
        "/payments/stripe",
        hear_stripe,
        {200: wire.HeardAnswer},
        "What Stripe says",
        raises=(errors.Invalid,),
    ),
)
