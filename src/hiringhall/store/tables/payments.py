"""Money that comes in, where money goes to, and what a payment provider has said already."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text, text

from hiringhall.domain.deposits import DepositState
from hiringhall.store.tables.base import flag, metadata, one_of

deposits = Table(
    "deposits",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("provider", Text, nullable=False),
    Column("state", Text, nullable=False),
    # What the provider calls it, and the page where it is paid, once that is known.
    Column("reference", Text),
    Column("url", Text),
    # The admin who booked it by hand.
    Column("booked_by", Text, ForeignKey("users.id")),
    Column("created_at_us", BigInteger, nullable=False),
    Column("settled_at_us", BigInteger),
    one_of("state", DepositState),
    CheckConstraint("amount_cents > 0", name="amount"),
    CheckConstraint("(state = 'pending') = (settled_at_us IS NULL)", name="settled"),
    Index(None, "organization_id", "id"),
    Index(
        "uq_deposits_reference",
        "provider",
        "reference",
        unique=True,
        sqlite_where=text("reference IS NOT NULL"),
        postgresql_where=text("reference IS NOT NULL"),
    ),
)

payees = Table(
    "payees",
    metadata,
    Column("organization_id", Text, ForeignKey("organizations.id"), primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("reference", Text, nullable=False),
    *flag("ready"),
    Column("updated_at_us", BigInteger, nullable=False),
    Index("uq_payees_reference", "provider", "reference", unique=True),
)

# Each message of a provider's counts once, however often it is sent.
provider_notices = Table(
    "provider_notices",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("notice_id", Text, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Index(None, "at_us"),
)
