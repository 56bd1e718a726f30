"""The first tables."""
# ruff: noqa: E501  as generated

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_attempts_bucket_at_us"), "attempts", ["bucket", "at_us"], unique=False)
    op.create_table(
        "board_counts",
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("on_offer", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("on_offer >= 0", name=op.f("ck_board_counts_not_negative")),
        sa.PrimaryKeyConstraint("category", "part", name=op.f("pk_board_counts")),
    )
    op.create_table(
        "buckets",
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_buckets")),
    )
    op.create_table(
        "budgets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("cap_micros", sa.BigInteger(), nullable=True),
        sa.Column("owners_cap_micros", sa.BigInteger(), nullable=True),
        sa.Column("spent_micros", sa.BigInteger(), nullable=False),
        sa.Column("reserved_micros", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "owners_cap_micros IS NULL OR (owners_cap_micros >= 0 AND scope IN ('team', 'organization'))",
            name=op.f("ck_budgets_owners_cap"),
        ),
        sa.CheckConstraint(
            "scope IN ('run', 'task', 'team', 'organization', 'own')", name=op.f("ck_budgets_scope")
        ),
        sa.CheckConstraint("cap_micros IS NULL OR cap_micros >= 0", name=op.f("ck_budgets_cap")),
        sa.CheckConstraint(
            "spent_micros >= 0 AND reserved_micros >= 0 AND calls >= 0 AND tokens >= 0",
            name=op.f("ck_budgets_not_negative"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budgets")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "organization_id", "route", "key", name=op.f("pk_idempotency_keys")
        ),
    )
    op.create_index(
        op.f("ix_idempotency_keys_created_at_us"),
        "idempotency_keys",
        ["created_at_us"],
        unique=False,
    )
    op.create_table(
        "nodes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("places", sa.BigInteger(), nullable=False),
        sa.Column("runtimes", sa.Text(), nullable=False),
        sa.Column("default_runtime", sa.Text(), nullable=True),
        sa.Column("key_check", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("lease_s", sa.BigInteger(), nullable=False),
        sa.Column("started_at_us", sa.BigInteger(), nullable=False),
        sa.Column("seen_at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("places >= 0", name=op.f("ck_nodes_places")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nodes")),
    )
    op.create_table(
        "organizations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("short_id", sa.Text(), nullable=False),
        sa.Column("spec_approval", sa.BigInteger(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("spec_approval IN (0, 1)", name=op.f("ck_organizations_spec_approval")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
        sa.UniqueConstraint("short_id", name=op.f("uq_organizations_short_id")),
    )
    op.create_table(
        "provider_notices",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("notice_id", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "notice_id", name=op.f("pk_provider_notices")),
    )
    op.create_index(op.f("ix_provider_notices_at_us"), "provider_notices", ["at_us"], unique=False)
    op.create_table(
        "registrations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("invitation_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at_us", sa.BigInteger(), nullable=True),
        sa.Column("claimed_at_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_registrations_token_sha256")),
    )
    op.create_index(
        op.f("ix_registrations_expires_at_us"), "registrations", ["expires_at_us"], unique=False
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_folded", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("is_admin", sa.BigInteger(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("is_admin IN (0, 1)", name=op.f("ck_users_is_admin")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_folded", name=op.f("uq_users_email_folded")),
    )
    op.create_table(
        "agents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("task_force", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("key_prefix", sa.Text(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'approved', 'suspended')", name=op.f("ck_agents_state")
        ),
        sa.CheckConstraint("task_force IN (0, 1)", name=op.f("ck_agents_task_force")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_agents_created_by")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_agents_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agents")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_agents_secret_sha256")),
    )
    op.create_index(
        op.f("ix_agents_organization_id_id"), "agents", ["organization_id", "id"], unique=False
    )
    op.create_index(
        "ix_agents_pending",
        "agents",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_agents_task_force",
        "agents",
        ["id"],
        unique=False,
        sqlite_where=sa.text("task_force = 1 AND state = 'approved'"),
        postgresql_where=sa.text("task_force = 1 AND state = 'approved'"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at_us", sa.BigInteger(), nullable=True),
        sa.Column("used_at_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_api_keys_organization_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_keys_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_api_keys_secret_sha256")),
    )
    op.create_index(
        op.f("ix_api_keys_organization_id"), "api_keys", ["organization_id"], unique=False
    )
    op.create_table(
        "credit_days",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("used >= 0", name=op.f("ck_credit_days_used")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_credit_days_user_id")),
        sa.PrimaryKeyConstraint("user_id", "day", name=op.f("pk_credit_days")),
    )
    op.create_table(
        "deposits",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("booked_by", sa.Text(), nullable=True),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("settled_at_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'pending') = (settled_at_us IS NULL)", name=op.f("ck_deposits_settled")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'paid', 'failed')", name=op.f("ck_deposits_state")
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_deposits_amount")),
        sa.ForeignKeyConstraint(["booked_by"], ["users.id"], name=op.f("fk_deposits_booked_by")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_deposits_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposits")),
    )
    op.create_index(
        op.f("ix_deposits_organization_id_id"), "deposits", ["organization_id", "id"], unique=False
    )
    op.create_index(
        "uq_deposits_reference",
        "deposits",
        ["provider", "reference"],
        unique=True,
        sqlite_where=sa.text("reference IS NOT NULL"),
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_table(
        "feed",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("reported_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(event_id IS NULL) != (reported_id IS NULL)", name=op.f("ck_feed_one_source")
        ),
        sa.CheckConstraint("at_us = at_us / 1000 * 1000", name=op.f("ck_feed_milliseconds")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_feed_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "seq", name=op.f("pk_feed")),
        sa.UniqueConstraint("event_id", name=op.f("uq_feed_event_id")),
        sa.UniqueConstraint("organization_id", "at_us", name=op.f("uq_feed_organization_id_at_us")),
        sa.UniqueConstraint("reported_id", name=op.f("uq_feed_reported_id")),
    )
    op.create_index(op.f("ix_feed_task_id_seq"), "feed", ["task_id", "seq"], unique=False)
    op.create_index(op.f("ix_feed_team_id_seq"), "feed", ["team_id", "seq"], unique=False)
    op.create_table(
        "feed_heads",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("settled_id", sa.BigInteger(), nullable=False),
        sa.Column("settled_reported_id", sa.BigInteger(), nullable=False),
        sa.Column("newest_id", sa.BigInteger(), nullable=False),
        sa.Column("newest_reported_id", sa.BigInteger(), nullable=False),
        sa.Column("marked_id", sa.BigInteger(), nullable=False),
        sa.Column("marked_reported_id", sa.BigInteger(), nullable=False),
        sa.Column("marked_at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_feed_heads_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_feed_heads")),
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
        sa.Column("used_by", sa.Text(), nullable=True),
        sa.Column("makes_admin", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("makes_admin IN (0, 1)", name=op.f("ck_invitations_makes_admin")),
        sa.ForeignKeyConstraint(["used_by"], ["users.id"], name=op.f("fk_invitations_used_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_invitations_secret_sha256")),
    )
    op.create_table(
        "member_invitations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.Text(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
        sa.Column("closed_at_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("role IN ('owner', 'member')", name=op.f("ck_member_invitations_role")),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["users.id"], name=op.f("fk_member_invitations_invited_by")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_member_invitations_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_invitations")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_member_invitations_secret_sha256")),
    )
    op.create_index(
        op.f("ix_member_invitations_organization_id_id"),
        "member_invitations",
        ["organization_id", "id"],
        unique=False,
    )
    op.create_table(
        "memberships",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("joined_at_us", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("seen_at_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("role IN ('owner', 'member')", name=op.f("ck_memberships_role")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_memberships_organization_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id")),
        sa.PrimaryKeyConstraint("user_id", "organization_id", name=op.f("pk_memberships")),
    )
    op.create_index(
        op.f("ix_memberships_organization_id"), "memberships", ["organization_id"], unique=False
    )
    op.create_table(
        "payees",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("ready", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("ready IN (0, 1)", name=op.f("ck_payees_ready")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_payees_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "provider", name=op.f("pk_payees")),
    )
    op.create_index("uq_payees_reference", "payees", ["provider", "reference"], unique=True)
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("seen_at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_sign_ins_organization_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sign_ins_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_sign_ins_secret_sha256")),
    )
    op.create_index(op.f("ix_sign_ins_seen_at_us"), "sign_ins", ["seen_at_us"], unique=False)
    op.create_index(op.f("ix_sign_ins_user_id"), "sign_ins", ["user_id"], unique=False)
    op.create_table(
        "teams",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_default", sa.BigInteger(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=True),
        sa.Column("autonomy", sa.Text(), nullable=False),
        sa.Column("config", sa.Text(), nullable=True),
        sa.Column("playbook", sa.Text(), nullable=True),
        sa.Column("max_workers", sa.BigInteger(), nullable=True),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "autonomy IN ('supervised', 'autonomous')", name=op.f("ck_teams_autonomy")
        ),
        sa.CheckConstraint("is_default IN (0, 1)", name=op.f("ck_teams_is_default")),
        sa.CheckConstraint("max_workers >= 0", name=op.f("ck_teams_max_workers")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_teams_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
    )
    op.create_index(
        "ix_teams_autonomous",
        "teams",
        ["id"],
        unique=False,
        sqlite_where=sa.text("autonomy = 'autonomous'"),
        postgresql_where=sa.text("autonomy = 'autonomous'"),
    )
    op.create_index(op.f("ix_teams_organization_id"), "teams", ["organization_id"], unique=False)
    op.create_index(
        "uq_teams_default",
        "teams",
        ["organization_id"],
        unique=True,
        sqlite_where=sa.text("is_default = 1"),
        postgresql_where=sa.text("is_default = 1"),
    )
    op.create_table(
        "cap_changes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("is_halls", sa.BigInteger(), nullable=False),
        sa.Column("was_micros", sa.BigInteger(), nullable=True),
        sa.Column("cap_micros", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("is_halls IN (0, 1)", name=op.f("ck_cap_changes_is_halls")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_cap_changes_organization_id")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_cap_changes_team_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_cap_changes_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cap_changes")),
    )
    op.create_index(
        op.f("ix_cap_changes_organization_id_id"),
        "cap_changes",
        ["organization_id", "id"],
        unique=False,
    )
    op.create_table(
        "roles",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("runtime", sa.Text(), nullable=True),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_roles_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint("team_id", "name", name=op.f("uq_roles_team_id_name")),
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("engagement", sa.Text(), nullable=False),
        sa.Column("acceptance", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("waiting_for", sa.Text(), nullable=False),
        sa.Column("waiting_reason", sa.Text(), nullable=False),
        sa.Column("waiting_until_us", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("revisions", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("repository", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("spec_approval", sa.BigInteger(), nullable=False),
        sa.Column("plan_approved", sa.BigInteger(), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=True),
        sa.Column("question_id", sa.Text(), nullable=True),
        sa.Column("deliverable_id", sa.Text(), nullable=True),
        sa.Column("plan_id", sa.Text(), nullable=True),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sa.Column("last_activity_at_us", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("accept_criteria", sa.Text(), nullable=True),
        sa.Column("created_label", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'awaiting_reply') = (waiting_for IN ('reply', 'plan_decision', 'budget_decision'))",
            name=op.f("ck_tasks_awaiting_reply_waits"),
        ),
        sa.CheckConstraint(
            "acceptance IN ('poster', 'on_delivery')", name=op.f("ck_tasks_acceptance")
        ),
        sa.CheckConstraint(
            "engagement IN ('staff', 'claim', 'proposals', 'task_force')",
            name=op.f("ck_tasks_engagement"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'open', 'selecting', 'assigned', 'in_progress', 'awaiting_reply', 'in_review', 'revising', 'disputed', 'done', 'failed', 'cancelled', 'expired')",
            name=op.f("ck_tasks_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('done', 'failed', 'cancelled', 'expired') OR waiting_for = 'nothing'",
            name=op.f("ck_tasks_final_waits_for_nothing"),
        ),
        sa.CheckConstraint(
            "waiting_for IN ('nothing', 'worker', 'poster', 'reply', 'plan_decision', 'budget_decision', 'until', 'dependency')",
            name=op.f("ck_tasks_waiting_for"),
        ),
        sa.CheckConstraint("plan_approved IN (0, 1)", name=op.f("ck_tasks_plan_approved")),
        sa.CheckConstraint("price_cents IS NULL OR price_cents > 0", name=op.f("ck_tasks_price")),
        sa.CheckConstraint("spec_approval IN (0, 1)", name=op.f("ck_tasks_spec_approval")),
        sa.CheckConstraint(
            "version > 0 AND generation >= 0 AND revisions >= 0", name=op.f("ck_tasks_counters")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_tasks_created_by")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_tasks_organization_id")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["tasks.id"], name=op.f("fk_tasks_parent_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_tasks_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    op.create_index(
        "ix_tasks_failed",
        "tasks",
        ["organization_id", "last_activity_at_us"],
        unique=False,
        sqlite_where=sa.text("state = 'failed'"),
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_index(
        "ix_tasks_held_up",
        "tasks",
        ["team_id", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'open' AND waiting_for IN ('poster', 'dependency')"),
        postgresql_where=sa.text("state = 'open' AND waiting_for IN ('poster', 'dependency')"),
    )
    op.create_index(
        op.f("ix_tasks_organization_id_id"), "tasks", ["organization_id", "id"], unique=False
    )
    op.create_index(
        "ix_tasks_parent",
        "tasks",
        ["parent_id", "id"],
        unique=False,
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index(
        "ix_tasks_priced",
        "tasks",
        ["organization_id", "id"],
        unique=False,
        sqlite_where=sa.text("price_cents IS NOT NULL"),
        postgresql_where=sa.text("price_cents IS NOT NULL"),
    )
    op.create_index(
        "ix_tasks_ready",
        "tasks",
        ["team_id", sa.literal_column("priority DESC"), "id"],
        unique=False,
        sqlite_where=sa.text("state = 'open' AND waiting_for = 'poster' AND role IS NOT NULL"),
        postgresql_where=sa.text("state = 'open' AND waiting_for = 'poster' AND role IS NOT NULL"),
    )
    op.create_index(op.f("ix_tasks_team_id_id"), "tasks", ["team_id", "id"], unique=False)
    op.create_index(
        op.f("ix_tasks_team_id_state_priority_id"),
        "tasks",
        ["team_id", "state", "priority", "id"],
        unique=False,
    )
    op.create_index(
        "ix_tasks_under_way",
        "tasks",
        ["organization_id", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('assigned', 'in_progress', 'open', 'revising')"),
        postgresql_where=sa.text("state IN ('assigned', 'in_progress', 'open', 'revising')"),
    )
    op.create_index(
        "ix_tasks_waiting_for_worker",
        "tasks",
        ["id"],
        unique=False,
        sqlite_where=sa.text("waiting_for = 'worker'"),
        postgresql_where=sa.text("waiting_for = 'worker'"),
    )
    op.create_index(
        "ix_tasks_waits_for_poster",
        "tasks",
        ["organization_id", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('awaiting_reply', 'disputed', 'in_review', 'selecting')"),
        postgresql_where=sa.text(
            "state IN ('awaiting_reply', 'disputed', 'in_review', 'selecting')"
        ),
    )
    op.create_table(
        "team_secrets",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "name IN ('githubToken', 'anthropicApiKey')", name=op.f("ck_team_secrets_name")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_secrets_team_id")),
        sa.PrimaryKeyConstraint("team_id", "name", name=op.f("pk_team_secrets")),
    )
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("types", sa.Text(), nullable=True),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("disabled_because", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("previous_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until_us", sa.BigInteger(), nullable=True),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("next_due_us", sa.BigInteger(), nullable=True),
        sa.Column("rest_until_us", sa.BigInteger(), nullable=False),
        sa.Column("claim", sa.BigInteger(), nullable=False),
        sa.Column("lease_until_us", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("failing_since_us", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('enabled', 'disabled', 'deleted')", name=op.f("ck_webhook_endpoints_state")
        ),
        sa.CheckConstraint(
            "(failures = 0) = (failing_since_us IS NULL)", name=op.f("ck_webhook_endpoints_failing")
        ),
        sa.CheckConstraint("slot BETWEEN 1 AND 20", name=op.f("ck_webhook_endpoints_slot")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_webhook_endpoints_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_webhook_endpoints_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["teams.id"], name=op.f("fk_webhook_endpoints_team_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
    )
    op.create_index(
        "ix_webhook_endpoints_due",
        "webhook_endpoints",
        ["next_due_us"],
        unique=False,
        sqlite_where=sa.text("state = 'enabled'"),
        postgresql_where=sa.text("state = 'enabled'"),
    )
    op.create_index(
        "uq_webhook_endpoints_slot",
        "webhook_endpoints",
        ["organization_id", "slot"],
        unique=True,
        sqlite_where=sa.text("state <> 'deleted'"),
        postgresql_where=sa.text("state <> 'deleted'"),
    )
    op.create_table(
        "attachments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("blob_key", sa.Text(), nullable=False),
        sa.Column("attached_at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_attachments_size")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_attachments_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("task_id", "name", name=op.f("uq_attachments_task_id_name")),
    )
    op.create_index(op.f("ix_attachments_blob_key"), "attachments", ["blob_key"], unique=False)
    op.create_table(
        "board",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("closes_at_us", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("engagement", sa.Text(), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("time_limit_min", sa.BigInteger(), nullable=False),
        sa.Column("max_proposals", sa.BigInteger(), nullable=False),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_board_task_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_board")),
    )
    op.create_index(
        op.f("ix_board_category_task_id"), "board", ["category", "task_id"], unique=False
    )
    op.create_index(op.f("ix_board_closes_at_us"), "board", ["closes_at_us"], unique=False)
    op.create_table(
        "criteria_checks",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("met", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("checked_at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("met IN (0, 1)", name=op.f("ck_criteria_checks_met")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_criteria_checks_task_id")),
        sa.PrimaryKeyConstraint("task_id", "round", "number", name=op.f("pk_criteria_checks")),
    )
    op.create_table(
        "deliverables",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=True),
        sa.Column("commit_id", sa.Text(), nullable=True),
        sa.Column("accepted", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("submitted_at_us", sa.BigInteger(), nullable=False),
        sa.Column("decided_at_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "accepted IS NULL OR accepted IN (0, 1)", name=op.f("ck_deliverables_accepted")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_deliverables_number")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_deliverables_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliverables")),
        sa.UniqueConstraint("task_id", "number", name=op.f("uq_deliverables_task_id_number")),
    )
    op.create_index(
        "uq_deliverables_run",
        "deliverables",
        ["run_id"],
        unique=True,
        sqlite_where=sa.text("run_id IS NOT NULL"),
        postgresql_where=sa.text("run_id IS NOT NULL"),
    )
    op.create_table(
        "events",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("waiting_for", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'open', 'selecting', 'assigned', 'in_progress', 'awaiting_reply', 'in_review', 'revising', 'disputed', 'done', 'failed', 'cancelled', 'expired')",
            name=op.f("ck_events_state"),
        ),
        sa.CheckConstraint(
            "waiting_for IN ('nothing', 'worker', 'poster', 'reply', 'plan_decision', 'budget_decision', 'until', 'dependency')",
            name=op.f("ck_events_waiting_for"),
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_events_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("task_id", "number", name=op.f("uq_events_task_id_number")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_events_organization_id_id"), "events", ["organization_id", "id"], unique=False
    )
    op.create_table(
        "force_plannings",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at_us", sa.BigInteger(), nullable=False),
        sa.Column("asked_at_us", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "reviewer IN ('manager', 'buyer')", name=op.f("ck_force_plannings_reviewer")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_force_plannings_attempts")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_force_plannings_task_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_force_plannings")),
    )
    op.create_index(
        op.f("ix_force_plannings_due_at_us"), "force_plannings", ["due_at_us"], unique=False
    )
    op.create_table(
        "forces",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("planned_by", sa.Text(), nullable=False),
        sa.CheckConstraint("reviewer IN ('manager', 'buyer')", name=op.f("ck_forces_reviewer")),
        sa.CheckConstraint(
            "state IN ('planning', 'planned', 'working', 'closing')", name=op.f("ck_forces_state")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_forces_task_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_forces")),
    )
    op.create_table(
        "holds",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("fee_basis_points", sa.BigInteger(), nullable=False),
        sa.Column("fee_on_top", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("paid_cents", sa.BigInteger(), nullable=True),
        sa.Column("fee_cents", sa.BigInteger(), nullable=True),
        sa.Column("refund_cents", sa.BigInteger(), nullable=True),
        sa.Column("taken_at_us", sa.BigInteger(), nullable=False),
        sa.Column("settled_at_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'held' AND paid_cents IS NULL AND fee_cents IS NULL AND refund_cents IS NULL) OR (state <> 'held' AND paid_cents IS NOT NULL AND fee_cents IS NOT NULL AND refund_cents IS NOT NULL AND paid_cents >= 0 AND fee_cents >= 0 AND refund_cents >= 0 AND paid_cents + fee_cents + refund_cents = amount_cents)",
            name=op.f("ck_holds_adds_up"),
        ),
        sa.CheckConstraint(
            "(state = 'held') = (settled_at_us IS NULL)", name=op.f("ck_holds_settled")
        ),
        sa.CheckConstraint(
            "state IN ('held', 'released', 'refunded', 'split')", name=op.f("ck_holds_state")
        ),
        sa.CheckConstraint("fee_basis_points BETWEEN 0 AND 5000", name=op.f("ck_holds_fee")),
        sa.CheckConstraint("fee_on_top IN (0, 1)", name=op.f("ck_holds_fee_on_top")),
        sa.CheckConstraint(
            "price_cents > 0 AND amount_cents >= price_cents", name=op.f("ck_holds_price")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_holds_organization_id")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_holds_task_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_holds")),
    )
    op.create_index(
        "ix_holds_held",
        "holds",
        ["organization_id"],
        unique=False,
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_table(
        "ledger_accounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=True),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("balance_cents", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(organization_id IS NOT NULL) = (kind IN ('available', 'earned', 'escrow'))",
            name=op.f("ck_ledger_accounts_owner"),
        ),
        sa.CheckConstraint(
            "(task_id IS NOT NULL) = (kind = 'escrow')", name=op.f("ck_ledger_accounts_escrow")
        ),
        sa.CheckConstraint(
            "kind IN ('available', 'earned', 'escrow', 'fees', 'play_money', 'outside')",
            name=op.f("ck_ledger_accounts_kind"),
        ),
        sa.CheckConstraint(
            "(organization_id IS NULL) = (balance_cents IS NULL)",
            name=op.f("ck_ledger_accounts_kept"),
        ),
        sa.CheckConstraint(
            "balance_cents IS NULL OR balance_cents >= 0",
            name=op.f("ck_ledger_accounts_no_overdraft"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_ledger_accounts_organization_id"),
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_ledger_accounts_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_accounts")),
    )
    op.create_index(
        "uq_ledger_accounts_one_escrow",
        "ledger_accounts",
        ["task_id"],
        unique=True,
        sqlite_where=sa.text("task_id IS NOT NULL"),
        postgresql_where=sa.text("task_id IS NOT NULL"),
    )
    op.create_index(
        "uq_ledger_accounts_one_of_a_kind",
        "ledger_accounts",
        ["organization_id", "kind"],
        unique=True,
        sqlite_where=sa.text("task_id IS NULL"),
        postgresql_where=sa.text("task_id IS NULL"),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("sender_id", sa.Text(), nullable=True),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('text', 'summary', 'blocker', 'system')", name=op.f("ck_messages_kind")
        ),
        sa.CheckConstraint(
            "sender IN ('worker', 'manager', 'poster', 'hall')", name=op.f("ck_messages_sender")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_messages_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_sender_id"), "messages", ["sender_id"], unique=False)
    op.create_index(op.f("ix_messages_task_id_id"), "messages", ["task_id", "id"], unique=False)
    op.create_table(
        "payouts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("subtask_id", sa.Text(), nullable=True),
        sa.Column("paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("fee_cents", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("failed_because", sa.Text(), nullable=True),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state = 'failed') = (failed_because IS NOT NULL)", name=op.f("ck_payouts_failed")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'processing', 'paid', 'failed')", name=op.f("ck_payouts_state")
        ),
        sa.CheckConstraint(
            "paid_cents > 0 AND fee_cents >= 0 AND attempts >= 0", name=op.f("ck_payouts_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_payouts_organization_id")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_payouts_task_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_payouts_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
    )
    op.create_index(op.f("ix_payouts_agent_id_id"), "payouts", ["agent_id", "id"], unique=False)
    op.create_index(
        "ix_payouts_not_arrived",
        "payouts",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state <> 'paid'"),
        postgresql_where=sa.text("state <> 'paid'"),
    )
    op.create_index(
        op.f("ix_payouts_organization_id_id"), "payouts", ["organization_id", "id"], unique=False
    )
    op.create_index(op.f("ix_payouts_task_id"), "payouts", ["task_id"], unique=False)
    op.create_index(
        "ix_payouts_unpaid",
        "payouts",
        ["updated_at_us"],
        unique=False,
        sqlite_where=sa.text("state IN ('pending', 'processing')"),
        postgresql_where=sa.text("state IN ('pending', 'processing')"),
    )
    op.create_index(
        "uq_payouts_subtask",
        "payouts",
        ["subtask_id"],
        unique=True,
        sqlite_where=sa.text("subtask_id IS NOT NULL"),
        postgresql_where=sa.text("subtask_id IS NOT NULL"),
    )
    op.create_table(
        "plans",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("proposed_at_us", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_at_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "accepted IS NULL OR accepted IN (0, 1)", name=op.f("ck_plans_accepted")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_plans_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
    )
    op.create_index(op.f("ix_plans_task_id"), "plans", ["task_id"], unique=False)
    op.create_table(
        "proposals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("sample", sa.Text(), nullable=False),
        sa.Column("confidence_basis_points", sa.BigInteger(), nullable=True),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("estimated_min", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('submitted', 'shortlisted', 'accepted', 'declined', 'withdrawn', 'closed')",
            name=op.f("ck_proposals_state"),
        ),
        sa.CheckConstraint(
            "(agent_id IS NULL) <> (user_id IS NULL)", name=op.f("ck_proposals_worker")
        ),
        sa.CheckConstraint(
            "confidence_basis_points IS NULL OR confidence_basis_points BETWEEN 0 AND 10000",
            name=op.f("ck_proposals_confidence"),
        ),
        sa.CheckConstraint("price_cents > 0", name=op.f("ck_proposals_price")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_proposals_agent_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_proposals_organization_id")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_proposals_task_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_proposals_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        sa.UniqueConstraint("task_id", "worker_id", name=op.f("uq_proposals_task_id_worker_id")),
    )
    op.create_index(
        op.f("ix_proposals_worker_id_id"), "proposals", ["worker_id", "id"], unique=False
    )
    op.create_table(
        "questions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("questions", sa.Text(), nullable=False),
        sa.Column("asked_at_us", sa.BigInteger(), nullable=False),
        sa.Column("reply_text", sa.Text(), nullable=True),
        sa.Column("answers", sa.Text(), nullable=True),
        sa.Column("answered_at_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('clarifying', 'to_customer')", name=op.f("ck_questions_kind")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_questions_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
    )
    op.create_index(op.f("ix_questions_task_id"), "questions", ["task_id"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("steps_done", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("runtime", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("losses", sa.BigInteger(), nullable=False),
        sa.Column("previous_run_id", sa.Text(), nullable=True),
        sa.Column("node_id", sa.Text(), nullable=True),
        sa.Column("lease_until_us", sa.BigInteger(), nullable=True),
        sa.Column("queued_at_us", sa.BigInteger(), nullable=False),
        sa.Column("started_at_us", sa.BigInteger(), nullable=True),
        sa.Column("ended_at_us", sa.BigInteger(), nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=True),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('queued', 'starting', 'running')) = (ended_at_us IS NULL)",
            name=op.f("ck_runs_ended"),
        ),
        sa.CheckConstraint(
            "(state IN ('starting', 'running')) = (lease_until_us IS NOT NULL)",
            name=op.f("ck_runs_lease"),
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'starting', 'running', 'completed', 'failed', 'broken', 'lost', 'cancelled')",
            name=op.f("ck_runs_state"),
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_runs_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_runs_secret_sha256")),
        sa.UniqueConstraint("task_id", "generation", name=op.f("uq_runs_task_id_generation")),
    )
    op.create_index(
        "ix_runs_leased",
        "runs",
        ["lease_until_us"],
        unique=False,
        sqlite_where=sa.text("lease_until_us IS NOT NULL"),
        postgresql_where=sa.text("lease_until_us IS NOT NULL"),
    )
    op.create_index(
        "ix_runs_live",
        "runs",
        ["team_id"],
        unique=False,
        sqlite_where=sa.text("ended_at_us IS NULL"),
        postgresql_where=sa.text("ended_at_us IS NULL"),
    )
    op.create_index(
        "ix_runs_queue",
        "runs",
        ["team_id", "runtime", sa.literal_column("priority DESC"), "id"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(op.f("ix_runs_team_id_id"), "runs", ["team_id", "id"], unique=False)
    op.create_index(
        op.f("ix_runs_team_id_started_at_us_ended_at_us"),
        "runs",
        ["team_id", "started_at_us", "ended_at_us"],
        unique=False,
    )
    op.create_index(
        "uq_runs_one_live",
        "runs",
        ["task_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('queued', 'starting', 'running')"),
        postgresql_where=sa.text("state IN ('queued', 'starting', 'running')"),
    )
    op.create_table(
        "saved_work",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("blob_key", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("at_work", sa.BigInteger(), nullable=False),
        sa.Column("saved_at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "part IN ('run', 'session', 'wip', 'tip')", name=op.f("ck_saved_work_part")
        ),
        sa.CheckConstraint("at_work IN (0, 1)", name=op.f("ck_saved_work_at_work")),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_saved_work_size")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_saved_work_task_id")),
        sa.PrimaryKeyConstraint("task_id", "part", name=op.f("pk_saved_work")),
    )
    op.create_index(op.f("ix_saved_work_blob_key"), "saved_work", ["blob_key"], unique=False)
    op.create_table(
        "task_dependencies",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("depends_on_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "task_id <> depends_on_id", name=op.f("ck_task_dependencies_not_itself")
        ),
        sa.ForeignKeyConstraint(
            ["depends_on_id"], ["tasks.id"], name=op.f("fk_task_dependencies_depends_on_id")
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["tasks.id"], name=op.f("fk_task_dependencies_task_id")
        ),
        sa.PrimaryKeyConstraint("task_id", "depends_on_id", name=op.f("pk_task_dependencies")),
    )
    op.create_index(
        op.f("ix_task_dependencies_depends_on_id"),
        "task_dependencies",
        ["depends_on_id"],
        unique=False,
    )
    op.create_table(
        "terms",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("expected_output", sa.Text(), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("assets", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("deadline_us", sa.BigInteger(), nullable=True),
        sa.Column("expires_in_us", sa.BigInteger(), nullable=False),
        sa.Column("time_limit_min", sa.BigInteger(), nullable=False),
        sa.Column("max_proposals", sa.BigInteger(), nullable=False),
        sa.Column("fee_on_top", sa.BigInteger(), nullable=False),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.Column("closes_at_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "expires_in_us > 0 AND time_limit_min > 0 AND max_proposals > 0",
            name=op.f("ck_terms_positive"),
        ),
        sa.CheckConstraint("fee_on_top IN (0, 1)", name=op.f("ck_terms_fee_on_top")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_terms_task_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_terms")),
    )
    op.create_table(
        "timers",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_timers_task_id")),
        sa.PrimaryKeyConstraint("task_id", "kind", name=op.f("pk_timers")),
    )
    op.create_index(op.f("ix_timers_due_at_us"), "timers", ["due_at_us"], unique=False)
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("endpoint_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at_us", sa.BigInteger(), nullable=True),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_at_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'pending') = (due_at_us IS NOT NULL)", name=op.f("ck_webhook_deliveries_due")
        ),
        sa.CheckConstraint(
            "(state = 'pending') = (ended_at_us IS NULL)", name=op.f("ck_webhook_deliveries_ended")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'delivered', 'dead')", name=op.f("ck_webhook_deliveries_state")
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoints.id"],
            name=op.f("fk_webhook_deliveries_endpoint_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint(
            "endpoint_id", "seq", name=op.f("uq_webhook_deliveries_endpoint_id_seq")
        ),
    )
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["endpoint_id", "due_at_us", "seq"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_webhook_deliveries_ended", "webhook_deliveries", ["ended_at_us"], unique=False
    )
    op.create_index(
        op.f("ix_webhook_deliveries_endpoint_id_id"),
        "webhook_deliveries",
        ["endpoint_id", "id"],
        unique=False,
    )
    op.create_table(
        "assignments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("proposal_id", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("share_cents", sa.BigInteger(), nullable=False),
        sa.Column("alone", sa.BigInteger(), nullable=False),
        sa.Column("own", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("taken_at_us", sa.BigInteger(), nullable=False),
        sa.Column("due_at_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_at_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'active') = (ended_at_us IS NULL)", name=op.f("ck_assignments_ended")
        ),
        sa.CheckConstraint(
            "state IN ('active', 'completed', 'refused', 'lapsed', 'released', 'closed')",
            name=op.f("ck_assignments_state"),
        ),
        sa.CheckConstraint(
            "(agent_id IS NULL) <> (user_id IS NULL)", name=op.f("ck_assignments_worker")
        ),
        sa.CheckConstraint("alone IN (0, 1)", name=op.f("ck_assignments_alone")),
        sa.CheckConstraint("own IN (0, 1)", name=op.f("ck_assignments_own")),
        sa.CheckConstraint("share_cents > 0", name=op.f("ck_assignments_share")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_assignments_agent_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_assignments_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposals.id"], name=op.f("fk_assignments_proposal_id")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_assignments_task_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_assignments_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    op.create_index(
        "ix_assignments_active",
        "assignments",
        ["worker_id"],
        unique=False,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index(
        op.f("ix_assignments_task_id_id"), "assignments", ["task_id", "id"], unique=False
    )
    op.create_index(
        op.f("ix_assignments_worker_id_id"), "assignments", ["worker_id", "id"], unique=False
    )
    op.create_index(
        "uq_assignments_alone",
        "assignments",
        ["task_id"],
        unique=True,
        sqlite_where=sa.text("alone = 1 AND state = 'active'"),
        postgresql_where=sa.text("alone = 1 AND state = 'active'"),
    )
    op.create_table(
        "budget_questions",
        sa.Column("question_id", sa.Text(), nullable=False),
        sa.Column("budget_id", sa.Text(), nullable=False),
        sa.Column("cap_micros", sa.BigInteger(), nullable=False),
        sa.Column("add_micros", sa.BigInteger(), nullable=False),
        sa.Column("needed_micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "cap_micros >= 0 AND add_micros > 0 AND needed_micros >= 0",
            name=op.f("ck_budget_questions_amounts"),
        ),
        sa.ForeignKeyConstraint(
            ["budget_id"], ["budgets.id"], name=op.f("fk_budget_questions_budget_id")
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["questions.id"], name=op.f("fk_budget_questions_question_id")
        ),
        sa.PrimaryKeyConstraint("question_id", name=op.f("pk_budget_questions")),
    )
    op.create_table(
        "delivery_checks",
        sa.Column("deliverable_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at_us", sa.BigInteger(), nullable=False),
        sa.Column("made_at_us", sa.BigInteger(), nullable=False),
        sa.Column("done_at_us", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("score", sa.BigInteger(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('format', 'coherence')", name=op.f("ck_delivery_checks_kind")),
        sa.CheckConstraint("method IN ('rules', 'model')", name=op.f("ck_delivery_checks_method")),
        sa.CheckConstraint(
            "verdict IN ('passed', 'failed', 'unsure')", name=op.f("ck_delivery_checks_verdict")
        ),
        sa.CheckConstraint(
            "(done_at_us IS NULL) = (verdict IS NULL) AND (done_at_us IS NULL) = (score IS NULL) AND (done_at_us IS NULL) = (method IS NULL) AND (done_at_us IS NULL) = (said IS NULL)",
            name=op.f("ck_delivery_checks_done"),
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_delivery_checks_attempts")),
        sa.CheckConstraint(
            "score IS NULL OR (score >= 0 AND score <= 100)", name=op.f("ck_delivery_checks_score")
        ),
        sa.ForeignKeyConstraint(
            ["deliverable_id"], ["deliverables.id"], name=op.f("fk_delivery_checks_deliverable_id")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_delivery_checks_task_id")),
        sa.PrimaryKeyConstraint("deliverable_id", "kind", name=op.f("pk_delivery_checks")),
    )
    op.create_index(
        "ix_delivery_checks_due",
        "delivery_checks",
        ["due_at_us"],
        unique=False,
        sqlite_where=sa.text("done_at_us IS NULL"),
        postgresql_where=sa.text("done_at_us IS NULL"),
    )
    op.create_index(
        op.f("ix_delivery_checks_task_id"), "delivery_checks", ["task_id"], unique=False
    )
    op.create_table(
        "files",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("deliverable_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("blob_key", sa.Text(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_files_size")),
        sa.ForeignKeyConstraint(
            ["deliverable_id"], ["deliverables.id"], name=op.f("fk_files_deliverable_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_files_organization_id")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_files_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sa.UniqueConstraint("deliverable_id", "name", name=op.f("uq_files_deliverable_id_name")),
    )
    op.create_index(op.f("ix_files_blob_key"), "files", ["blob_key"], unique=False)
    op.create_table(
        "force_parts",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("brief", sa.Text(), nullable=False),
        sa.Column("share_cents", sa.BigInteger(), nullable=False),
        sa.Column("depends_on", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("time_limit_min", sa.BigInteger(), nullable=True),
        sa.Column("subtask_id", sa.Text(), nullable=True),
        sa.CheckConstraint("share_cents > 0", name=op.f("ck_force_parts_share")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_force_parts_agent_id")),
        sa.ForeignKeyConstraint(
            ["subtask_id"], ["tasks.id"], name=op.f("fk_force_parts_subtask_id")
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["forces.task_id"], name=op.f("fk_force_parts_task_id")
        ),
        sa.PrimaryKeyConstraint("task_id", "key", name=op.f("pk_force_parts")),
        sa.UniqueConstraint("subtask_id", name=op.f("uq_force_parts_subtask_id")),
    )
    op.create_table(
        "hold_parts",
        sa.Column("subtask_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("share_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("fee_cents", sa.BigInteger(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "share_cents > 0 AND paid_cents >= 0 AND fee_cents >= 0",
            name=op.f("ck_hold_parts_amounts"),
        ),
        sa.CheckConstraint("subtask_id <> task_id", name=op.f("ck_hold_parts_not_the_whole")),
        sa.ForeignKeyConstraint(
            ["subtask_id"], ["tasks.id"], name=op.f("fk_hold_parts_subtask_id")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["holds.task_id"], name=op.f("fk_hold_parts_task_id")),
        sa.PrimaryKeyConstraint("subtask_id", name=op.f("pk_hold_parts")),
    )
    op.create_index(op.f("ix_hold_parts_task_id"), "hold_parts", ["task_id"], unique=False)
    op.create_table(
        "ledger_transfers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("debit_account_id", sa.Text(), nullable=False),
        sa.Column("credit_account_id", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('opening_balance', 'deposit', 'hold', 'release', 'fee', 'refund', 'payout', 'payout_returned')",
            name=op.f("ck_ledger_transfers_kind"),
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_ledger_transfers_amount")),
        sa.CheckConstraint(
            "debit_account_id <> credit_account_id", name=op.f("ck_ledger_transfers_two_sides")
        ),
        sa.ForeignKeyConstraint(
            ["credit_account_id"],
            ["ledger_accounts.id"],
            name=op.f("fk_ledger_transfers_credit_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["debit_account_id"],
            ["ledger_accounts.id"],
            name=op.f("fk_ledger_transfers_debit_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["tasks.id"], name=op.f("fk_ledger_transfers_task_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transfers")),
    )
    op.create_index(
        op.f("ix_ledger_transfers_credit_account_id_id"),
        "ledger_transfers",
        ["credit_account_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_ledger_transfers_debit_account_id_id"),
        "ledger_transfers",
        ["debit_account_id", "id"],
        unique=False,
    )
    op.create_table(
        "model_calls",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("reserved_micros", sa.BigInteger(), nullable=False),
        sa.Column("reserved_at_us", sa.BigInteger(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=True),
        sa.Column("settled_at_us", sa.BigInteger(), nullable=True),
        sa.Column("settled_as", sa.Text(), nullable=True),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(settled_at_us IS NULL) = (cost_micros IS NULL)", name=op.f("ck_model_calls_settled")
        ),
        sa.CheckConstraint(
            "(settled_at_us IS NULL) = (settled_as IS NULL)", name=op.f("ck_model_calls_settled_as")
        ),
        sa.CheckConstraint(
            "cost_micros IS NULL OR cost_micros >= 0", name=op.f("ck_model_calls_cost")
        ),
        sa.CheckConstraint(
            "input_tokens >= 0 AND output_tokens >= 0 AND cached_tokens >= 0",
            name=op.f("ck_model_calls_tokens"),
        ),
        sa.CheckConstraint("reserved_micros >= 0", name=op.f("ck_model_calls_reserved")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_model_calls_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_calls")),
    )
    op.create_index(
        "ix_model_calls_errands",
        "model_calls",
        ["team_id", "reserved_at_us"],
        unique=False,
        sqlite_where=sa.text("run_id IS NULL"),
        postgresql_where=sa.text("run_id IS NULL"),
    )
    op.create_index(op.f("ix_model_calls_task_id"), "model_calls", ["task_id"], unique=False)
    op.create_index(
        "ix_model_calls_under_way",
        "model_calls",
        ["run_id"],
        unique=False,
        sqlite_where=sa.text("settled_at_us IS NULL"),
        postgresql_where=sa.text("settled_at_us IS NULL"),
    )
    op.create_table(
        "patches",
        sa.Column("deliverable_id", sa.Text(), nullable=False),
        sa.Column("changed_files", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("blob_key", sa.Text(), nullable=False),
        sa.Column("is_cut", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("is_cut IN (0, 1)", name=op.f("ck_patches_is_cut")),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_patches_size")),
        sa.ForeignKeyConstraint(
            ["deliverable_id"], ["deliverables.id"], name=op.f("fk_patches_deliverable_id")
        ),
        sa.PrimaryKeyConstraint("deliverable_id", name=op.f("pk_patches")),
    )
    op.create_index(op.f("ix_patches_blob_key"), "patches", ["blob_key"], unique=False)
    op.create_table(
        "reported_events",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "type IN ('progress', 'message', 'webhook_disabled')",
            name=op.f("ck_reported_events_type"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_reported_events_organization_id"),
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_reported_events_run_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_reported_events_task_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_reported_events_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reported_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_reported_events_organization_id_id"),
        "reported_events",
        ["organization_id", "id"],
        unique=False,
    )
    op.create_table(
        "usage_records",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("runtime", sa.Text(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "input_tokens >= 0 AND output_tokens >= 0 AND credits >= 0",
            name=op.f("ck_usage_records_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_usage_records_organization_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_usage_records_run_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_usage_records_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_records")),
    )
    op.create_index(op.f("ix_usage_records_task_id"), "usage_records", ["task_id"], unique=False)
    op.create_table(
        "webhook_attempts",
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("took_ms", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["webhook_deliveries.id"], name=op.f("fk_webhook_attempts_delivery_id")
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_webhook_attempts")),
    )
    op.create_table(
        "disputes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("assignment_id", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("poster_spoke", sa.BigInteger(), nullable=False),
        sa.Column("worker_spoke", sa.BigInteger(), nullable=False),
        sa.Column("poster_cents", sa.BigInteger(), nullable=True),
        sa.Column("worker_cents", sa.BigInteger(), nullable=True),
        sa.Column("outcome_cents", sa.BigInteger(), nullable=True),
        sa.Column("opened_at_us", sa.BigInteger(), nullable=False),
        sa.Column("closed_at_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'open') = (closed_at_us IS NULL)", name=op.f("ck_disputes_closed")
        ),
        sa.CheckConstraint(
            "(state IN ('open', 'redelivered')) = (outcome_cents IS NULL)",
            name=op.f("ck_disputes_outcome"),
        ),
        sa.CheckConstraint("opened_by IN ('poster', 'worker')", name=op.f("ck_disputes_opened_by")),
        sa.CheckConstraint(
            "state IN ('open', 'redelivered', 'agreed', 'resolved', 'timed_out')",
            name=op.f("ck_disputes_state"),
        ),
        sa.CheckConstraint(
            "coalesce(poster_cents, 0) >= 0 AND coalesce(worker_cents, 0) >= 0 AND coalesce(outcome_cents, 0) >= 0",
            name=op.f("ck_disputes_amounts"),
        ),
        sa.CheckConstraint("poster_spoke IN (0, 1)", name=op.f("ck_disputes_poster_spoke")),
        sa.CheckConstraint("worker_spoke IN (0, 1)", name=op.f("ck_disputes_worker_spoke")),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_disputes_assignment_id")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_disputes_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    op.create_index(op.f("ix_disputes_task_id_id"), "disputes", ["task_id", "id"], unique=False)
    op.create_index(
        "uq_disputes_open",
        "disputes",
        ["task_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "ratings",
        sa.Column("assignment_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("deliverable_id", sa.Text(), nullable=False),
        sa.Column("rating", sa.BigInteger(), nullable=False),
        sa.Column("feedback", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_ratings_rating")),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_ratings_assignment_id")
        ),
        sa.ForeignKeyConstraint(
            ["deliverable_id"], ["deliverables.id"], name=op.f("fk_ratings_deliverable_id")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_ratings_task_id")),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_ratings")),
    )
    op.create_index(op.f("ix_ratings_task_id"), "ratings", ["task_id"], unique=False)
    op.create_table(
        "submissions",
        sa.Column("deliverable_id", sa.Text(), nullable=False),
        sa.Column("assignment_id", sa.Text(), nullable=False),
        sa.Column("links", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_submissions_assignment_id")
        ),
        sa.ForeignKeyConstraint(
            ["deliverable_id"], ["deliverables.id"], name=op.f("fk_submissions_deliverable_id")
        ),
        sa.PrimaryKeyConstraint("deliverable_id", name=op.f("pk_submissions")),
    )
    op.create_index(
        op.f("ix_submissions_assignment_id_deliverable_id"),
        "submissions",
        ["assignment_id", "deliverable_id"],
        unique=False,
    )
    op.create_table(
        "statements",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("dispute_id", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dispute_id"], ["disputes.id"], name=op.f("fk_statements_dispute_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
    )
    op.create_index(
        op.f("ix_statements_dispute_id_id"), "statements", ["dispute_id", "id"], unique=False
    )
