"""The feed: which place each event has among its organization's, and what outsiders reported."""

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

from hiringhall.domain.feed import ReportedType
from hiringhall.store.tables.base import Serial, metadata, one_of

feed = Table(
    "feed",
    metadata,
    Column("organization_id", Text, ForeignKey("organizations.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    # One of the two: a line of the log, or something reported. Neither can go away.
    Column("event_id", BigInteger, unique=True),
    Column("reported_id", BigInteger, unique=True),
    Column("team_id", Text, nullable=False),
    Column("task_id", Text),
    # What it is filtered by: type and state after it, or what was reported.
    Column("word", Text, nullable=False),
    # Whole milliseconds, rising with seq.
    Column("at_us", BigInteger, nullable=False),
    UniqueConstraint("organization_id", "at_us"),
    CheckConstraint("(event_id IS NULL) != (reported_id IS NULL)", name="one_source"),
    CheckConstraint("at_us = at_us / 1000 * 1000", name="milliseconds"),
    Index(None, "team_id", "seq"),
    Index(None, "task_id", "seq"),
)

feed_heads = Table(
    "feed_heads",
    metadata,
    Column("organization_id", Text, ForeignKey("organizations.id"), primary_key=True),
    # The newest place that was given, and its time.
    Column("seq", BigInteger, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    # Up to these every event has a place, and none will turn up any more.
    Column("settled_id", BigInteger, nullable=False),
    Column("settled_reported_id", BigInteger, nullable=False),
    # The highest that have a place: below them some may be in transactions under way.
    Column("newest_id", BigInteger, nullable=False),
    Column("newest_reported_id", BigInteger, nullable=False),
    # What they were at a moment; once no transaction is as old as that, they are settled.
    Column("marked_id", BigInteger, nullable=False),
    Column("marked_reported_id", BigInteger, nullable=False),
    Column("marked_at_us", BigInteger, nullable=False),
)

reported_events = Table(
    "reported_events",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    Column("team_id", Text, ForeignKey("teams.id"), nullable=False),
    Column("task_id", Text, ForeignKey("tasks.id")),
    Column("run_id", Text, ForeignKey("runs.id")),
    Column("type", Text, nullable=False),
    # Who it says did it, and who really said so.
    Column("actor", Text, nullable=False),
    Column("said_by", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    one_of("type", ReportedType),
    Index(None, "organization_id", "id"),
    sqlite_autoincrement=True,
)
