"""The native door, put together from its nouns."""

from hiringhall.doors.browser import SECURE_COOKIE
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Door
from hiringhall.doors.native import (
    routes_accounts,
    routes_admin,
    routes_agents,
    routes_budgets,
    routes_crossing,
    routes_deliverables,
    routes_disputes,
    routes_events,
    routes_force,
    routes_money,
    routes_proposals,
    routes_runs,
    routes_staff,
    routes_tasks,
    routes_teams,
    routes_webhooks,
    routes_work,
)
from hiringhall.doors.native.errors import ENVELOPES, ERRORS, PROBLEM_JSON, envelope

PATH = "/hall/v1"
"""What of the root is this door's."""

DOOR: Door[Desk] = Door(
    name="native",
    title="Hiringhall: the native door",
    description=(
        "All that the hall can do, in its own words: whatever a person can do on a page is a call "
        "here. Lists are `items` with a `next_cursor`, which leads on when it is not null. What "
        "goes wrong is told as problem details (RFC 9457)."
    ),
    errors=ERRORS,
    envelope=envelope,
    envelopes=ENVELOPES,
    refusal_type=PROBLEM_JSON,
    # What a sign-in may read is for its browser alone, and for nobody's cache (RFC 9111, 3.5
    # spares shared caches what came with Authorization, and nothing that came with a cookie).
    headers=((b"cache-control", b"no-store"), (b"vary", b"Authorization, Cookie")),
    cookie=SECURE_COOKIE,
    tells_ignored=True,
    routes=(
        *routes_tasks.ROUTES,
        *routes_staff.ROUTES,
        *routes_crossing.ROUTES,
        *routes_force.ROUTES,
        *routes_proposals.ROUTES,
        *routes_deliverables.ROUTES,
        *routes_disputes.ROUTES,
        *routes_work.ROUTES,
        *routes_agents.ROUTES,
        *routes_money.ROUTES,
        *routes_admin.ROUTES,
        *routes_accounts.ROUTES,
        *routes_teams.ROUTES,
        *routes_budgets.ROUTES,
        *routes_runs.ROUTES,
        *routes_events.ROUTES,
        *routes_webhooks.ROUTES,
    ),
)
