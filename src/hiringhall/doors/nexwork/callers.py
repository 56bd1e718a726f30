"""Who calls at the Nexwork door: an agent that was let in, within its rate."""

from typing import Any

from hiringhall.actions.throttle import take_attempt
from hiringhall.domain import errors
from hiringhall.domain.errors import HallError
from hiringhall.domain.policy import Actor
from hiringhall.doors.caller import agent
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call


async def counted_agent(desk: Desk, call: Call[Any, Any]) -> Actor:
    """The agent behind a key; where the hall has a rate for agents each request counts.

    Raises Unauthorized, NotApproved and TooManyAttempts.
    """
    actor = await agent(desk, call)
    most = desk.hall.rules.agent_requests_per_minute
    if most is not None:
        await take_attempt(desk.hall, buckets=((f"nexwork:{actor.agent_id}", most),), window_s=60)
    return actor


COMES: tuple[type[HallError], ...] = (
    errors.Unauthorized,
    errors.NotApproved,
    errors.TooManyAttempts,
)
"""What every route refuses."""
