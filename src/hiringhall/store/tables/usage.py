"""What calls of models used, and the budgets that hold them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Table,
    Text,
    text,
)

from hiringhall.domain.compute import CapScope
from hiringhall.store.tables.base import flag, metadata, one_of

budgets = Table(
    "budgets",
    metadata,
    # The scope's word and the id of whose it is: "run:…", "task:…".
    Column("id", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    # A cap of its own; null where the hall's cap for the scope holds.
    Column("cap_micros", BigInteger),
    # What the organization's owners hold it to: the smaller of both holds.
    Column("owners_cap_micros", BigInteger),
    Column("spent_micros", BigInteger, nullable=False),
    # Put by for calls under way.
    Column("reserved_micros", BigInteger, nullable=False),
    # How many calls were settled, and the tokens of them, those that went in and those that came.
    Column("calls", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    one_of("scope", CapScope),
    CheckConstraint(
        "spent_micros >= 0 AND reserved_micros >= 0 AND calls >= 0 AND tokens >= 0",
        name="not_negative",
    ),
    CheckConstraint("cap_micros IS NULL OR cap_micros >= 0", name="cap"),
    CheckConstraint(
        "owners_cap_micros IS NULL"
        " OR (owners_cap_micros >= 0 AND scope IN ('team', 'organization'))",
        name="owners_cap",
    ),
)

# Who set which cap of a team or an organization; rows are never changed or removed.
cap_changes = Table(
    "cap_changes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    # Null where it is the whole organization's.
    Column("team_id", Text, ForeignKey("teams.id")),
    *flag("is_halls"),
    Column("was_micros", BigInteger),
    Column("cap_micros", BigInteger),
    # Null where it was set from the hall's own machine.
    Column("user_id", Text, ForeignKey("users.id")),
    Column("at_us", BigInteger, nullable=False),
    Index(None, "organization_id", "id"),
)

model_calls = Table(
    "model_calls",
    metadata,
    Column("id", Text, primary_key=True),
    # Null where the hall itself asked.
    Column("run_id", Text, ForeignKey("runs.id")),
    Column("task_id", Text, nullable=False),
    Column("team_id", Text, nullable=False),
    Column("organization_id", Text, nullable=False),
    Column("user_id", Text),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("reserved_micros", BigInteger, nullable=False),
    Column("reserved_at_us", BigInteger, nullable=False),
    # Null while the call is under way.
    Column("cost_micros", BigInteger),
    Column("settled_at_us", BigInteger),
    # "used", "broken", "refused" or "lost".
    Column("settled_as", Text),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    CheckConstraint("reserved_micros >= 0", name="reserved"),
    CheckConstraint("cost_micros IS NULL OR cost_micros >= 0", name="cost"),
    CheckConstraint("(settled_at_us IS NULL) = (cost_micros IS NULL)", name="settled"),
    CheckConstraint("(settled_at_us IS NULL) = (settled_as IS NULL)", name="settled_as"),
    CheckConstraint(
        "input_tokens >= 0 AND output_tokens >= 0 AND cached_tokens >= 0", name="tokens"
    ),
    Index(None, "task_id"),
    # What the hall itself asked for a team, by day; what its runs used stands in their budgets.
    Index(
        "ix_model_calls_errands",
        "team_id",
        "reserved_at_us",
        sqlite_where=text("run_id IS NULL"),
        postgresql_where=text("run_id IS NULL"),
    ),
    Index(
        "ix_model_calls_under_way",
        "run_id",
        sqlite_where=text("settled_at_us IS NULL"),
        postgresql_where=text("settled_at_us IS NULL"),
    ),
)

budget_questions = Table(
    "budget_questions",
    metadata,
    # The question that was put to the poster when a cap was reached, and what a yes adds to it.
    Column("question_id", Text, ForeignKey("questions.id"), primary_key=True),
    Column("budget_id", Text, ForeignKey("budgets.id"), nullable=False),
    Column("cap_micros", BigInteger, nullable=False),
    Column("add_micros", BigInteger, nullable=False),
    # What the call may cost that was not let through.
    Column("needed_micros", BigInteger, nullable=False),
    CheckConstraint("cap_micros >= 0 AND add_micros > 0 AND needed_micros >= 0", name="amounts"),
)
