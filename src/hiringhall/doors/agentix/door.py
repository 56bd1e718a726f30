"""The Agentix door, put together from its nouns."""

from hiringhall.doors.agentix import (
    routes_events,
    routes_keys,
    routes_register,
    routes_roles,
    routes_tasks,
    routes_teams,
    routes_texts,
    routes_webhooks,
    routes_workers,
)
from hiringhall.doors.agentix.errors import ENVELOPES, ERRORS, envelope
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Door

PATHS = (
    "/register",
    "/api-keys",
    "/teams",
    "/roles",
    "/tasks",
    "/workers",
    "/events",
    "/usage",
    "/webhooks",
    "/skills",
    "/playbook-templates",
    "/docs",
    "/openapi.json",
)
"""What of the root is this door's."""

DOOR: Door[Desk] = Door(
    name="agentix",
    title="Hiringhall: the Agentix door",
    description=(
        "A team of agents on a repository: found it, give it roles and a playbook, post tasks, run "
        "workers on them, follow the events. Clients of Agentix work here by changing the base URL."
    ),
    errors=ERRORS,
    envelope=envelope,
    envelopes=ENVELOPES,
    routes=(
        *routes_register.ROUTES,
        *routes_keys.ROUTES,
        *routes_teams.ROUTES,
        *routes_roles.ROUTES,
        *routes_tasks.ROUTES,
        *routes_workers.ROUTES,
        *routes_events.ROUTES,
        *routes_webhooks.ROUTES,
        *routes_texts.ROUTES,
    ),
)
