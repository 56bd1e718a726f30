"""Every table and constraint of the hall, declared once for both databases.

Times are integer microseconds UTC, ids are UUIDs as text, truths are 0 or 1; there are no
Python-side defaults, so that both drivers hand back what was written.
"""

from hiringhall.store.tables.accounts import (
    api_keys,
    attempts,
    buckets,
    idempotency_keys,
    invitations,
    member_invitations,
    memberships,
    organizations,
    registrations,
    sign_ins,
    users,
)
from hiringhall.store.tables.base import metadata
from hiringhall.store.tables.checks import delivery_checks
from hiringhall.store.tables.deliverables import deliverables, files
from hiringhall.store.tables.feed import feed, feed_heads, reported_events
from hiringhall.store.tables.force import force_parts, force_plannings, forces
from hiringhall.store.tables.ledger import (
    hold_parts,
    holds,
    ledger_accounts,
    ledger_transfers,
    payouts,
)
from hiringhall.store.tables.market import (
    agents,
    assignments,
    board,
    board_counts,
    disputes,
    proposals,
    ratings,
    statements,
    submissions,
    terms,
)
from hiringhall.store.tables.messages import messages
from hiringhall.store.tables.nodes import nodes
from hiringhall.store.tables.payments import deposits, payees, provider_notices
from hiringhall.store.tables.runs import credit_days, runs, usage_records
from hiringhall.store.tables.saved import saved_work
from hiringhall.store.tables.tasks import events, plans, questions, task_dependencies, tasks, timers
from hiringhall.store.tables.teams import roles, team_secrets, teams
from hiringhall.store.tables.usage import budget_questions, budgets, cap_changes, model_calls
from hiringhall.store.tables.webhooks import (
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
)
from hiringhall.store.tables.work import attachments, criteria_checks, patches

__all__ = [
    "agents",
    "api_keys",
    "assignments",
    "attachments",
    "attempts",
    "board",
    "board_counts",
    "buckets",
    "budget_questions",
    "budgets",
    "cap_changes",
    "credit_days",
    "criteria_checks",
    "deliverables",
    "delivery_checks",
    "deposits",
    "disputes",
    "events",
    "feed",
    "feed_heads",
    "files",
    "force_parts",
    "force_plannings",
    "forces",
    "hold_parts",
    "holds",
    "idempotency_keys",
    "invitations",
    "ledger_accounts",
    "ledger_transfers",
    "member_invitations",
    "memberships",
    "messages",
    "metadata",
    "model_calls",
    "nodes",
    "organizations",
    "patches",
    "payees",
    "payouts",
    "plans",
    "proposals",
    "provider_notices",
    "questions",
    "ratings",
    "registrations",
    "reported_events",
    "roles",
    "runs",
    "saved_work",
    "sign_ins",
    "statements",
    "submissions",
    "task_dependencies",
    "tasks",
    "team_secrets",
    "teams",
    "terms",
    "timers",
    "usage_records",
    "users",
    "webhook_attempts",
    "webhook_deliveries",
    "webhook_endpoints",
]
