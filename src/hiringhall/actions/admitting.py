"""Who may come: invitations to open an account, made and taken back by whoever runs the hall."""

from hiringhall.actions.accounts import write_invitation
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.errors import NotFound
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.queries.admins import require_admin
from hiringhall.store import invitations
from hiringhall.store.database import Tx


@action
async def invite_newcomer(tx: Tx, hall: Hall, *, actor: Actor, valid_days: int) -> str:
    """Make an invitation that opens one account; its secret, which is not kept.

    Raises Forbidden and Invalid.
    """
    await require_admin(tx, actor)
    return await write_invitation(tx, hall, valid_days=valid_days)


@action
async def withdraw_invitation(tx: Tx, hall: Hall, *, actor: Actor, invitation_id: str) -> None:
    """Let an invitation that was not used open nothing; raises Forbidden and NotFound."""
    await require_admin(tx, actor)
    known = ids.is_uuid(invitation_id)
    if not known or not await invitations.withdraw(tx, invitation_id, now_us=hall.clock()):
        raise NotFound("invitation")
