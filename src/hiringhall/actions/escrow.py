"""What becomes of a task's money, in the transaction of the move that decides it."""

from collections.abc import Iterator, Sequence

from hiringhall.domain.errors import LostRace, NotEnoughFunds
from hiringhall.domain.escrow import Hold, HoldState, Paid, PaidPart, Settlement, Share, pay, settle
from hiringhall.domain.ledger import (
    HALL_FEES,
    Transfer,
    TransferKind,
    available_account,
    earned_account,
    escrow_account,
)
from hiringhall.domain.payouts import Payout, PayoutState
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.store import holds, ledger, payouts
from hiringhall.store.database import Tx
from hiringhall.store.ledger import Overdrawn

PLAY = "play"
"""The provider whose money never leaves the hall: what is earned may be spent at once."""


async def take(tx: Tx, hall: Hall, task: Task, *, fee_on_top: bool) -> Hold:
    """Hold a task's price out of what its poster has available; raises NotEnoughFunds."""
    assert task.price_cents is not None, "a task without a price has nothing to hold"
    hold = Hold(
        task_id=task.id,
        organization_id=task.organization_id,
        price_cents=task.price_cents,
        fee_basis_points=hall.rules.fee_basis_points,
        fee_on_top=fee_on_top,
    )
    await holds.add(tx, hold, at_us=hall.clock())
    await ledger.open_escrow(tx, task_id=task.id, organization_id=task.organization_id)
    available, escrow = available_account(task.organization_id), escrow_account(task.id)
    held = _transfer(hall, task.id, TransferKind.HOLD, hold.amount_cents, available, escrow)
    try:
        await ledger.post(tx, [held])
    except Overdrawn as error:
        raise NotEnoughFunds(error.needed_cents) from None
    return hold


async def divide(tx: Tx, hall: Hall, task: Task, shares: Sequence[Share]) -> Settlement:
    """Settle a task's hold, once: pay the shares less the fee, and give the rest back.

    Raises LostRace where nothing is held, or was settled already.
    """
    if task.is_whole:
        hold = await holds.for_change(tx, task.id)
        before = await holds.parts_of(tx, task.id)
    else:
        hold, before = await holds.of_task(tx, task.id), []
    if hold is None:
        raise LostRace("Nothing is held for this task")
    settlement = settle(hold, shares, before)
    if not await holds.settle(tx, task.id, settlement, at_us=hall.clock()):
        raise LostRace("The money of this task was settled already")
    transfers = list(_transfers(hall, hold, settlement.paid, settlement.fee_now_cents))
    if settlement.refund_cents:
        escrow, back = escrow_account(task.id), available_account(hold.organization_id)
        cents = settlement.refund_cents
        transfers.append(_transfer(hall, task.id, TransferKind.REFUND, cents, escrow, back))
    await ledger.post(tx, transfers)
    await _pay_out(tx, hall, task.id, settlement.paid)
    return settlement


async def pay_part(tx: Tx, hall: Hall, part: Task, shares: Sequence[Share]) -> None:
    """Pay a part of a Task Force out of the whole's hold, which stays held for the rest.

    Raises LostRace where nothing is held any more, or the part was paid already.
    """
    assert part.parent_id is not None, "a part is a part of something"
    if not shares:
        return
    hold = await holds.for_change(tx, part.parent_id)
    if hold is None or hold.state is not HoldState.HELD:
        raise LostRace("The money of this Task Force was settled already")
    before = await holds.parts_of(tx, part.parent_id)
    if any(one.subtask_id == part.id for one in before):
        raise LostRace("This part was paid already")
    (paid,) = pay(hold, shares, before)
    kept = PaidPart(part.id, paid.share.share_cents, paid.paid_cents, paid.fee_cents)
    await holds.add_part(tx, part.parent_id, kept, at_us=hall.clock())
    await ledger.post(tx, list(_transfers(hall, hold, [paid], paid.fee_cents)))
    await _pay_out(tx, hall, part.parent_id, [paid])


async def _pay_out(tx: Tx, hall: Hall, task_id: str, all_paid: Sequence[Paid]) -> None:
    for paid in all_paid:
        if paid.paid_cents:
            await payouts.add(tx, _payout(hall, task_id, paid))


def _transfers(
    hall: Hall, hold: Hold, all_paid: Sequence[Paid], fee_cents: int
) -> Iterator[Transfer]:
    """Out of a hold's escrow to those who earned it, and the fee on all of that to the hall."""
    escrow = escrow_account(hold.task_id)
    for paid in all_paid:
        organization_id = paid.share.organization_id
        earned = earned_account(organization_id)
        ways = [(TransferKind.RELEASE, escrow, earned)]
        if hall.payments.name == PLAY:
            ways.append((TransferKind.PAYOUT, earned, available_account(organization_id)))
        for kind, out_of, into in ways:
            if paid.paid_cents:
                yield _transfer(hall, hold.task_id, kind, paid.paid_cents, out_of, into)
    if fee_cents:
        yield _transfer(hall, hold.task_id, TransferKind.FEE, fee_cents, escrow, HALL_FEES)


def _payout(hall: Hall, task_id: str, paid: Paid) -> Payout:
    """A share on its way out; play money stays in the hall, and has arrived at once."""
    now_us, share = hall.clock(), paid.share
    stays = hall.payments.name == PLAY
    return Payout(
        id=hall.new_id(),
        organization_id=share.organization_id,
        agent_id=share.agent_id,
        user_id=share.user_id,
        task_id=task_id,
        subtask_id=share.subtask_id,
        paid_cents=paid.paid_cents,
        fee_cents=paid.fee_cents,
        state=PayoutState.PAID if stays else PayoutState.PENDING,
        provider=hall.payments.name,
        reference=None,
        attempts=1 if stays else 0,
        failed_because=None,
        created_at_us=now_us,
        updated_at_us=now_us,
    )


def _transfer(
    hall: Hall, task_id: str, kind: TransferKind, amount_cents: int, out_of: str, into: str
) -> Transfer:
    return Transfer(hall.new_id(), out_of, into, amount_cents, kind, task_id, hall.clock())
