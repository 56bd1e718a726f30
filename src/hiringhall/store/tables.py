"""Every table and constraint of the hall, declared once for both databases.

Times are integer microseconds UTC, ids are UUIDs as text, truths are 0 or 1; there are no
Python-side defaults, so that both drivers hand back what was written.
"""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from hiringhall.domain.ledger import AccountKind, TransferKind
from hiringhall.domain.questions import QuestionKind
from hiringhall.domain.runs import LIVE, RunState
from hiringhall.domain.tasks import Acceptance, Engagement, State, Waiting

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Serial = BigInteger().with_variant(Integer, "sqlite")
"""An ascending number given by the database; SQLite does that for `INTEGER` alone."""


def _one_of(column: str, words: Iterable[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _flag(name: str) -> tuple[Column[int], CheckConstraint]:
    return Column(name, BigInteger, nullable=False), CheckConstraint(f"{name} IN (0, 1)", name=name)


organizations = Table(
    "organizations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("short_id", Text, nullable=False, unique=True),
    *_flag("spec_approval"),
    Column("created_at_us", BigInteger, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False),
    # The address folded, so that one mailbox is one account whatever its letter case.
    Column("email_folded", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text),
    *_flag("is_admin"),
    Column("created_at_us", BigInteger, nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("user_id", Text, ForeignKey("users.id"), primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), primary_key=True),
    Column("joined_at_us", BigInteger, nullable=False),
    Index(None, "organization_id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    # SHA-256 of 256 random bits; the secret itself is shown once and never kept.
    Column("secret_sha256", LargeBinary, nullable=False, unique=True),
    Column("prefix", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("revoked_at_us", BigInteger),
    Index(None, "organization_id"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret_sha256", LargeBinary, nullable=False, unique=True),
    Column("created_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False),
    Column("used_by", Text, ForeignKey("users.id")),
)

teams = Table(
    "teams",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    Column("name", Text, nullable=False),
    *_flag("is_default"),
    Column("created_at_us", BigInteger, nullable=False),
    Index(
        "uq_teams_default",
        "organization_id",
        unique=True,
        sqlite_where=text("is_default = 1"),
        postgresql_where=text("is_default = 1"),
    ),
)

roles = Table(
    "roles",
    metadata,
    Column("team_id", Text, ForeignKey("teams.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("runtime", Text, nullable=False),
    # What the runtime reads: argv, timeout_s, read-only mounts …, as JSON.
    Column("config", Text, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    Column("team_id", Text, ForeignKey("teams.id"), nullable=False),
    Column("created_by", Text, ForeignKey("users.id")),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("engagement", Text, nullable=False),
    Column("acceptance", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("waiting_for", Text, nullable=False),
    Column("waiting_reason", Text, nullable=False),
    Column("waiting_until_us", BigInteger),
    # How many events the task has; every change compares and raises it.
    Column("version", BigInteger, nullable=False),
    # How many runs it was given to: the fencing token.
    Column("generation", BigInteger, nullable=False),
    Column("revisions", BigInteger, nullable=False),
    Column("priority", BigInteger, nullable=False),
    Column("repository", Text),
    Column("role", Text),
    *_flag("spec_approval"),
    *_flag("plan_approved"),
    Column("price_cents", BigInteger),
    Column("question_id", Text),
    Column("deliverable_id", Text),
    Column("plan_id", Text),
    Column("created_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
    Column("last_activity_at_us", BigInteger, nullable=False),
    _one_of("state", State),
    _one_of("waiting_for", Waiting),
    _one_of("engagement", Engagement),
    _one_of("acceptance", Acceptance),
    CheckConstraint(
        "state NOT IN ('done', 'failed', 'cancelled', 'expired') OR waiting_for = 'nothing'",
        name="final_waits_for_nothing",
    ),
    CheckConstraint(
        "(state = 'awaiting_reply') ="
        " (waiting_for IN ('reply', 'plan_decision', 'budget_decision'))",
        name="awaiting_reply_waits",
    ),
    CheckConstraint("price_cents IS NULL OR price_cents > 0", name="price"),
    CheckConstraint("version > 0 AND generation >= 0 AND revisions >= 0", name="counters"),
    Index(None, "organization_id", "id"),
    Index(
        "ix_tasks_waiting_for_worker",
        "id",
        sqlite_where=text("waiting_for = 'worker'"),
        postgresql_where=text("waiting_for = 'worker'"),
    ),
)

questions = Table(
    "questions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("run_id", Text),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    # JSON array of {type, question, options}; empty for a plain message.
    Column("questions", Text, nullable=False),
    Column("asked_at_us", BigInteger, nullable=False),
    Column("reply_text", Text),
    # JSON array of {question_index, selected} where the reply was structured.
    Column("answers", Text),
    Column("answered_at_us", BigInteger),
    _one_of("kind", QuestionKind),
    Index(None, "task_id"),
)

plans = Table(
    "plans",
    metadata,
    Column("id", Text, primary_key=True),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("run_id", Text),
    Column("text", Text, nullable=False),
    Column("proposed_at_us", BigInteger, nullable=False),
    Column("accepted", BigInteger),
    Column("reason", Text),
    Column("decided_at_us", BigInteger),
    CheckConstraint("accepted IS NULL OR accepted IN (0, 1)", name="accepted"),
    Index(None, "task_id"),
)

deliverables = Table(
    "deliverables",
    metadata,
    Column("id", Text, primary_key=True),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("run_id", Text),
    Column("number", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("branch", Text),
    Column("commit_id", Text),
    Column("accepted", BigInteger),
    Column("reason", Text),
    Column("submitted_at_us", BigInteger, nullable=False),
    Column("decided_at_us", BigInteger),
    UniqueConstraint("task_id", "number"),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint("accepted IS NULL OR accepted IN (0, 1)", name="accepted"),
    # One run hands in once, wherever it broke off.
    Index(
        "uq_deliverables_run",
        "run_id",
        unique=True,
        sqlite_where=text("run_id IS NOT NULL"),
        postgresql_where=text("run_id IS NOT NULL"),
    ),
)

files = Table(
    "files",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("deliverable_id", Text, ForeignKey("deliverables.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("blob_key", Text, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    UniqueConstraint("deliverable_id", "name"),
    CheckConstraint("size_bytes >= 0", name="size"),
)

events = Table(
    "events",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("organization_id", Text, nullable=False),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("actor", Text, nullable=False),
    # The task's state after the event: the log alone rebuilds the row.
    Column("state", Text, nullable=False),
    Column("waiting_for", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    UniqueConstraint("task_id", "number"),
    _one_of("state", State),
    _one_of("waiting_for", Waiting),
    sqlite_autoincrement=True,
)

_live = ", ".join(f"'{state.value}'" for state in RunState if state in LIVE)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("organization_id", Text, nullable=False),
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
    UniqueConstraint("task_id", "generation"),
    _one_of("state", RunState),
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
        text("priority DESC"),
        "id",
        sqlite_where=text("state = 'queued'"),
        postgresql_where=text("state = 'queued'"),
    ),
    Index(
        "ix_runs_leased",
        "lease_until_us",
        sqlite_where=text("lease_until_us IS NOT NULL"),
        postgresql_where=text("lease_until_us IS NOT NULL"),
    ),
)

timers = Table(
    "timers",
    metadata,
    Column("task_id", Text, ForeignKey("tasks.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("due_at_us", BigInteger, nullable=False),
    Index(None, "due_at_us"),
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

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("organization_id", Text, primary_key=True),
    Column("route", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body_sha256", LargeBinary, nullable=False),
    # Null while the first is under way in the same transaction, and for ever for a secret.
    Column("status", BigInteger),
    Column("answer", LargeBinary),
    Column("created_at_us", BigInteger, nullable=False),
    Index(None, "created_at_us"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("bucket", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Index(None, "bucket", "at_us"),
    sqlite_autoincrement=True,
)

buckets = Table(
    "buckets",
    metadata,
    # One row a throttled bucket: raising its count locks it until the attempt is counted.
    Column("bucket", Text, primary_key=True),
    Column("taken", BigInteger, nullable=False),
)

ledger_accounts = Table(
    "ledger_accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id")),
    Column("kind", Text, nullable=False),
    # Credits less debits, kept; null for the hall's own accounts, which everybody shares.
    Column("balance_cents", BigInteger),
    UniqueConstraint("organization_id", "kind"),
    _one_of("kind", AccountKind),
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
    _one_of("kind", TransferKind),
    CheckConstraint("amount_cents > 0", name="amount"),
    CheckConstraint("debit_account_id <> credit_account_id", name="two_sides"),
    Index(None, "debit_account_id"),
    Index(None, "credit_account_id"),
)
