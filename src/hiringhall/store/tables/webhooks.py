"""Outgoing webhooks: where events go to, each on its way, and each attempt at it."""

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

from hiringhall.domain.webhooks import MOST_ENDPOINTS, DeliveryState, EndpointState
from hiringhall.store.tables.base import metadata, one_of

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    # Each has a place of its own among the few that an organization may have.
    Column("slot", BigInteger, nullable=False),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False),
    # JSON array of types of events; null takes all.
    Column("types", Text),
    Column("team_id", Text, ForeignKey("teams.id")),
    Column("state", Text, nullable=False),
    Column("disabled_because", Text, nullable=False),
    Column("secret_sealed", LargeBinary, nullable=False),
    Column("previous_sealed", LargeBinary),
    Column("previous_until_us", BigInteger),
    # Up to this place in the feed deliveries have been made.
    Column("cursor", BigInteger, nullable=False),
    Column("next_due_us", BigInteger),
    Column("rest_until_us", BigInteger, nullable=False),
    # Who has it in hand, as a number that rises, and until when.
    Column("claim", BigInteger, nullable=False),
    Column("lease_until_us", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("failing_since_us", BigInteger),
    Column("created_by", Text, ForeignKey("users.id")),
    Column("created_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
    one_of("state", EndpointState),
    CheckConstraint(f"slot BETWEEN 1 AND {MOST_ENDPOINTS}", name="slot"),
    CheckConstraint("(failures = 0) = (failing_since_us IS NULL)", name="failing"),
    Index(
        "uq_webhook_endpoints_slot",
        "organization_id",
        "slot",
        unique=True,
        sqlite_where=text("state <> 'deleted'"),
        postgresql_where=text("state <> 'deleted'"),
    ),
    Index(
        "ix_webhook_endpoints_due",
        "next_due_us",
        sqlite_where=text("state = 'enabled'"),
        postgresql_where=text("state = 'enabled'"),
    ),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    # What is sent as `webhook-id`, in each attempt.
    Column("id", Text, primary_key=True),
    Column("endpoint_id", Text, ForeignKey("webhook_endpoints.id"), nullable=False),
    # The event's place in its organization's feed; null for a ping.
    Column("seq", BigInteger),
    Column("type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", BigInteger, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("due_at_us", BigInteger),
    Column("created_at_us", BigInteger, nullable=False),
    Column("ended_at_us", BigInteger),
    one_of("state", DeliveryState),
    CheckConstraint("(state = 'pending') = (due_at_us IS NOT NULL)", name="due"),
    CheckConstraint("(state = 'pending') = (ended_at_us IS NULL)", name="ended"),
    UniqueConstraint("endpoint_id", "seq"),
    Index(None, "endpoint_id", "id"),
    Index(
        "ix_webhook_deliveries_due",
        "endpoint_id",
        "due_at_us",
        "seq",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index("ix_webhook_deliveries_ended", "ended_at_us"),
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("delivery_id", Text, ForeignKey("webhook_deliveries.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("took_ms", BigInteger, nullable=False),
    # The answer's, or why there was none.
    Column("status", BigInteger),
    Column("error", Text, nullable=False),
    # Its first bytes, as text.
    Column("answer", Text, nullable=False),
)
