"""The native door for whoever runs the hall: organizations, money booked by hand, the books."""

from hiringhall.actions.payments.deposits import book_deposit
from hiringhall.actions.payments.payouts import book_payout
from hiringhall.domain import errors
from hiringhall.domain.payouts import PayoutState
from hiringhall.doors.caller import once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.doors.native import wire_money as wire
from hiringhall.doors.native.callers import person, viewer_of
from hiringhall.doors.native.paging import PageQuery, cut, position_of
from hiringhall.queries import running


async def list_organizations(desk: Desk, call: Call[None, PageQuery]) -> wire.OrganizationsPage:
    """Every organization with what it has, newest first."""
    found = await running.all_organizations(
        desk.hall,
        actor=call.actor,
        before=position_of(desk, call),
        limit=call.query.limit + 1,
    )
    part, cursor = cut(desk, call, found, lambda one: one.id)
    return wire.OrganizationsPage([wire.organization_answer(one) for one in part], cursor)


async def book(desk: Desk, call: Call[wire.BookBody, None]) -> wire.DepositAnswer:
    """Book money that came in another way, or more play money."""
    once = once_of(
        call, organization_id=viewer_of(call.actor), status=201, view=wire.deposit_answer
    )
    booked = await book_deposit(
        desk.hall.once_only(once),
        actor=call.actor,
        organization_id=call.body.organization_id,
        amount_cents=call.body.amount_cents,
    )
    return wire.deposit_answer(booked)


async def list_all_payouts(desk: Desk, call: Call[None, wire.PayoutsQuery]) -> wire.PayoutsPage:
    """Everybody's payouts, oldest first: those that have not arrived unless said otherwise."""
    state = call.query.state
    found = await running.all_payouts(
        desk.hall,
        actor=call.actor,
        states=running.UNDER_WAY if state is None else (PayoutState(state),),
        after=position_of(desk, call),
        limit=call.query.limit + 1,
    )
    part, cursor = cut(desk, call, found, lambda one: one.id)
    return wire.PayoutsPage([wire.payout_answer(one) for one in part], cursor)


async def pay_by_hand(desk: Desk, call: Call[wire.PaidBody, None]) -> wire.PayoutAnswer:
    """Book that somebody was paid by hand; `reference` says how it can be found again."""
    once = once_of(call, organization_id=viewer_of(call.actor), status=200, view=wire.payout_answer)
    payout = await book_payout(
        desk.hall.once_only(once),
        actor=call.actor,
        payout_id=call.path["payout_id"],
        reference=call.body.reference,
    )
    return wire.payout_answer(payout)


async def check_books(desk: Desk, call: Call[None, None]) -> wire.LedgerAnswer:
    """Whether every balance is the sum of its transfers, and all of them come to nothing."""
    return wire.ledger_answer(await running.checked_books(desk.hall, actor=call.actor))


_RUNS = (errors.Unauthorized, errors.Forbidden)

ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/admin/organizations",
        list_organizations,
        {200: wire.OrganizationsPage},
        "All organizations",
        query=PageQuery,
        who=person,
        raises=_RUNS,
    ),
    Route(
        "POST",
        "/admin/deposits",
        book,
        {201: wire.DepositAnswer},
        "Book a deposit",
        body=wire.BookBody,
        who=person,
        raises=(*_RUNS, errors.NotFound, errors.Invalid, errors.IdempotencyConflict),
        once=True,
    ),
    Route(
        "GET",
        "/admin/payouts",
        list_all_payouts,
        {200: wire.PayoutsPage},
        "All payouts",
        query=wire.PayoutsQuery,
        who=person,
        raises=_RUNS,
    ),
    Route(
        "POST",
        "/admin/payouts/{payout_id}/paid",
        pay_by_hand,
        {200: wire.PayoutAnswer},
        "Book a payout",
        body=wire.PaidBody,
        who=person,
        raises=(
            *_RUNS,
            errors.NotFound,
            errors.Invalid,
            errors.WrongState,
            errors.LostRace,
            errors.IdempotencyConflict,
        ),
        once=True,
    ),
    Route(
        "GET",
        "/ledger/check",
        check_books,
        {200: wire.LedgerAnswer},
        "Check the books",
        who=person,
        raises=_RUNS,
    ),
)
