"""Money: accounts and the transfers between them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Table,
    Text,
    UniqueConstraint,
)

from hiringhall.domain.ledger import AccountKind, TransferKind
from hiringhall.store.tables.base import metadata, one_of

ledger_accounts = Table(
    "ledger_accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id")),
    Column("kind", Text, nullable=False),
    # Credits less debits, kept; null for the hall's own accounts, which everybody shares.
    Column("balance_cents", BigInteger),
    UniqueConstraint("organization_id", "kind"),
    one_of("kind", AccountKind),
    CheckConstraint("(organization_id IS NULL) = (balance_cents IS NULL)", name="kept"),
    CheckConstraint("balance_cents IS NULL OR balance_cents >= 0", name="no_overdraft"),
)

ledger_transfers = Table(
    "ledger_transfers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("debit_account_id", Text, ForeignKey("ledger_accounts.id"), nullable=False),
    Column("credit_account_id", Text, ForeignKey("ledger_accounts.id"), nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("task_id", Text, ForeignKey("tasks.id")),
    Column("at_us", BigInteger, nullable=False),
    one_of("kind", TransferKind),
    CheckConstraint("amount_cents > 0", name="amount"),
    CheckConstraint("debit_account_id <> credit_account_id", name="two_sides"),
    Index(None, "debit_account_id"),
    Index(None, "credit_account_id"),
)
