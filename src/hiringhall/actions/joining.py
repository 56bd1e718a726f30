"""Joining an organization: by a mailed invitation, with a password, signed in at once."""

import secrets

from hiringhall.actions import members as membership
from hiringhall.actions.signing_in import add_sign_in
from hiringhall.actions.throttle import HOUR_S, address_bucket, take_attempt
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import Gone, Invalid
from hiringhall.domain.members import Invited
from hiringhall.domain.names import tidy_name
from hiringhall.hall import Hall
from hiringhall.queries.members import invitation_of
from hiringhall.store import accounts, members
from hiringhall.store.accounts import User
from hiringhall.store.database import Tx


async def join_signed_in(
    hall: Hall, *, invitation: str, name: str, password: str, source_address: str
) -> str:
    """Join an organization and be signed in to it: a new secret, for the browser alone.

    Who has no account gets one of that name; an account with a password is joined with by that
    password, and one without gets this. Raises TooManyAttempts, Invalid by field, and Gone.
    """
    bucket = f"join:{address_bucket(source_address)}"
    await take_attempt(
        hall, buckets=((bucket, hall.rules.registrations_per_hour),), window_s=HOUR_S
    )
    digest, is_mailed = invitation_of(invitation)
    known = await _account_of(hall, digest)
    has_password = known is not None and known.password_hash is not None
    if known is not None and not (is_mailed or has_password):
        raise Gone(membership.HAS_ACCOUNT)
    if known is not None and known.password_hash is not None:
        if not await hall.passwords.verify(known.password_hash, password):
            raise Invalid("This is not the account's password", {"password": "wrong password"})
        password_hash = None
    else:
        password_hash = await hall.passwords.hash(password)
    secret = secrets.token_urlsafe(32)
    await _join(
        hall,
        digest=digest,
        name=tidy_name(name, "name") if known is None else known.name,
        was_known=None if known is None else known.password_hash,
        password_hash=password_hash,
        secret=secret,
        takes_old=is_mailed or has_password,
    )
    return secret


async def _account_of(hall: Hall, digest: bytes) -> User | None:
    """The account that an open invitation is for, where there is one; raises Gone."""

    async def find(tx: Tx) -> tuple[Invited | None, User | None]:
        invited = await members.invitation_by_secret(tx, digest, now_us=hall.clock())
        if invited is None:
            return None, None
        return invited, await accounts.user_by_email(tx, invited.email)

    invited, user = await hall.database.read(find)
    if invited is None:
        raise Gone("This invitation is unknown, used already, taken back, or too old")
    return user


@action
async def _join(
    tx: Tx,
    hall: Hall,
    *,
    digest: bytes,
    name: str,
    was_known: str | None,
    password_hash: str | None,
    secret: str,
    takes_old: bool,
) -> None:
    member, user = await membership.enter(tx, hall, digest=digest, name=name, takes_old=takes_old)
    if user.password_hash != was_known:
        # Another password was set at the same moment: nobody is let in by the one before.
        raise Gone("This account has changed at the same moment: try again")
    if password_hash is not None:
        await accounts.set_password_hash(tx, user_id=user.id, password_hash=password_hash)
    await add_sign_in(
        tx, hall, user_id=user.id, organization_id=member.organization_id, secret=secret
    )
