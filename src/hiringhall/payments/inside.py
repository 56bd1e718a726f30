"""Money without a provider: play money, and money that an admin books in and pays out by hand."""

from dataclasses import dataclass
from typing import NoReturn

from hiringhall.payments.port import Checkout, Notice, PaymentRefused


@dataclass(frozen=True, slots=True)
class InsidePayments:
    """`play` or `manual`: nothing is charged and nothing is sent, an admin books what comes in."""

    name: str = "play"
    takes_deposits: bool = False
    pays_out: bool = False

    async def begin_deposit(
        self, *, key: str, deposit_id: str, amount_cents: int, return_url: str
    ) -> Checkout:
        self._refuse()

    async def open_payee(self, *, key: str, name: str) -> str:
        self._refuse()

    async def payee_page(self, *, payee: str, return_url: str) -> str:
        self._refuse()

    async def pay_out(self, *, key: str, payout_id: str, amount_cents: int, payee: str) -> str:
        self._refuse()

    async def find_payout(self, payout_id: str) -> str | None:
        self._refuse()

    def read_notice(self, body: bytes, signature: str) -> Notice:
        self._refuse()

    async def close(self) -> None:
        """There is no connection."""

    def _refuse(self) -> NoReturn:
        raise PaymentRefused(
            f"This hall has no payment provider (its payments are '{self.name}'); an admin books "
            "what comes in and goes out"
        )
