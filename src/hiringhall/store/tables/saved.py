"""What was saved of tasks' work for their next runs, wherever those are."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
)

from hiringhall.store.tables.base import flag, metadata

saved_work = Table(
    "saved_work",
    metadata,
    Column("task_id", Text, ForeignKey("tasks.id"), primary_key=True),
    Column("part", Text, primary_key=True),
    Column("generation", BigInteger, nullable=False),
    Column("mark", Text, nullable=False),
    Column("blob_key", Text),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    *flag("at_work"),
    Column("saved_at_us", BigInteger, nullable=False),
    CheckConstraint("part IN ('run', 'session', 'wip', 'tip')", name="part"),
    CheckConstraint("size_bytes >= 0", name="size"),
    # Asked for when bytes that belong to nothing are looked for.
    Index(None, "blob_key"),
)
