"""The words of the double-entry ledger: accounts, and transfers that cannot be unbalanced."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class AccountKind(StrEnum):
    """What an account stands for.

    An organization has one of what is available and one of what it has earned, a task with a hold
    one escrow; the others are the hall's own.
    """

    AVAILABLE = "available"
    EARNED = "earned"
    ESCROW = "escrow"
    FEES = "fees"
    PLAY_MONEY = "play_money"
    OUTSIDE = "outside"


class TransferKind(StrEnum):
    """Why money moved."""

    OPENING_BALANCE = "opening_balance"
    DEPOSIT = "deposit"
    HOLD = "hold"
    RELEASE = "release"
    FEE = "fee"
    REFUND = "refund"
    PAYOUT = "payout"
    PAYOUT_RETURNED = "payout_returned"


HALL_PLAY_MONEY = "hall:play_money"
"""Where play money comes from: below zero by as much as was given."""

HALL_FEES = "hall:fees"
"""What the hall has earned."""

HALL_OUTSIDE = "hall:outside"
"""The world beyond the hall: below zero by as much as came in and has not gone out again."""

HALL_ACCOUNTS: Mapping[str, AccountKind] = {
    HALL_PLAY_MONEY: AccountKind.PLAY_MONEY,
    HALL_FEES: AccountKind.FEES,
    HALL_OUTSIDE: AccountKind.OUTSIDE,
}


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money moved once and for ever: out of the debit account, into the credit account.

    One row names both sides and one positive amount in cents, so that no entry can be
    unbalanced (the transfer model of TigerBeetle).
    """

    id: str
    debit_account_id: str
    credit_account_id: str
    amount_cents: int
    kind: TransferKind
    task_id: str | None
    at_us: int


def available_account(organization_id: str) -> str:
    """The account of what an organization may spend."""
    return f"{organization_id}:available"


def earned_account(organization_id: str) -> str:
    """The account of what an organization has earned and was not paid out yet."""
    return f"{organization_id}:earned"


def escrow_account(task_id: str) -> str:
    """The account of what is held for a task."""
    return f"{task_id}:escrow"
