"""The native door, put together from its nouns."""

from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Door
from hiringhall.doors.native import routes_runs
from hiringhall.doors.native.errors import ENVELOPES, ERRORS, PROBLEM_JSON, envelope

PATH = "/hall/v1"
"""What of the root is this door's."""

DOOR: Door[Desk] = Door(
    name="native",
    title="Hiringhall: the native door",
    description=(
        "What the hall can do in its own words. It begins with what workers elsewhere need; the "
        "rest is at the other doors, which are one hall with this one."
    ),
    errors=ERRORS,
    envelope=envelope,
    envelopes=ENVELOPES,
    refusal_type=PROBLEM_JSON,
    routes=routes_runs.ROUTES,
)
