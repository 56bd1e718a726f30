"""Money in: begun by whoever pays, booked once when the provider says that it has arrived."""

from dataclasses import replace

from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.deposits import Deposit, DepositState, check_amount
from hiringhall.domain.errors import Invalid, NoOrganization, NotFound, Unreachable
from hiringhall.domain.ledger import (
    HALL_OUTSIDE,
    HALL_PLAY_MONEY,
    Transfer,
    TransferKind,
    available_account,
)
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.payments import DepositNotice, PaymentRefused, PaymentUnclear
from hiringhall.queries.admins import require_admin
from hiringhall.store import accounts, ledger, payments
from hiringhall.store.database import Tx

PLAY = "play"


async def begin_deposit(hall: Hall, *, actor: Actor, amount_cents: int, return_url: str) -> Deposit:
    """Open a page where an organization pays an amount in; the books wait for the provider's word.

    Raises Invalid for an amount that cannot be, or where the hall has no provider, and Unreachable
    where the provider opened no page: nothing was charged then.
    """
    check_amount(amount_cents)
    if not hall.payments.takes_deposits:
        raise Invalid(
            f"This hall's payments are '{hall.payments.name}': nobody pays in by themselves; ask "
            "its admin to book a deposit"
        )
    deposit = await _begin(replace(hall, once=None), actor=actor, amount_cents=amount_cents)
    try:
        checkout = await hall.payments.begin_deposit(
            key=f"deposit:{deposit.id}",
            deposit_id=deposit.id,
            amount_cents=amount_cents,
            return_url=return_url,
        )
    except PaymentRefused as error:
        await _give_up(replace(hall, once=None), deposit_id=deposit.id)
        raise Unreachable(str(error)) from None
    except PaymentUnclear as error:
        # Nobody has the page, if there is one: nothing can be paid there, and it runs out.
        raise Unreachable(f"{error}; try again, nothing was charged") from None
    return await _opened(
        hall, deposit_id=deposit.id, reference=checkout.reference, url=checkout.url
    )


@action
async def _begin(tx: Tx, hall: Hall, *, actor: Actor, amount_cents: int) -> Deposit:
    if actor.organization_id is None:
        raise NoOrganization
    deposit = Deposit(
        id=hall.new_id(),
        organization_id=actor.organization_id,
        amount_cents=amount_cents,
        provider=hall.payments.name,
        state=DepositState.PENDING,
        reference=None,
        url=None,
        booked_by=None,
        created_at_us=hall.clock(),
        settled_at_us=None,
    )
    await payments.add(tx, deposit)
    return deposit


@action
async def _opened(tx: Tx, hall: Hall, *, deposit_id: str, reference: str, url: str) -> Deposit:
    await payments.opened(tx, deposit_id, reference=reference, url=url)
    return await _load(tx, deposit_id)


@action
async def _give_up(tx: Tx, hall: Hall, *, deposit_id: str) -> None:
    await payments.settle(tx, deposit_id, DepositState.FAILED, at_us=hall.clock())


@action
async def book_deposit(
    tx: Tx, hall: Hall, *, actor: Actor, organization_id: str, amount_cents: int
) -> Deposit:
    """Book money that came in another way (`manual`), or more play money (`play`); an admin's.

    Raises Forbidden, Invalid, and NotFound where there is no such organization.
    """
    await require_admin(tx, actor)
    check_amount(amount_cents)
    if not organization_id.strip():
        raise Invalid("Say whose it is", {"organization_id": "empty"})
    known = ids.is_uuid(organization_id) and await accounts.organization_by_id(tx, organization_id)
    if not known:
        raise NotFound("organization")
    now_us = hall.clock()
    deposit = Deposit(
        id=hall.new_id(),
        organization_id=organization_id,
        amount_cents=amount_cents,
        provider=hall.payments.name,
        state=DepositState.PAID,
        reference=None,
        url=None,
        booked_by=actor.user_id,
        created_at_us=now_us,
        settled_at_us=now_us,
    )
    await payments.add(tx, deposit)
    await _arrive(tx, hall, deposit)
    return deposit


async def settle_deposit(tx: Tx, hall: Hall, notice: DepositNotice) -> str:
    """Book what the provider says of a deposit, once; in words where it does not fit the books."""
    deposit = (
        await payments.by_id(tx, notice.deposit_id) if ids.is_uuid(notice.deposit_id) else None
    )
    if deposit is None or deposit.provider != hall.payments.name:
        return "nobody here began this deposit"
    paid = notice.paid_cents is not None
    if paid and (notice.paid_cents, notice.currency) != (deposit.amount_cents, hall.rules.currency):
        return (
            f"{notice.paid_cents} {notice.currency} came in, and {deposit.amount_cents} "
            f"{hall.rules.currency} were asked for: an admin has to look at it"
        )
    state = DepositState.PAID if paid else DepositState.FAILED
    if not await payments.settle(tx, deposit.id, state, at_us=hall.clock()):
        return "" if deposit.state is state or not paid else "paid, and given up before"
    if paid:
        await _arrive(tx, hall, deposit)
    return ""


async def _arrive(tx: Tx, hall: Hall, deposit: Deposit) -> None:
    out_of = HALL_PLAY_MONEY if deposit.provider == PLAY else HALL_OUTSIDE
    await ledger.post(
        tx,
        [
            Transfer(
                hall.new_id(),
                out_of,
                available_account(deposit.organization_id),
                deposit.amount_cents,
                TransferKind.DEPOSIT,
                None,
                hall.clock(),
            )
        ],
    )


async def _load(tx: Tx, deposit_id: str) -> Deposit:
    deposit = await payments.by_id(tx, deposit_id)
    if deposit is None:
        raise NotFound("deposit")
    return deposit
