"""What somebody signed in decides of their own: password, sign-ins, and for whom they act."""

from hiringhall.actions.access import tell_shut
from hiringhall.actions.checking_passwords import user_of_password
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.errors import Invalid, InvalidCredentials, NotFound, Unauthorized
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.store import accounts, members, sign_ins
from hiringhall.store.database import Tx


async def change_password(
    hall: Hall, *, actor: Actor, email: str, old: str, new: str, source_address: str
) -> None:
    """Give an account another password, by the one it has; every other sign-in of it ends.

    `email` is the account's. Raises TooManyAttempts, and Invalid by field.
    """
    try:
        user = await user_of_password(
            hall, email=email, password=old, source_address=source_address
        )
    except InvalidCredentials:
        raise Invalid("This is not the account's password", {"old": "wrong password"}) from None
    if user.id != actor.user_id:
        raise Unauthorized("Nobody is signed in")
    try:
        password_hash = await hall.passwords.hash(new)
    except Invalid as error:
        raise Invalid(error.message, {"new": error.fields.get("password", "length")}) from None
    await _keep(hall, actor=actor, user_id=user.id, password_hash=password_hash)


@action
async def _keep(tx: Tx, hall: Hall, *, actor: Actor, user_id: str, password_hash: str) -> None:
    await accounts.set_password_hash(tx, user_id=user_id, password_hash=password_hash)
    await sign_ins.end_others(tx, actor.key_id or "", user_id=user_id)
    tell_shut(tx, hall, user_id)


@action
async def end_sign_in(tx: Tx, hall: Hall, *, actor: Actor, sign_in_id: str) -> None:
    """Sign one of one's own browsers out; raises NotFound."""
    known = ids.is_uuid(sign_in_id) and actor.user_id is not None
    if not known or not await sign_ins.end_one(tx, sign_in_id, user_id=actor.user_id or ""):
        raise NotFound("sign-in")
    tell_shut(tx, hall, sign_in_id)


@action
async def switch_organization(tx: Tx, hall: Hall, *, actor: Actor, organization_id: str) -> None:
    """Let one's sign-in act for another organization that one belongs to; raises NotFound."""
    user_id = actor.user_id or ""
    known = ids.is_uuid(organization_id)
    # Locked: whoever is taken out at the same moment is out, or was led there before.
    member = await members.by_id(tx, organization_id, user_id, for_change=True) if known else None
    if member is None or not await sign_ins.lead_to(
        tx, actor.key_id or "", user_id=user_id, organization_id=member.organization_id
    ):
        raise NotFound("organization")
    await members.see(tx, member.organization_id, user_id, at_us=hall.clock())
    # What it read along with was the other one's.
    tell_shut(tx, hall, actor.key_id or "")
