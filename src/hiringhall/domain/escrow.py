"""What is held for a task, and how it is divided when the task has come to its end.

All amounts are whole cents of the hall's currency. A share is what somebody is owed before the
hall's fee where the fee is included, and all they get where the fee is on top.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hiringhall.domain.errors import Conflict, Invalid
from hiringhall.domain.sentences import Cents, sentence

BASIS_POINTS = 10_000
MAX_PRICE_CENTS = 100_000_000


class HoldState(StrEnum):
    """What has become of a hold; it leaves `held` once."""

    HELD = "held"
    RELEASED = "released"
    REFUNDED = "refunded"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Divided:
    """What became of a hold: what its workers got together, the hall, and whoever posted."""

    paid_cents: int
    fee_cents: int
    refund_cents: int


@dataclass(frozen=True, slots=True)
class Hold:
    """Money taken for one task. `price_cents` is divided; the fee on top of it lies beside it.

    The fee's rate is that of the day on which the money was taken. `divided` is None while it is
    held.
    """

    task_id: str
    organization_id: str
    price_cents: int
    fee_basis_points: int
    fee_on_top: bool
    state: HoldState = HoldState.HELD
    divided: Divided | None = None

    @property
    def amount_cents(self) -> int:
        """All that is taken out of the poster's available balance."""
        return self.price_cents + (self.fee_of(self.price_cents) if self.fee_on_top else 0)

    @property
    def payout_cents(self) -> int:
        """What is paid out where one worker gets the whole price."""
        if self.fee_on_top:
            return self.price_cents
        return self.price_cents - self.fee_of(self.price_cents)

    def fee_of(self, share_cents: int) -> int:
        """The hall's fee on a share, rounded half up to the cent."""
        return (share_cents * self.fee_basis_points + BASIS_POINTS // 2) // BASIS_POINTS


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody was shown that offering a task would hold, and how, when they agreed to it."""

    hold_cents: int
    currency: str
    engagement: str

    def check(self, hold: Hold, *, currency: str, engagement: str) -> None:
        """Raise Conflict where something else would be held: it is to be shown, and asked, anew."""
        if (hold.amount_cents, currency) != (self.hold_cents, self.currency):
            raise Conflict(
                sentence(
                    "This would hold ",
                    Cents(hold.amount_cents),
                    " now, not the ",
                    Cents(self.hold_cents),
                    " that were shown; nothing is held",
                )
            )
        if engagement != self.engagement:
            raise Conflict("This would be offered another way than was shown; nothing is held")


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker is owed of a task's price.

    It goes to the organization; `agent_id` or `user_id` says who earned it, `subtask_id` for
    which part of a Task Force.
    """

    organization_id: str
    share_cents: int
    agent_id: str | None = None
    user_id: str | None = None
    subtask_id: str | None = None


@dataclass(frozen=True, slots=True)
class Paid:
    """A share after the fee."""

    share: Share
    paid_cents: int
    fee_cents: int


@dataclass(frozen=True, slots=True)
class PaidPart:
    """What a part of a Task Force was paid out of the whole's hold, before that was settled."""

    subtask_id: str
    share_cents: int
    paid_cents: int
    fee_cents: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a hold is divided; its parts add up to the hold.

    `paid` is what is paid now, `before` what was paid of it by parts.
    """

    state: HoldState
    paid: tuple[Paid, ...]
    refund_cents: int
    before: tuple[PaidPart, ...] = ()

    @property
    def paid_cents(self) -> int:
        """What all workers get together."""
        return sum(one.paid_cents for one in (*self.before, *self.paid))

    @property
    def fee_cents(self) -> int:
        """What the hall gets."""
        return sum(one.fee_cents for one in self.before) + self.fee_now_cents

    @property
    def fee_now_cents(self) -> int:
        """What of it the hall gets now."""
        return sum(one.fee_cents for one in self.paid)


def check_price(price_cents: int) -> int:
    """A price that a task may have; raises Invalid."""
    if not 1 <= price_cents <= MAX_PRICE_CENTS:
        raise Invalid(
            sentence("A price is from ", Cents(1, unit=False), " to ", Cents(MAX_PRICE_CENTS)),
            {"price_cents": "out of range"},
        )
    return price_cents


def settle(hold: Hold, shares: Sequence[Share], before: Sequence[PaidPart] = ()) -> Settlement:
    """Divide a hold among those who worked; what nobody is owed goes back to the poster.

    Raises Invalid for a share that is no positive amount, and for shares beyond the price.
    """
    paid = pay(hold, shares, before)
    taken_cents = sum(one.paid_cents + one.fee_cents for one in (*before, *paid))
    refund_cents = hold.amount_cents - taken_cents
    if not (paid or before):
        state = HoldState.REFUNDED
    else:
        state = HoldState.SPLIT if refund_cents else HoldState.RELEASED
    return Settlement(state, paid, refund_cents, tuple(before))


def pay(hold: Hold, shares: Sequence[Share], before: Sequence[PaidPart] = ()) -> tuple[Paid, ...]:
    """Shares after the fee, behind what was paid of the same hold; raises Invalid as `settle`."""
    if any(share.share_cents <= 0 for share in shares):
        raise Invalid("A share is at least one cent", {"share_cents": "not positive"})
    earlier_cents = sum(one.share_cents for one in before)
    owed_cents = earlier_cents + sum(share.share_cents for share in shares)
    if owed_cents > hold.price_cents:
        raise Invalid(
            sentence(
                Cents(owed_cents),
                " are more than the ",
                Cents(hold.price_cents, unit=False),
                " that are held",
            ),
            {"share_cents": "more than is held"},
        )
    return tuple(_after_fees(hold, shares, earlier_cents))


def _after_fees(hold: Hold, shares: Sequence[Share], earlier_cents: int) -> Iterator[Paid]:
    owed_cents = earlier_cents
    for share in shares:
        if not hold.fee_on_top:
            fee_cents = hold.fee_of(share.share_cents)
            yield Paid(share, share.share_cents - fee_cents, fee_cents)
            continue
        # Each adds what it adds to the fee on all: rounded one by one they may come to more.
        before_cents, owed_cents = owed_cents, owed_cents + share.share_cents
        yield Paid(share, share.share_cents, hold.fee_of(owed_cents) - hold.fee_of(before_cents))
