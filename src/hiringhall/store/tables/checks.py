"""Checks of what was handed in: one row for each kind, written with the delivery itself."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text, text

from hiringhall.domain.checks import CheckKind, CheckMethod, Verdict
from hiringhall.store.tables.base import metadata, one_of

delivery_checks = Table(
    "delivery_checks",
    metadata,
    Column("deliverable_id", Text, ForeignKey("deliverables.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("attempts", BigInteger, nullable=False),
    # When it may be taken; whoever takes it moves this on.
    Column("due_at_us", BigInteger, nullable=False),
    Column("made_at_us", BigInteger, nullable=False),
    # Null until it is done.
    Column("done_at_us", BigInteger),
    Column("verdict", Text),
    Column("score", BigInteger),
    Column("method", Text),
    Column("model", Text),
    Column("said", Text),
    # A JSON array of [name, verdict, sentence].
    Column("findings", Text, nullable=False),
    one_of("kind", CheckKind),
    one_of("verdict", Verdict),
    one_of("method", CheckMethod),
    CheckConstraint("attempts >= 0", name="attempts"),
    CheckConstraint("score IS NULL OR (score >= 0 AND score <= 100)", name="score"),
    CheckConstraint(
        "(done_at_us IS NULL) = (verdict IS NULL) AND (done_at_us IS NULL) = (score IS NULL)"
        " AND (done_at_us IS NULL) = (method IS NULL) AND (done_at_us IS NULL) = (said IS NULL)",
        name="done",
    ),
    Index(None, "task_id"),
    Index(
        "ix_delivery_checks_due",
        "due_at_us",
        sqlite_where=text("done_at_us IS NULL"),
        postgresql_where=text("done_at_us IS NULL"),
    ),
)
