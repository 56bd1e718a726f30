"""Money: accounts, the transfers between them, what is held for tasks, and what was earned."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text, text

from hiringhall.domain.escrow import HoldState
from hiringhall.domain.ledger import AccountKind, TransferKind
from hiringhall.domain.payouts import PayoutState
from hiringhall.store.tables.base import flag, metadata, one_of

ledger_accounts = Table(
    "ledger_accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id")),
    # The task whose money it is: for an escrow alone.
    Column("task_id", Text, ForeignKey("tasks.id")),
    Column("kind", Text, nullable=False),
    # Credits less debits, kept; null for the hall's own accounts, which everybody shares.
    Column("balance_cents", BigInteger),
    one_of("kind", AccountKind),
    CheckConstraint("(organization_id IS NULL) = (balance_cents IS NULL)", name="kept"),
    CheckConstraint("(task_id IS NOT NULL) = (kind = 'escrow')", name="escrow"),
    CheckConstraint(
        "(organization_id IS NOT NULL) = (kind IN ('available', 'earned', 'escrow'))", name="owner"
    ),
    CheckConstraint("balance_cents IS NULL OR balance_cents >= 0", name="no_overdraft"),
    Index(
        "uq_ledger_accounts_one_of_a_kind",
        "organization_id",
        "kind",
        unique=True,
        sqlite_where=text("task_id IS NULL"),
        postgresql_where=text("task_id IS NULL"),
    ),
    Index(
        "uq_ledger_accounts_one_escrow",
        "task_id",
        unique=True,
        sqlite_where=text("task_id IS NOT NULL"),
        postgresql_where=text("task_id IS NOT NULL"),
    ),
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
    Index(None, "debit_account_id", "id"),
    Index(None, "credit_account_id", "id"),
)

holds = Table(
    "holds",
    metadata,
    Column("task_id", Text, ForeignKey("tasks.id"), primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    Column("price_cents", BigInteger, nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("fee_basis_points", BigInteger, nullable=False),
    *flag("fee_on_top"),
    Column("state", Text, nullable=False),
    Column("paid_cents", BigInteger),
    Column("fee_cents", BigInteger),
    Column("refund_cents", BigInteger),
    Column("taken_at_us", BigInteger, nullable=False),
    Column("settled_at_us", BigInteger),
    one_of("state", HoldState),
    CheckConstraint("price_cents > 0 AND amount_cents >= price_cents", name="price"),
    CheckConstraint("fee_basis_points BETWEEN 0 AND 5000", name="fee"),
    CheckConstraint("(state = 'held') = (settled_at_us IS NULL)", name="settled"),
    # A null would make the sum null, and a null passes: so it is spelled out.
    CheckConstraint(
        "(state = 'held' AND paid_cents IS NULL AND fee_cents IS NULL AND refund_cents IS NULL) OR"
        " (state <> 'held' AND paid_cents IS NOT NULL AND fee_cents IS NOT NULL"
        " AND refund_cents IS NOT NULL AND paid_cents >= 0 AND fee_cents >= 0"
        " AND refund_cents >= 0 AND paid_cents + fee_cents + refund_cents = amount_cents)",
        name="adds_up",
    ),
    Index(
        "ix_holds_held",
        "organization_id",
        sqlite_where=text("state = 'held'"),
        postgresql_where=text("state = 'held'"),
    ),
)

hold_parts = Table(
    "hold_parts",
    metadata,
    # What a part of a Task Force was paid out of the whole's hold: the key says once.
    Column("subtask_id", Text, ForeignKey("tasks.id"), primary_key=True),
    Column("task_id", Text, ForeignKey("holds.task_id"), nullable=False),
    # What was owed before the fee, where that is included.
    Column("share_cents", BigInteger, nullable=False),
    Column("paid_cents", BigInteger, nullable=False),
    Column("fee_cents", BigInteger, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    CheckConstraint("share_cents > 0 AND paid_cents >= 0 AND fee_cents >= 0", name="amounts"),
    CheckConstraint("subtask_id <> task_id", name="not_the_whole"),
    Index(None, "task_id"),
)

payouts = Table(
    "payouts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    # Who earned it, where that is an agent or a person of the organization.
    Column("agent_id", Text),
    Column("user_id", Text, ForeignKey("users.id")),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("subtask_id", Text),
    Column("paid_cents", BigInteger, nullable=False),
    Column("fee_cents", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("provider", Text, nullable=False),
    # What the provider calls it, once it is under way.
    Column("reference", Text),
    Column("attempts", BigInteger, nullable=False),
    Column("failed_because", Text),
    Column("created_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
    one_of("state", PayoutState),
    CheckConstraint("paid_cents > 0 AND fee_cents >= 0 AND attempts >= 0", name="amounts"),
    CheckConstraint("(state = 'failed') = (failed_because IS NOT NULL)", name="failed"),
    Index(None, "organization_id", "id"),
    Index(None, "agent_id", "id"),
    Index(None, "task_id"),
    Index(
        "uq_payouts_subtask",
        "subtask_id",
        unique=True,
        sqlite_where=text("subtask_id IS NOT NULL"),
        postgresql_where=text("subtask_id IS NOT NULL"),
    ),
    Index(
        "ix_payouts_unpaid",
        "updated_at_us",
        sqlite_where=text("state IN ('pending', 'processing')"),
        postgresql_where=text("state IN ('pending', 'processing')"),
    ),
    Index(
        "ix_payouts_not_arrived",
        "id",
        sqlite_where=text("state <> 'paid'"),
        postgresql_where=text("state <> 'paid'"),
    ),
)
