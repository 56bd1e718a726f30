"""Standing workspaces, and the kinds of worker in them."""

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

from hiringhall.domain.teams import Autonomy, SecretName
from hiringhall.store.tables.base import flag, metadata, one_of

teams = Table(
    "teams",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    Column("name", Text, nullable=False),
    *flag("is_default"),
    Column("goal", Text),
    Column("autonomy", Text, nullable=False),
    # What the team's people keep here, as JSON; null until something is.
    Column("config", Text),
    Column("playbook", Text),
    # Of the config, where the queue finds it: how many runs at once; null: as many as there are.
    Column("max_workers", BigInteger),
    Column("created_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
    one_of("autonomy", Autonomy),
    CheckConstraint("max_workers >= 0", name="max_workers"),
    Index(None, "organization_id"),
    Index(
        "ix_teams_autonomous",
        "id",
        sqlite_where=text("autonomy = 'autonomous'"),
        postgresql_where=text("autonomy = 'autonomous'"),
    ),
    Index(
        "uq_teams_default",
        "organization_id",
        unique=True,
        sqlite_where=text("is_default = 1"),
        postgresql_where=text("is_default = 1"),
    ),
)

team_secrets = Table(
    "team_secrets",
    metadata,
    Column("team_id", Text, ForeignKey("teams.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    # Readable with the hall's key alone, which is not in the database.
    Column("sealed", LargeBinary, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
    one_of("name", SecretName),
)

roles = Table(
    "roles",
    metadata,
    Column("id", Text, primary_key=True),
    Column("team_id", Text, ForeignKey("teams.id"), nullable=False),
    Column("name", Text, nullable=False),
    # Null: whatever does work that no role says otherwise of.
    Column("runtime", Text),
    # What the runtime reads: system_prompt, argv, timeout_s, read-only mounts …, as JSON.
    Column("config", Text, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
    UniqueConstraint("team_id", "name"),
)
