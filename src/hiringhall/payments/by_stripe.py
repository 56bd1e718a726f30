"""Stripe: Checkout for what comes in, Connect transfers for what goes out, signed webhooks.

Every call carries an idempotency key, so that a call whose answer was lost is made again without a
second charge (https://docs.stripe.com/api/idempotent_requests).
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from hiringhall.payments.port import (
    Checkout,
    DepositNotice,
    Notice,
    PayeeNotice,
    PaymentRefused,
    PaymentUnclear,
    PayoutNotice,
)

if TYPE_CHECKING:
    import stripe

TIMEOUT_S = 20.0
RETRIES = 2
"""How often the library itself asks again, with the same key, before anybody hears of it."""
DEPOSIT = "hiringhall_deposit"
PAYOUT = "hiringhall_payout"
"""Under which names the hall's ids stand in what Stripe keeps."""

R = TypeVar("R")


class _Object(msgspec.Struct):
    """What the hall reads of whatever an event is about."""

    id: str
    metadata: dict[str, str] | None = None
    is_reversed: bool | None = msgspec.field(default=None, name="reversed")
    payment_status: str | None = None
    amount_total: int | None = None
    currency: str | None = None
    capabilities: dict[str, str] | None = None


class _Data(msgspec.Struct):
    object: _Object


class _Event(msgspec.Struct):
    """An event's outside (https://docs.stripe.com/api/events/object)."""

    id: str
    type: str
    data: _Data
    account: str | None = None
    """The connected account that it happened on; none where it is the hall's own."""


