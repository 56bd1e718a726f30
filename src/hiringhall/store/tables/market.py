"""The market: terms, outside agents, proposals, who has a task, ratings, disputes, the board."""

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

from hiringhall.domain.agents import AgentState
from hiringhall.domain.disputes import DisputeState, Party
from hiringhall.domain.market import AssignmentState
from hiringhall.domain.proposals import ProposalState
from hiringhall.store.tables.base import flag, metadata, one_of

terms = Table(
    "terms",
    metadata,
    Column("task_id", Text, ForeignKey("tasks.id"), primary_key=True),
    Column("category", Text, nullable=False),
    Column("instructions", Text, nullable=False),
    Column("expected_output", Text, nullable=False),
    # JSON arrays: of {text, name, url}, and of texts.
    Column("inputs", Text, nullable=False),
    Column("assets", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("deadline_us", BigInteger),
    Column("expires_in_us", BigInteger, nullable=False),
    Column("time_limit_min", BigInteger, nullable=False),
    Column("max_proposals", BigInteger, nullable=False),
    *flag("fee_on_top"),
    # What the board's search looks at, folded.
    Column("searched", Text, nullable=False),
    # When intake and claims end; null until the task is offered.
    Column("closes_at_us", BigInteger),
    CheckConstraint(
        "expires_in_us > 0 AND time_limit_min > 0 AND max_proposals > 0", name="positive"
    ),
)

agents = Table(
    "agents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    Column("created_by", Text, ForeignKey("users.id")),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    # JSON array of texts.
    Column("categories", Text, nullable=False),
    *flag("task_force"),
    Column("state", Text, nullable=False),
    # SHA-256 of 256 random bits; the secret itself is shown once and never kept.
    Column("secret_sha256", LargeBinary, nullable=False, unique=True),
    Column("key_prefix", Text, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
    one_of("state", AgentState),
    Index(None, "organization_id", "id"),
    Index(
        "ix_agents_task_force",
        "id",
        sqlite_where=text("task_force = 1 AND state = 'approved'"),
        postgresql_where=text("task_force = 1 AND state = 'approved'"),
    ),
    # Whom an admin has to let in.
    Index(
        "ix_agents_pending",
        "id",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
)

proposals = Table(
    "proposals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    # The agent's id, or the person's: each proposes once.
    Column("worker_id", Text, nullable=False),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    Column("agent_id", Text, ForeignKey("agents.id")),
    Column("user_id", Text, ForeignKey("users.id")),
    Column("plan", Text, nullable=False),
    Column("sample", Text, nullable=False),
    Column("confidence_basis_points", BigInteger),
    Column("price_cents", BigInteger, nullable=False),
    Column("estimated_min", BigInteger),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
    UniqueConstraint("task_id", "worker_id"),
    one_of("state", ProposalState),
    CheckConstraint("price_cents > 0", name="price"),
    CheckConstraint("(agent_id IS NULL) <> (user_id IS NULL)", name="worker"),
    CheckConstraint(
        "confidence_basis_points IS NULL OR confidence_basis_points BETWEEN 0 AND 10000",
        name="confidence",
    ),
    Index(None, "worker_id", "id"),
)

assignments = Table(
    "assignments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("worker_id", Text, nullable=False),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    Column("agent_id", Text, ForeignKey("agents.id")),
    Column("user_id", Text, ForeignKey("users.id")),
    Column("proposal_id", Text, ForeignKey("proposals.id")),
    Column("category", Text, nullable=False),
    Column("share_cents", BigInteger, nullable=False),
    # A claim is for one alone; of shortlisted proposals there may be several.
    *flag("alone"),
    # An organization's work on its own task, which play money allows.
    *flag("own"),
    Column("state", Text, nullable=False),
    Column("taken_at_us", BigInteger, nullable=False),
    Column("due_at_us", BigInteger, nullable=False),
    Column("ended_at_us", BigInteger),
    one_of("state", AssignmentState),
    CheckConstraint("share_cents > 0", name="share"),
    CheckConstraint("(agent_id IS NULL) <> (user_id IS NULL)", name="worker"),
    CheckConstraint("(state = 'active') = (ended_at_us IS NULL)", name="ended"),
    Index(None, "task_id", "id"),
    Index(None, "worker_id", "id"),
    # What somebody has to do now, without a look at all that they ever did.
    Index(
        "ix_assignments_active",
        "worker_id",
        sqlite_where=text("state = 'active'"),
        postgresql_where=text("state = 'active'"),
    ),
    Index(
        "uq_assignments_alone",
        "task_id",
        unique=True,
        sqlite_where=text("alone = 1 AND state = 'active'"),
        postgresql_where=text("alone = 1 AND state = 'active'"),
    ),
)

submissions = Table(
    "submissions",
    metadata,
    # What a deliverable has beside its text where somebody from outside handed it in.
    Column("deliverable_id", Text, ForeignKey("deliverables.id"), primary_key=True),
    Column("assignment_id", Text, ForeignKey("assignments.id"), nullable=False),
    # JSON array of addresses.
    Column("links", Text, nullable=False),
    Index(None, "assignment_id", "deliverable_id"),
)

ratings = Table(
    "ratings",
    metadata,
    Column("assignment_id", Text, ForeignKey("assignments.id"), primary_key=True),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("deliverable_id", Text, ForeignKey("deliverables.id"), nullable=False),
    Column("rating", BigInteger, nullable=False),
    Column("feedback", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
    Index(None, "task_id"),
)

disputes = Table(
    "disputes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("assignment_id", Text, ForeignKey("assignments.id"), nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    *flag("poster_spoke"),
    *flag("worker_spoke"),
    Column("poster_cents", BigInteger),
    Column("worker_cents", BigInteger),
    Column("outcome_cents", BigInteger),
    Column("opened_at_us", BigInteger, nullable=False),
    Column("closed_at_us", BigInteger),
    one_of("opened_by", Party),
    one_of("state", DisputeState),
    CheckConstraint("(state = 'open') = (closed_at_us IS NULL)", name="closed"),
    CheckConstraint("(state IN ('open', 'redelivered')) = (outcome_cents IS NULL)", name="outcome"),
    CheckConstraint(
        "coalesce(poster_cents, 0) >= 0 AND coalesce(worker_cents, 0) >= 0"
        " AND coalesce(outcome_cents, 0) >= 0",
        name="amounts",
    ),
    Index(None, "task_id", "id"),
    Index(
        "uq_disputes_open",
        "task_id",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)

statements = Table(
    "statements",
    metadata,
    Column("id", Text, primary_key=True),
    Column("dispute_id", Text, ForeignKey("disputes.id"), nullable=False),
    # poster, worker or admin.
    Column("said_by", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Index(None, "dispute_id", "id"),
)

board = Table(
    "board",
    metadata,
    # What is on offer now and nothing else, with all that a line shows of it, so that reading a
    # page of it does not grow with the hall: among a million tasks each look-up beside it ends on
    # a page that nobody has in memory.
    Column("task_id", Text, ForeignKey("tasks.id"), primary_key=True),
    Column("category", Text, nullable=False),
    Column("closes_at_us", BigInteger, nullable=False),
    Column("organization_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("engagement", Text, nullable=False),
    Column("price_cents", BigInteger, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("tags", Text, nullable=False),
    Column("time_limit_min", BigInteger, nullable=False),
    Column("max_proposals", BigInteger, nullable=False),
    Column("searched", Text, nullable=False),
    Index(None, "category", "task_id"),
    Index(None, "closes_at_us"),
)

board_counts = Table(
    "board_counts",
    metadata,
    Column("category", Text, primary_key=True),
    # A part of a category's tasks, by the end of their ids: a row that all share is a queue.
    Column("part", Text, primary_key=True),
    Column("on_offer", BigInteger, nullable=False),
    CheckConstraint("on_offer >= 0", name="not_negative"),
)
