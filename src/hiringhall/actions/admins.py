"""Who runs the hall: asked by every action that is theirs alone."""

from hiringhall.domain.errors import Forbidden
from hiringhall.domain.policy import Actor, ActorKind
from hiringhall.store import accounts
from hiringhall.store.database import Tx


async def require_admin(tx: Tx, actor: Actor) -> None:
    """Raise Forbidden unless the actor is an admin of the hall, or the hall's own operator."""
    if actor.kind is ActorKind.HALL:
        return
    if actor.user_id is not None and await accounts.is_admin(tx, actor.user_id):
        return
    raise Forbidden("Only an admin of this hall may do that")
