"""The native door's money: accounts, statements, deposits, payouts, the state of the books."""

from typing import Annotated

import msgspec
from msgspec import Meta

from hiringhall.domain.deposits import Deposit
from hiringhall.domain.payouts import Payout
from hiringhall.doors.native.words import Cents, Count, Time, Uuid, maybe_time, time_of
from hiringhall.queries.audit import LedgerCheck
from hiringhall.queries.money import Account, StatementLine


class AccountAnswer(msgspec.Struct, kw_only=True):
    """What an organization has, in cents."""

    organization_id: Uuid
    available_cents: Annotated[Cents, Meta(description="To spend")]
    held_cents: Annotated[Cents, Meta(description="Held for its tasks")]
    earned_cents: Annotated[Cents, Meta(description="Earned, and not paid out yet")]
    currency: str
    provider: Annotated[str, Meta(description="play, manual or stripe")]
    payee_ready: Annotated[
        bool | None, Meta(description="Whether earnings can be sent; null before it is set up")
    ]


class StatementAnswer(msgspec.Struct, kw_only=True):
    """One transfer: below zero for what went out."""

    id: Uuid
    kind: str
    amount_cents: Cents
    task_id: Uuid | None
    at: Time


class StatementPage(msgspec.Struct):
    """A part of what moved, newest first."""

    items: list[StatementAnswer]
    next_cursor: str | None


class AmountBody(msgspec.Struct):
    """How much is paid in."""

    amount_cents: Cents


class BookBody(msgspec.Struct):
    """What came in for whom."""

    organization_id: str
    amount_cents: Cents


class DepositAnswer(msgspec.Struct, kw_only=True):
    """A deposit; it is paid at `url` where there is one."""

    id: Uuid
    organization_id: Uuid
    amount_cents: Cents
    provider: str
    state: Annotated[str, Meta(description="pending, paid or failed")]
    url: str | None
    created_at: Time
    settled_at: Time | None


class DepositsPage(msgspec.Struct):
    """A part of an organization's deposits, newest first."""

    items: list[DepositAnswer]
    next_cursor: str | None


class PayeeAnswer(msgspec.Struct):
    """The provider's page where somebody says who is paid, and where; valid for minutes."""

    url: str


class PayoutAnswer(msgspec.Struct, kw_only=True):
    """What was earned with one task, and how far it is on its way."""

    id: Uuid
    organization_id: Uuid
    agent_id: Uuid | None
    user_id: Uuid | None
    task_id: Uuid
    paid_cents: Cents
    fee_cents: Cents
    state: Annotated[str, Meta(description="pending, processing, paid or failed")]
    provider: str
    reference: str | None
    attempts: Count
    failed_because: str | None
    created_at: Time
    updated_at: Time


class PayoutsPage(msgspec.Struct):
    """A part of a list of payouts."""

    items: list[PayoutAnswer]
    next_cursor: str | None


class PaidBody(msgspec.Struct):
    """How a payment by hand can be found again."""

    reference: str


class LedgerAnswer(msgspec.Struct):
    """What the books come to; `problems` is empty when they balance."""

    ok: bool
    accounts: Count
    transfers: Count
    problems: list[str]


def account_answer(account: Account) -> AccountAnswer:
    """What an organization has."""
    return AccountAnswer(
        organization_id=account.organization_id,
        available_cents=account.available_cents,
        held_cents=account.held_cents,
        earned_cents=account.earned_cents,
        currency=account.currency,
        provider=account.provider,
        payee_ready=None if account.payee is None else account.payee.ready,
    )


def statement_answer(line: StatementLine) -> StatementAnswer:
    """One line of a statement."""
    one = line.transfer
    return StatementAnswer(
        id=one.id,
        kind=one.kind.value,
        amount_cents=line.amount_cents,
        task_id=one.task_id,
        at=time_of(one.at_us),
    )


def deposit_answer(deposit: Deposit) -> DepositAnswer:
    """A deposit."""
    return DepositAnswer(
        id=deposit.id,
        organization_id=deposit.organization_id,
        amount_cents=deposit.amount_cents,
        provider=deposit.provider,
        state=deposit.state.value,
        url=deposit.url,
        created_at=time_of(deposit.created_at_us),
        settled_at=maybe_time(deposit.settled_at_us),
    )


def payout_answer(payout: Payout) -> PayoutAnswer:
    """A payout."""
    return PayoutAnswer(
        id=payout.id,
        organization_id=payout.organization_id,
        agent_id=payout.agent_id,
        user_id=payout.user_id,
        task_id=payout.task_id,
        paid_cents=payout.paid_cents,
        fee_cents=payout.fee_cents,
        state=payout.state.value,
        provider=payout.provider,
        reference=payout.reference,
        attempts=payout.attempts,
        failed_because=payout.failed_because,
        created_at=time_of(payout.created_at_us),
        updated_at=time_of(payout.updated_at_us),
    )


def ledger_answer(checked: LedgerCheck) -> LedgerAnswer:
    """What the books come to."""
    return LedgerAnswer(checked.ok, checked.accounts, checked.transfers, list(checked.problems))
