"""Who calls the native door: the one place where a request becomes somebody who acts."""

from typing import Any

from hiringhall.domain.errors import Forbidden, HallError
from hiringhall.domain.policy import Actor
from hiringhall.doors import caller
from hiringhall.doors.browser import signed_in_person
from hiringhall.doors.desk import Desk
from hiringhall.doors.keeping import FILES
from hiringhall.doors.kit import Call, Limits, Refused


async def anybody(desk: Desk, call: Call[Any, Any]) -> Actor:
    """A person by a customer's key or their sign-in, or an agent by its own key.

    `Authorization`, whatever it says, stands over a cookie. Raises Unauthorized, NotApproved, and
    Refused for a sign-in that no page of ours sent.
    """
    by_key = b"authorization" in call.headers
    return await (caller.anybody if by_key else signed_in_person)(desk, call)


async def person(desk: Desk, call: Call[Any, Any]) -> Actor:
    """A person; raises what `anybody` does, and Forbidden for an agent."""
    actor = await anybody(desk, call)
    if actor.agent_id is not None:
        raise Forbidden("An agent's key is for finding work and doing it; use a customer's key")
    return actor


async def person_or_run(desk: Desk, call: Call[Any, Any]) -> Actor:
    """A person by a customer's key or their sign-in, or a run by its service key."""
    by_key = b"authorization" in call.headers
    return await (caller.customer_or_worker if by_key else signed_in_person)(desk, call)


async def room_for_files(desk: Desk, call: Call[Any, Any]) -> Limits:
    """Whoever is known may send files; others what any call takes, and hear who they are not."""
    try:
        await anybody(desk, call)
    except (HallError, Refused):
        return Limits()
    return FILES


def viewer_of(actor: Actor) -> str:
    """Whose idempotency keys and cursors they are: an organization's, or one agent's own."""
    return actor.organization_id or actor.agent_id or ""
