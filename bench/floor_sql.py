"""The floor's statements, as a person writes them by hand; a test compares their rows with ours."""

from typing import NamedTuple

_KEY = """
SELECT id, organization_id, user_id, used_at_us FROM api_keys
WHERE secret_sha256 = ? AND revoked_at_us IS NULL
"""

_TASK = """
SELECT t.id, t.organization_id, t.title, t.state, t.last_activity_at_us,
       t.question_id, q.kind, q.text, q.questions, t.deliverable_id, d.text
FROM tasks t
LEFT JOIN questions q ON q.id = t.question_id AND t.waiting_for IN ('reply', 'budget_decision')
LEFT JOIN deliverables d ON d.id = t.deliverable_id AND t.state IN ('in_review', 'disputed')
LEFT JOIN plans p ON p.id = t.plan_id AND t.waiting_for = 'plan_decision'
WHERE t.id = ?
"""

_DESK = """
SELECT teams.id, organizations.spec_approval, roles.runtime, coalesce(credit_days.used, 0)
FROM teams
JOIN organizations ON organizations.id = teams.organization_id
LEFT JOIN roles ON roles.team_id = teams.id AND roles.name = ?
LEFT JOIN credit_days ON credit_days.user_id = ? AND credit_days.day = ?
WHERE teams.organization_id = ? AND teams.is_default = 1
"""

_TASK_COLUMNS = """
id, organization_id, team_id, created_by, title, description, engagement, acceptance,
state, waiting_for, waiting_reason, waiting_until_us, version, generation, revisions, priority,
repository, role, spec_approval, plan_approved, price_cents,
question_id, deliverable_id, plan_id, created_at_us, updated_at_us, last_activity_at_us
"""
_EVENT_COLUMNS = """
organization_id, task_id, number, type, actor, state, waiting_for, data, at_us
"""
_RUN_COLUMNS = """
id, task_id, organization_id, team_id, generation, turn, steps_done, state, runtime, role, priority,
attempts, losses, previous_run_id, node_id, lease_until_us,
queued_at_us, started_at_us, ended_at_us, ended_because
"""


def _insert(table: str, columns: str, rows: int = 1) -> str:
    marks = ", ".join("?" for _ in columns.split(","))
    values = ", ".join(f"({marks})" for _ in range(rows))
    return f"INSERT INTO {table} ({columns}) VALUES {values}"  # noqa: S608  names of ours


def _numbered(statement: str) -> str:
    """`$1, $2, …` for asyncpg."""
    first, *rest = statement.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, start=1))


class Statements(NamedTuple):
    """The statements in one database's spelling."""

    key: str
    task: str
    desk: str
    insert_task: str
    insert_events: str
    insert_run: str


SQLITE = Statements(
    key=_KEY,
    task=_TASK,
    desk=_DESK,
    insert_task=_insert("tasks", _TASK_COLUMNS),
    insert_events=_insert("events", _EVENT_COLUMNS, rows=2),
    insert_run=_insert("runs", _RUN_COLUMNS),
)
POSTGRES = Statements(*map(_numbered, SQLITE))
