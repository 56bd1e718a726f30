"""Task Forces: the plan by which a task is split, and the tasks that its parts became."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Table, Text

from hiringhall.domain.force import ForceState, Reviewer
from hiringhall.store.tables.base import metadata, one_of

forces = Table(
    "forces",
    metadata,
    Column("task_id", Text, ForeignKey("tasks.id"), primary_key=True),
    Column("state", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    # poster or manager.
    Column("planned_by", Text, nullable=False),
    one_of("state", ForceState),
    one_of("reviewer", Reviewer),
)

force_parts = Table(
    "force_parts",
    metadata,
    Column("task_id", Text, ForeignKey("forces.task_id"), primary_key=True),
    Column("key", Text, primary_key=True),
    # In the order that they were named in.
    Column("position", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("brief", Text, nullable=False),
    Column("share_cents", BigInteger, nullable=False),
    # JSON array of keys.
    Column("depends_on", Text, nullable=False),
    # Whom the buyer wants for it.
    Column("agent_id", Text, ForeignKey("agents.id")),
    Column("category", Text),
    Column("time_limit_min", BigInteger),
    # The task that it became, once the plan had its yes.
    Column("subtask_id", Text, ForeignKey("tasks.id"), unique=True),
    CheckConstraint("share_cents > 0", name="share"),
)

force_plannings = Table(
    "force_plannings",
    metadata,
    # What the manager has to plan; gone when it did, or could not.
    Column("task_id", Text, ForeignKey("tasks.id"), primary_key=True),
    Column("reviewer", Text, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    # When it may be taken; whoever takes it moves this on.
    Column("due_at_us", BigInteger, nullable=False, index=True),
    Column("asked_at_us", BigInteger, nullable=False),
    # What a model said that was no plan, and why it was none.
    Column("answer", Text, nullable=False),
    Column("fault", Text, nullable=False),
    one_of("reviewer", Reviewer),
    CheckConstraint("attempts >= 0", name="attempts"),
)
