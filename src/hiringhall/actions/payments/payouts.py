"""Money out: what was earned is sent by the provider, or booked by an admin who sent it by hand."""

from dataclasses import dataclass, replace

from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.errors import Invalid, NotFound, WrongState
from hiringhall.domain.ledger import HALL_OUTSIDE, Transfer, TransferKind, earned_account
from hiringhall.domain.payouts import Payout, PayoutState
from hiringhall.domain.policy import Actor, check_sees
from hiringhall.hall import Hall
from hiringhall.payments import PaymentRefused, PaymentUnclear, PayoutNotice
from hiringhall.queries.admins import is_admin, require_admin
from hiringhall.store import ledger, payouts
from hiringhall.store.database import Tx

LOST_AFTER_US = 120_000_000
"""How long a payout may be in somebody's hand before another takes it, with the same key."""

MAX_REASON_LENGTH = 500


@dataclass(frozen=True, slots=True)
class _InHand:
    """A payout to be sent now. `repeated`: somebody may have sent it before."""

    payout: Payout
    payee: str
    repeated: bool

    @property
    def key(self) -> str:
        """One for each attempt that was refused for certain: the rest is the same attempt."""
        return f"payout:{self.payout.id}:{self.payout.attempts}"


async def pay_next(hall: Hall) -> bool:
    """Send the payout that is due next, if there is one; whether there was.

    Safe to break off anywhere and to do by several processes at once: the provider hears the same
    key for the same attempt, and before a repeated one it is asked what it has sent already.
    """
    if not hall.payments.pays_out:
        return False
    in_hand = await _take(hall)
    if in_hand is None:
        return False
    try:
        reference = await _send(hall, in_hand)
    except PaymentRefused as error:
        await _finish(hall, payout=in_hand.payout, refused=str(error)[:MAX_REASON_LENGTH])
    except PaymentUnclear:
        pass  # it stays in hand, and is asked for again when that is over
    else:
        await _finish(hall, payout=in_hand.payout, reference=reference)
    return True


async def _send(hall: Hall, in_hand: _InHand) -> str:
    payout = in_hand.payout
    if in_hand.repeated:
        # A provider forgets keys after a day, and what it has sent never.
        found = await hall.payments.find_payout(payout.id)
        if found is not None:
            return found
    return await hall.payments.pay_out(
        key=in_hand.key,
        payout_id=payout.id,
        amount_cents=payout.paid_cents,
        payee=in_hand.payee,
    )


@action
async def _take(tx: Tx, hall: Hall) -> _InHand | None:
    now_us = hall.clock()
    found = await payouts.next_due(
        tx, provider=hall.payments.name, due_us=now_us, lost_us=now_us - LOST_AFTER_US
    )
    if found is None:
        return None
    payout, payee = found
    if payout.state is PayoutState.PROCESSING:
        taken = await payouts.again(tx, payout, at_us=now_us)
        return (
            _InHand(replace(payout, updated_at_us=now_us), payee, repeated=True) if taken else None
        )
    begun = replace(
        payout,
        state=PayoutState.PROCESSING,
        attempts=payout.attempts + 1,
        updated_at_us=now_us,
    )
    await payouts.move(tx, was=payout, now=begun)
    return _InHand(begun, payee, repeated=payout.attempts > 0)


@action
async def _finish(
    tx: Tx, hall: Hall, *, payout: Payout, reference: str | None = None, refused: str | None = None
) -> None:
    current = await payouts.by_id(tx, payout.id)
    if current is None or current.state is not PayoutState.PROCESSING:
        return  # another has finished it, with the same answer
    if reference is None:
        await _move(tx, hall, current, PayoutState.FAILED, because=refused or "no reason")
        return
    await _move(tx, hall, current, PayoutState.PAID, reference=reference)
    await _leave(tx, hall, current)


@action
async def book_payout(
    tx: Tx, hall: Hall, *, actor: Actor, payout_id: str, reference: str
) -> Payout:
    """An admin has paid somebody by hand; `reference` says how it can be found again.

    Raises Forbidden, NotFound, Invalid, and WrongState where the provider sends it, or it was paid.
    """
    await require_admin(tx, actor)
    payout = await _load(tx, payout_id)
    said = reference.strip()
    if not said or len(said) > MAX_REASON_LENGTH:
        raise Invalid("Say how the payment can be found again", {"reference": "empty or too long"})
    by_hand = not hall.payments.pays_out or payout.provider != hall.payments.name
    if not by_hand or payout.state is not PayoutState.PENDING:
        raise _refusal(payout, "book_payout")
    paid = await _move(tx, hall, payout, PayoutState.PAID, reference=said)
    await _leave(tx, hall, payout)
    return paid


@action
async def retry_payout(tx: Tx, hall: Hall, *, actor: Actor, payout_id: str) -> Payout:
    """Have a payout that failed tried again, by whoever earned it or by an admin.

    Raises NotFound, NotYours, and WrongState where it did not fail.
    """
    payout = await _load(tx, payout_id)
    if not await is_admin(tx, actor):
        check_sees(actor, payout.organization_id, "payout")
    if payout.state is not PayoutState.FAILED:
        raise _refusal(payout, "retry")
    return await _move(tx, hall, payout, PayoutState.PENDING)


async def take_back(tx: Tx, hall: Hall, notice: PayoutNotice) -> str:
    """A payout that had arrived was taken back: it is owed again; in words what does not fit."""
    payout = await payouts.by_id(tx, notice.payout_id) if ids.is_uuid(notice.payout_id) else None
    if payout is None or payout.provider != hall.payments.name:
        return "this hall sent no such payout"
    if payout.state is not PayoutState.PAID or payout.reference != notice.reference:
        return f"the payout is {payout.state.value} here"
    if not notice.whole:
        return "a part of the payout was taken back: an admin has to look at it"
    await _move(tx, hall, payout, PayoutState.FAILED, because="Taken back by the provider")
    earned = earned_account(payout.organization_id)
    await _book(tx, hall, payout, TransferKind.PAYOUT_RETURNED, HALL_OUTSIDE, earned)
    return ""


async def _move(
    tx: Tx,
    hall: Hall,
    was: Payout,
    state: PayoutState,
    *,
    reference: str | None = None,
    because: str | None = None,
) -> Payout:
    now = replace(
        was,
        state=state,
        reference=reference,
        failed_because=because,
        updated_at_us=hall.clock(),
    )
    await payouts.move(tx, was=was, now=now)
    return now


async def _leave(tx: Tx, hall: Hall, payout: Payout) -> None:
    earned = earned_account(payout.organization_id)
    await _book(tx, hall, payout, TransferKind.PAYOUT, earned, HALL_OUTSIDE)


async def _book(
    tx: Tx, hall: Hall, payout: Payout, kind: TransferKind, out_of: str, into: str
) -> None:
    cents = payout.paid_cents
    transfer = Transfer(hall.new_id(), out_of, into, cents, kind, payout.task_id, hall.clock())
    await ledger.post(tx, [transfer])


async def _load(tx: Tx, payout_id: str) -> Payout:
    payout = await payouts.by_id(tx, payout_id) if ids.is_uuid(payout_id) else None
    if payout is None:
        raise NotFound("payout")
    return payout


def _refusal(payout: Payout, command: str) -> WrongState:
    return WrongState(
        f"This payout is {payout.state.value}", state=payout.state.value, command=command
    )