class StripePayments:
    """Payments through one account of Stripe's; `base_url` is another server's for tests.

    Stripe sends what happens on the hall's own account, and what happens on connected ones, from
    two webhook endpoints, each with a signing secret of its own.
    """

    name = "stripe"
    takes_deposits = True
    pays_out = True

    def __init__(
        self,
        *,
        api_key: str,
        webhook_secrets: Sequence[str],
        currency: str,
        base_url: str | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._api_key = api_key
        self._webhook_secrets = tuple(webhook_secrets)
        self._currency = currency
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._client: stripe.StripeClient | None = None
        self._opening = asyncio.Lock()

    async def begin_deposit(
        self, *, key: str, deposit_id: str, amount_cents: int, return_url: str
    ) -> Checkout:
        client = await self._open()
        item: Any = {
            "quantity": 1,
            "price_data": {
                "currency": self._currency,
                "unit_amount": amount_cents,
                "product_data": {"name": "Deposit to a hiring hall"},
            },
        }
        session = await _asked(
            client.v1.checkout.sessions.create_async(
                {
                    "mode": "payment",
                    "line_items": [item],
                    "success_url": return_url,
                    "cancel_url": return_url,
                    "client_reference_id": deposit_id,
                    "metadata": {DEPOSIT: deposit_id},
                },
                {"idempotency_key": key},
            )
        )
        if not session.url:
            raise PaymentRefused("Stripe opened no page to pay at")
        return Checkout(session.id, session.url)

    async def open_payee(self, *, key: str, name: str) -> str:
        client = await self._open()
        account = await _asked(
            client.v1.accounts.create_async(
                {
                    "type": "express",
                    "capabilities": {"transfers": {"requested": True}},
                    "business_profile": {"name": name},
                },
                {"idempotency_key": key},
            )
        )
        return account.id

    async def payee_page(self, *, payee: str, return_url: str) -> str:
        client = await self._open()
        link = await _asked(
            client.v1.account_links.create_async(
                {
                    "account": payee,
                    "type": "account_onboarding",
                    "return_url": return_url,
                    "refresh_url": return_url,
                }
            )
        )
        return link.url

    async def pay_out(self, *, key: str, payout_id: str, amount_cents: int, payee: str) -> str:
        client = await self._open()
        transfer = await _asked(
            client.v1.transfers.create_async(
                {
                    "amount": amount_cents,
                    "currency": self._currency,
                    "destination": payee,
                    "transfer_group": payout_id,
                    "metadata": {PAYOUT: payout_id},
                },
                {"idempotency_key": key},
            )
        )
        return transfer.id

    async def find_payout(self, payout_id: str) -> str | None:
        client = await self._open()
        found = await _asked(
            client.v1.transfers.list_async({"transfer_group": payout_id, "limit": 10})
        )
        return next((one.id for one in found.data if not one.reversed), None)

    def read_notice(self, body: bytes, signature: str) -> Notice:
        try:
            if not any(_is_signed(body, signature, one) for one in self._webhook_secrets):
                raise PaymentRefused("This is not signed by Stripe with the hall's secret")
            event = msgspec.json.decode(body, type=_Event)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise PaymentRefused("This is no event of Stripe's") from None
        # What a connected account does on its own side is no word on the hall's money.
        whose = event.data.object.id if event.type == "account.updated" else None
        read = _READ.get(event.type) if event.account in (None, whose) else None
        return Notice(event.id, None if read is None else read(event.data.object))

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await self._http.close_async()

    async def _open(self) -> "stripe.StripeClient":
        async with self._opening:
            if self._client is None:
                # The library and its certificates take longer than the loop may be held.
                self._client = await asyncio.to_thread(self._make)
            return self._client

    def _make(self) -> "stripe.StripeClient":
        import stripe

        stripe.enable_telemetry = False
        self._http = stripe.HTTPXClient(timeout=self._timeout_s)
        return stripe.StripeClient(
            self._api_key,
            http_client=self._http,
            max_network_retries=RETRIES,
            base_addresses={} if self._base_url is None else {"api": self._base_url},
        )


def _is_signed(body: bytes, signature: str, secret: str) -> bool:
    import stripe

    try:
        return stripe.WebhookSignature.verify_header(  # pyright: ignore[reportUnknownMemberType]
            body, signature, secret, stripe.Webhook.DEFAULT_TOLERANCE
        )
    except stripe.SignatureVerificationError:
        return False


def _paid(about: _Object) -> DepositNotice | None:
    """A checkout is over: the money is here, or comes later, which another event says."""
    if about.payment_status != "paid":
        return None
    return _deposit(about, paid=True)


def _not_paid(about: _Object) -> DepositNotice | None:
    return _deposit(about, paid=False)


def _deposit(about: _Object, *, paid: bool) -> DepositNotice | None:
    deposit_id = (about.metadata or {}).get(DEPOSIT)
    if deposit_id is None:
        return None  # somebody else uses this account too
    cents = about.amount_total if paid else None
    return DepositNotice(deposit_id, about.id, cents, about.currency or "")


def _reversed(about: _Object) -> PayoutNotice | None:
    payout_id = (about.metadata or {}).get(PAYOUT)
    if payout_id is None:
        return None
    # Stripe says the same word when only a part was taken back.
    return PayoutNotice(payout_id, about.id, whole=about.is_reversed is True)


def _payee(about: _Object) -> PayeeNotice:
    return PayeeNotice(about.id, (about.capabilities or {}).get("transfers") == "active")


_READ: Mapping[str, Callable[[_Object], DepositNotice | PayoutNotice | PayeeNotice | None]] = {
    "checkout.session.completed": _paid,
    "checkout.session.async_payment_succeeded": _paid,
    "checkout.session.async_payment_failed": _not_paid,
    "checkout.session.expired": _not_paid,
    "transfer.reversed": _reversed,
    "account.updated": _payee,
}


async def _asked(call: Coroutine[Any, Any, R]) -> R:
    """What Stripe answers; raises PaymentRefused for a no, PaymentUnclear for no answer."""
    import stripe

    try:
        return await call
    except (stripe.AuthenticationError, stripe.PermissionError):
        raise PaymentRefused(
            "Stripe does not accept the hall's key; an admin has to see to it"
        ) from None
    except (stripe.CardError, stripe.InvalidRequestError) as error:
        raise PaymentRefused(
            f"Stripe refuses: {error.user_message or error.code or 'no reason'}"
        ) from None
    except stripe.StripeError as error:
        # A lost connection, a limit, its own fault, a key in use: it may have happened.
        raise PaymentUnclear(f"Stripe gave no clear answer ({type(error).__name__})") from None
