"""What a worker lays by for its next deliverable, files and criteria; and what that changes."""

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
)

from hiringhall.store.tables.base import flag, metadata

attachments = Table(
    "attachments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("blob_key", Text, nullable=False),
    Column("attached_at_us", BigInteger, nullable=False),
    UniqueConstraint("task_id", "name"),
    CheckConstraint("size_bytes >= 0", name="size"),
    # Asked for when bytes that belong to nothing are looked for.
    Index(None, "blob_key"),
)

patches = Table(
    "patches",
    metadata,
    Column("deliverable_id", Text, ForeignKey("deliverables.id"), primary_key=True),
    Column("changed_files", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("blob_key", Text, nullable=False),
    *flag("is_cut"),
    CheckConstraint("size_bytes >= 0", name="size"),
    # Asked for when bytes that belong to nothing are looked for.
    Index(None, "blob_key"),
)

criteria_checks = Table(
    "criteria_checks",
    metadata,
    Column("task_id", Text, ForeignKey("tasks.id"), primary_key=True),
    # How often the task had been sent back: what was met before may not be now.
    Column("round", BigInteger, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    *flag("met"),
    Column("evidence", Text, nullable=False),
    Column("checked_at_us", BigInteger, nullable=False),
)
