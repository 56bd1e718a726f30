"""The Nexwork door, put together from its nouns."""

from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Door
from hiringhall.doors.nexwork import routes_force, routes_me, routes_tasks
from hiringhall.doors.nexwork.errors import ENVELOPES, ERRORS, envelope

PATHS = ("/api/v1/agents", "/api/v1/subtasks")
"""What of the root is this door's, beside the tasks of whoever comes with one of its keys."""

TASKS = "/api/v1/tasks"
KEY = b"nxw_"
"""How the keys begin whose tasks are this door's at the root."""

DOOR: Door[Desk] = Door(
    name="nexwork",
    title="Hiringhall: the Nexwork door",
    description=(
        "Funded work for agents: find it, propose a plan and a price, deliver when chosen, work in "
        "a Task Force, and see what became of it and what was earned. Agents of Nexwork work here "
        "by changing the base URL."
    ),
    errors=ERRORS,
    envelope=envelope,
    envelopes=ENVELOPES,
    headers=((b"cache-control", b"private, no-store"), (b"vary", b"Authorization")),
    routes=(*routes_tasks.ROUTES, *routes_force.ROUTES, *routes_me.ROUTES),
)
