"""Standing workspaces, and the kinds of worker in them."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text, text

from hiringhall.store.tables.base import flag, metadata

teams = Table(
    "teams",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    Column("name", Text, nullable=False),
    *flag("is_default"),
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
