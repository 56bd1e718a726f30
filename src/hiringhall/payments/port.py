"""What the hall asks of a payment provider, and what a provider tells the hall."""

from dataclasses import dataclass
from typing import Protocol


class PaymentRefused(Exception):
    """The provider said no, for certain: nothing was charged and nothing was paid.

    The message is for the person whose money it is; nothing secret stands in it.
    """


class PaymentUnclear(Exception):
    """Nobody knows whether it happened: no answer came. Asking again with the same key is safe."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A page of the provider's where somebody pays; `reference` is its name for it."""

    reference: str
    url: str


@dataclass(frozen=True, slots=True)
class DepositNotice:
    """What became of a deposit: money has arrived (`paid_cents`), or it never will (None)."""

    deposit_id: str
    reference: str
    paid_cents: int | None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class PayoutNotice:
    """A payout that had arrived was taken back, or (not `whole`) a part of it."""

    payout_id: str
    reference: str
    whole: bool


@dataclass(frozen=True, slots=True)
class PayeeNotice:
    """Whether an account that money goes to can take it now."""

    reference: str
    ready: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """One message of the provider's own accord; `id` is the same whenever it is sent again."""

    id: str
    about: DepositNotice | PayoutNotice | PayeeNotice | None


class Payments(Protocol):
    """A way for money into the hall and out of it.

    Amounts are whole cents of the hall's currency. `key` names one intent: a provider that hears
    it twice does it once.
    """

    @property
    def name(self) -> str:
        """`play`, `manual` or `stripe`; it stands in the books."""
        ...

    @property
    def takes_deposits(self) -> bool:
        """Whether people pay in by themselves, on a page of the provider's."""
        ...

    @property
    def pays_out(self) -> bool:
        """Whether it pays by itself what was earned."""
        ...

    async def begin_deposit(
        self, *, key: str, deposit_id: str, amount_cents: int, return_url: str
    ) -> Checkout:
        """Open a page where an amount is paid; raises PaymentRefused, PaymentUnclear."""
        ...

    async def open_payee(self, *, key: str, name: str) -> str:
        """Open an account that money can go to; the provider's name for it."""
        ...

    async def payee_page(self, *, payee: str, return_url: str) -> str:
        """A page, valid for minutes, where the account's owner says who and where they are."""
        ...

    async def pay_out(self, *, key: str, payout_id: str, amount_cents: int, payee: str) -> str:
        """Send money; the provider's name for it. Raises PaymentRefused, PaymentUnclear."""
        ...

    async def find_payout(self, payout_id: str) -> str | None:
        """What the provider calls a payout that it has sent already; None: it has not."""
        ...

    def read_notice(self, body: bytes, signature: str) -> Notice:
        """A message of the provider's, proven to be; raises PaymentRefused for any other."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...
