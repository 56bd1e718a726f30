"""The native door's money: accounts, statements, deposits, payouts, the state of the books."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hiringhall.domain.deposits import Deposit
from hiringhall.domain.payouts import Payout
from hiringhall.doors.native.paging import PageQuery
from hiringhall.doors.native.words import Cents, Count, Time, Uuid, maybe_time, time_of
from hiringhall.queries.audit import LedgerCheck
from hiringhall.queries.money import Account, StatementLine
from hiringhall.queries.running import Listed


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


class DepositBody(msgspec.Struct):
    """How much is paid in; the provider's page leads back to `return_url`."""

    amount_cents: Cents
    return_url: str | None = None


class ReturnBody(msgspec.Struct):
    """Where the provider's page leads back to."""

    return_url: str | None = None


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


class PayoutsQuery(PageQuery, kw_only=True):
    """Which payouts: those that have not arrived unless said otherwise."""

    state: Literal["pending", "processing", "paid", "failed"] | None = None


class OrganizationAnswer(msgspec.Struct, kw_only=True):
    """An organization, how many people it has, and its money."""

    id: Uuid
    name: str
    short_id: str
    members: Count
    available_cents: Cents
    held_cents: Cents
    earned_cents: Cents
    created_at: Time


class OrganizationsPage(msgspec.Struct):
    """A part of the organizations, newest first."""

    items: list[OrganizationAnswer]
    next_cursor: str | None


class HeardAnswer(msgspec.Struct):
    """A provider's message was heard, now or before."""

    received: bool


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


def organization_answer(one: Listed) -> OrganizationAnswer:
    """An organization with what it has."""
    return OrganizationAnswer(
        id=one.id,
        name=one.name,
        short_id=one.short_id,
        members=one.members,
        available_cents=one.available_cents,
        held_cents=one.held_cents,
        earned_cents=one.earned_cents,
        created_at=time_of(one.created_at_us),
    )


def ledger_answer(checked: LedgerCheck) -> LedgerAnswer:
    """What the books come to."""
    return LedgerAnswer(checked.ok, checked.accounts, checked.transfers, list(checked.problems))
