"""Who works, and what that used."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from hiringhall.domain.runs import LIVE, RunState
from hiringhall.store.tables.base import metadata, one_of

_live = ", ".join(f"'{state.value}'" for state in RunState if state in LIVE)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("organization_id", Text, nullable=False),
    Column("team_id", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("steps_done", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("runtime", Text, nullable=False),
    Column("role", Text),
    Column("priority", BigInteger, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("losses", BigInteger, nullable=False),
    Column("previous_run_id", Text),
    Column("node_id", Text),
    Column("lease_until_us", BigInteger),
    Column("queued_at_us", BigInteger, nullable=False),
    Column("started_at_us", BigInteger),
    Column("ended_at_us", BigInteger),
    Column("ended_because", Text),
    # SHA-256 of the run's own secret, where it has one; the secret itself is never kept.
    Column("secret_sha256", LargeBinary, unique=True),
    UniqueConstraint("task_id", "generation"),
    one_of("state", RunState),
    CheckConstraint(
        "(state IN ('starting', 'running')) = (lease_until_us IS NOT NULL)",
        name="lease",
    ),
    CheckConstraint(f"(state IN ({_live})) = (ended_at_us IS NULL)", name="ended"),
    Index(
        "uq_runs_one_live",
        "task_id",
        unique=True,
        sqlite_where=text(f"state IN ({_live})"),
        postgresql_where=text(f"state IN ({_live})"),
    ),
    Index(
        "ix_runs_queue",
        "team_id",
        "runtime",
        text("priority DESC"),
        "id",
        sqlite_where=text("state = 'queued'"),
        postgresql_where=text("state = 'queued'"),
    ),
    Index(
        "ix_runs_live",
        "team_id",
        sqlite_where=text("ended_at_us IS NULL"),
        postgresql_where=text("ended_at_us IS NULL"),
    ),
    Index(None, "team_id", "id"),
    # What usage adds up, without a look at the rows.
    Index(None, "team_id", "started_at_us", "ended_at_us"),
    Index(
        "ix_runs_leased",
        "lease_until_us",
        sqlite_where=text("lease_until_us IS NOT NULL"),
        postgresql_where=text("lease_until_us IS NOT NULL"),
    ),
)

usage_records = Table(
    "usage_records",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    Column("user_id", Text),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("run_id", Text, ForeignKey("runs.id"), nullable=False),
    Column("runtime", Text, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("day", BigInteger, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    CheckConstraint(
        "input_tokens >= 0 AND output_tokens >= 0 AND credits >= 0", name="not_negative"
    ),
    Index(None, "task_id"),
)

credit_days = Table(
    "credit_days",
    metadata,
    Column("user_id", Text, ForeignKey("users.id"), primary_key=True),
    # Days since 1970-01-01, UTC.
    Column("day", BigInteger, primary_key=True),
    Column("used", BigInteger, nullable=False),
    CheckConstraint("used >= 0", name="used"),
)
