"""The words of the double-entry ledger: accounts, and transfers that cannot be unbalanced."""

from dataclasses import dataclass
from enum import StrEnum


class AccountKind(StrEnum):
    """What an account stands for; an organization has at most one of each of its kinds."""

    AVAILABLE = "available"
    PLAY_MONEY = "play_money"


class TransferKind(StrEnum):
    """Why money moved."""

    OPENING_BALANCE = "opening_balance"


HALL_PLAY_MONEY = "hall:play_money"
"""Where play money comes from: the one account that goes below zero, by as much as was given."""


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
