"""Work, what was said about it, and when it moves by itself."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from hiringhall.domain.questions import QuestionKind
from hiringhall.domain.tasks import Acceptance, Engagement, State, Waiting
from hiringhall.store.tables.base import Serial, flag, metadata, one_of

_OFFERED = "state = 'open' AND waiting_for = 'poster' AND role IS NOT NULL"
_HELD_UP = "state = 'open' AND waiting_for IN ('poster', 'dependency')"

# What the first page of people asks for: few of the tasks there are, found without the others.
WAITS_FOR_POSTER = "state IN ('awaiting_reply', 'disputed', 'in_review', 'selecting')"
UNDER_WAY = "state IN ('assigned', 'in_progress', 'open', 'revising')"
FAILED = "state = 'failed'"

tasks = Table(
    "tasks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, ForeignKey("organizations.id"), nullable=False),
    Column("team_id", Text, ForeignKey("teams.id"), nullable=False),
    Column("created_by", Text, ForeignKey("users.id")),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("engagement", Text, nullable=False),
    Column("acceptance", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("waiting_for", Text, nullable=False),
    Column("waiting_reason", Text, nullable=False),
    Column("waiting_until_us", BigInteger),
    # How many events the task has; every change compares and raises it.
    Column("version", BigInteger, nullable=False),
    # How many runs it was given to: the fencing token.
    Column("generation", BigInteger, nullable=False),
    Column("revisions", BigInteger, nullable=False),
    Column("priority", BigInteger, nullable=False),
    Column("repository", Text),
    Column("role", Text),
    *flag("spec_approval"),
    *flag("plan_approved"),
    Column("price_cents", BigInteger),
    Column("question_id", Text),
    Column("deliverable_id", Text),
    Column("plan_id", Text),
    Column("created_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
    Column("last_activity_at_us", BigInteger, nullable=False),
    Column("parent_id", Text, ForeignKey("tasks.id")),
    # What a worker checks, point by point, before it hands in.
    Column("accept_criteria", Text),
    # What the creator called itself, where it said so.
    Column("created_label", Text),
    one_of("state", State),
    one_of("waiting_for", Waiting),
    one_of("engagement", Engagement),
    one_of("acceptance", Acceptance),
    CheckConstraint(
        "state NOT IN ('done', 'failed', 'cancelled', 'expired') OR waiting_for = 'nothing'",
        name="final_waits_for_nothing",
    ),
    CheckConstraint(
        "(state = 'awaiting_reply') ="
        " (waiting_for IN ('reply', 'plan_decision', 'budget_decision'))",
        name="awaiting_reply_waits",
    ),
    CheckConstraint("price_cents IS NULL OR price_cents > 0", name="price"),
    CheckConstraint("version > 0 AND generation >= 0 AND revisions >= 0", name="counters"),
    Index(None, "organization_id", "id"),
    Index(None, "team_id", "id"),
    # A team's board: each state's foremost, and how many there are.
    Index(None, "team_id", "state", "priority", "id"),
    Index(
        "ix_tasks_priced",
        "organization_id",
        "id",
        sqlite_where=text("price_cents IS NOT NULL"),
        postgresql_where=text("price_cents IS NOT NULL"),
    ),
    Index(
        "ix_tasks_parent",
        "parent_id",
        "id",
        sqlite_where=text("parent_id IS NOT NULL"),
        postgresql_where=text("parent_id IS NOT NULL"),
    ),
    Index(
        "ix_tasks_ready",
        "team_id",
        text("priority DESC"),
        "id",
        sqlite_where=text(_OFFERED),
        postgresql_where=text(_OFFERED),
    ),
    Index(
        "ix_tasks_held_up",
        "team_id",
        "id",
        sqlite_where=text(_HELD_UP),
        postgresql_where=text(_HELD_UP),
    ),
    Index(
        "ix_tasks_waits_for_poster",
        "organization_id",
        "id",
        sqlite_where=text(WAITS_FOR_POSTER),
        postgresql_where=text(WAITS_FOR_POSTER),
    ),
    Index(
        "ix_tasks_under_way",
        "organization_id",
        "id",
        sqlite_where=text(UNDER_WAY),
        postgresql_where=text(UNDER_WAY),
    ),
    Index(
        "ix_tasks_failed",
        "organization_id",
        "last_activity_at_us",
        sqlite_where=text(FAILED),
        postgresql_where=text(FAILED),
    ),
    Index(
        "ix_tasks_waiting_for_worker",
        "id",
        sqlite_where=text("waiting_for = 'worker'"),
        postgresql_where=text("waiting_for = 'worker'"),
    ),
)

task_dependencies = Table(
    "task_dependencies",
    metadata,
    Column("task_id", Text, ForeignKey("tasks.id"), primary_key=True),
    Column("depends_on_id", Text, ForeignKey("tasks.id"), primary_key=True),
    # In the order that they were named in.
    Column("position", BigInteger, nullable=False),
    CheckConstraint("task_id <> depends_on_id", name="not_itself"),
    Index(None, "depends_on_id"),
)

questions = Table(
    "questions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("run_id", Text),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    # JSON array of {type, question, options}; empty for a plain message.
    Column("questions", Text, nullable=False),
    Column("asked_at_us", BigInteger, nullable=False),
    Column("reply_text", Text),
    # JSON array of {question_index, selected} where the reply was structured.
    Column("answers", Text),
    Column("answered_at_us", BigInteger),
    one_of("kind", QuestionKind),
    Index(None, "task_id"),
)

plans = Table(
    "plans",
    metadata,
    Column("id", Text, primary_key=True),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("run_id", Text),
    Column("text", Text, nullable=False),
    Column("proposed_at_us", BigInteger, nullable=False),
    Column("accepted", BigInteger),
    Column("reason", Text),
    Column("decided_at_us", BigInteger),
    CheckConstraint("accepted IS NULL OR accepted IN (0, 1)", name="accepted"),
    Index(None, "task_id"),
)

timers = Table(
    "timers",
    metadata,
    Column("task_id", Text, ForeignKey("tasks.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("due_at_us", BigInteger, nullable=False),
    Index(None, "due_at_us"),
)

events = Table(
    "events",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("organization_id", Text, nullable=False),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("actor", Text, nullable=False),
    # The task's state after the event: the log alone rebuilds the row.
    Column("state", Text, nullable=False),
    Column("waiting_for", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    UniqueConstraint("task_id", "number"),
    one_of("state", State),
    one_of("waiting_for", Waiting),
    Index(None, "organization_id", "id"),
    sqlite_autoincrement=True,
)
