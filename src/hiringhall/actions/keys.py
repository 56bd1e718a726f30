"""Keys that an organization's people make and revoke for themselves."""

import hashlib
import secrets

from hiringhall.actions.access import tell_shut
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.errors import NoOrganization, NotFound
from hiringhall.domain.names import tidy_name
from hiringhall.domain.policy import Actor, check_sees
from hiringhall.hall import Hall
from hiringhall.store import accounts, members
from hiringhall.store.accounts import ApiKey
from hiringhall.store.database import Tx

STORED_PREFIX_LENGTH = 16
USED_EVERY_US = 600_000_000
"""How much later a key has to be used than was noted, for that to be noted."""


async def mint_key(hall: Hall, *, actor: Actor, name: str) -> tuple[ApiKey, str]:
    """Make one more key for the actor, and its secret, which is not kept. Raises Invalid."""
    return await _mint(hall, actor=actor, label=tidy_name(name, "name"))


@action
async def _mint(tx: Tx, hall: Hall, *, actor: Actor, label: str) -> tuple[ApiKey, str]:
    if actor.organization_id is None or actor.user_id is None:
        raise NoOrganization
    if await members.by_id(tx, actor.organization_id, actor.user_id, for_change=True) is None:
        raise NoOrganization
    return await add_key(
        tx, hall, organization_id=actor.organization_id, user_id=actor.user_id, label=label
    )


async def add_key(
    tx: Tx, hall: Hall, *, organization_id: str, user_id: str, label: str
) -> tuple[ApiKey, str]:
    """Write a new key down in this transaction; the key and its secret."""
    secret = ids.TEAM_KEY_PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        id=hall.new_id(),
        prefix=secret[:STORED_PREFIX_LENGTH],
        label=label,
        organization_id=organization_id,
        user_id=user_id,
        created_at_us=hall.clock(),
        revoked_at_us=None,
    )
    await accounts.add_key(tx, key, hashlib.sha256(secret.encode()).digest())
    return key, secret


@action
async def was_used(tx: Tx, hall: Hall, *, key_id: str) -> None:
    """Note that a key is used now, for people to see which of theirs they need."""
    await accounts.use_key(tx, key_id, at_us=hall.clock())


@action
async def revoke_key(tx: Tx, hall: Hall, *, actor: Actor, key_id: str) -> int:
    """Let a key of the organization open nothing from now on; since when it does not (µs UTC).

    Revoking it again changes nothing. Raises NotFound and NotYours.
    """
    key = await accounts.key_by_id(tx, key_id) if ids.is_uuid(key_id) else None
    check_sees(actor, None if key is None else key.organization_id, "api key")
    if key is None:
        raise NotFound("api key")
    now_us = hall.clock()
    if await accounts.revoke_by_id(tx, key_id, at_us=now_us):
        tell_shut(tx, hall, key_id)
        return now_us
    key = await accounts.key_by_id(tx, key_id)
    if key is None or key.revoked_at_us is None:
        raise NotFound("api key")
    return key.revoked_at_us
