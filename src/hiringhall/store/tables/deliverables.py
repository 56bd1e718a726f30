"""What was handed in."""

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

from hiringhall.store.tables.base import metadata

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
    # Asked for when bytes that belong to nothing are looked for.
    Index(None, "blob_key"),
)
