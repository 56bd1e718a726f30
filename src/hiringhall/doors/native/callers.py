"""Who calls the native door: the one place where a request becomes somebody who acts."""

from typing import Any

from hiringhall.domain.errors import Forbidden
from hiringhall.domain.policy import Actor
from hiringhall.doors.caller import anybody
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call


async def person(desk: Desk, call: Call[Any, Any]) -> Actor:
    """A person by a customer's key; raises Unauthorized, and Forbidden for an agent."""
    actor = await anybody(desk, call)
    if actor.agent_id is not None:
        raise Forbidden("An agent's key is for finding work and doing it; use a customer's key")
    return actor


def viewer_of(actor: Actor) -> str:
    """Whose idempotency keys and cursors they are: an organization's, or one agent's own."""
    return actor.organization_id or actor.agent_id or ""
