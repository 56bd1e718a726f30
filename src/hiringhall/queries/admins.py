"""Who runs the hall: asked in the transaction that it decides."""

from hiringhall.domain.errors import Forbidden
from hiringhall.domain.policy import Actor, ActorKind
from hiringhall.store import accounts
from hiringhall.store.database import Tx


async def is_admin(tx: Tx, actor: Actor) -> bool:
    """Whether the actor runs the hall: its operator at the command line, or an admin's key."""
    if actor.kind is ActorKind.HALL:
        return True
    if actor.kind is not ActorKind.USER or actor.user_id is None:
        return False
    return await accounts.is_admin(tx, actor.user_id)


async def require_admin(tx: Tx, actor: Actor) -> None:
    """Raise Forbidden for whoever does not run the hall."""
    if not await is_admin(tx, actor):
        raise Forbidden("Only an admin of this hall may do that")
