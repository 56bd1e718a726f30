"""Who there is: organizations, people, their keys, and how often they tried."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text

from hiringhall.domain.members import MemberRole
from hiringhall.store.tables.base import Serial, flag, metadata, one_of

organizations = Table(
    "organizations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("short_id", Text, nullable=False, unique=True),
    *flag("spec_approval"),
    Column("created_at_us", BigInteger, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False),
    # The address folded, so that one mailbox is one account whatever its letter case. Null where
    # the address has an account already: this one is reached by its keys alone.
    Column("email_folded", Text, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text),
    *flag("is_admin"),
    Column("created_at_us", BigInteger, nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("user_id", Text, ForeignKey("users.id"), primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), primary_key=True),
    Column("joined_at_us", BigInteger, nullable=False),
    Column("role", Text, nullable=False),
    # When a browser of theirs was last seen in it: there the next one begins.
    Column("seen_at_us", BigInteger),
    one_of("role", MemberRole),
    Index(None, "organization_id"),
)

member_invitations = Table(
    "member_invitations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    Column("email", Text, nullable=False),
    Column("role", Text, nullable=False),
    # SHA-256 of a secret that was sent to the address, and shown to nobody else.
    Column("secret_sha256", LargeBinary, nullable=False, unique=True),
    Column("invited_by", Text, ForeignKey("users.id"), nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False),
    # Used, or taken back.
    Column("closed_at_us", BigInteger),
    one_of("role", MemberRole),
    Index(None, "organization_id", "id"),
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
    # To some minutes; null: never.
    Column("used_at_us", BigInteger),
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
    # Whoever takes it runs the hall, as long as nobody does: `serve` prints one.
    *flag("makes_admin"),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", Text, primary_key=True),
    # SHA-256 of 256 random bits; the secret itself is in a browser's cookie and nowhere else.
    Column("secret_sha256", LargeBinary, nullable=False, unique=True),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("seen_at_us", BigInteger, nullable=False),
    Index(None, "user_id"),
    Index(None, "seen_at_us"),
)

registrations = Table(
    "registrations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("token_sha256", LargeBinary, nullable=False, unique=True),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("invitation_sha256", LargeBinary),
    Column("created_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False),
    Column("confirmed_at_us", BigInteger),
    # The key was given out; it is shown to nobody else.
    Column("claimed_at_us", BigInteger),
    Index(None, "expires_at_us"),
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
