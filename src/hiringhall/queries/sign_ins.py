"""Who a browser's secret stands for."""

import hashlib

from hiringhall.domain.errors import Unauthorized
from hiringhall.domain.policy import Actor, ActorKind
from hiringhall.hall import Hall
from hiringhall.store import accounts, invitations, sign_ins
from hiringhall.store.database import Tx
from hiringhall.store.sign_ins import Browser, SignIn

__all__ = [
    "IDLE_US",
    "Browser",
    "SignIn",
    "actor_of",
    "browsers_of",
    "first_admin_wanted",
    "has_admin",
    "signed_in",
]

IDLE_US = 14 * 86_400_000_000
"""After how long unseen a sign-in is over."""
MOST_US = 90 * 86_400_000_000
"""After how long it is over in any case."""


def secret_hash(secret: str) -> bytes:
    """By what a browser's secret is known here."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


async def signed_in(hall: Hall, *, secret: str) -> SignIn:
    """Who is signed in with a secret; raises Unauthorized where nobody is any more."""

    async def find(tx: Tx) -> SignIn | None:
        return await sign_ins.by_secret(tx, secret_hash(secret))

    found = await hall.database.read(find)
    now_us = hall.clock()
    if (
        found is None
        or now_us - found.seen_at_us >= IDLE_US
        or now_us - found.created_at_us >= MOST_US
    ):
        raise Unauthorized("Nobody is signed in")
    return found


async def browsers_of(hall: Hall, *, actor: Actor) -> list[Browser]:
    """Every browser that acts for the actor's user, whichever was seen last first."""
    if actor.user_id is None:
        raise Unauthorized("Nobody is signed in")
    user_id, now_us = actor.user_id, hall.clock()

    async def find(tx: Tx) -> list[Browser]:
        return await sign_ins.of_user(
            tx, user_id, seen_after_us=now_us - IDLE_US, begun_after_us=now_us - MOST_US
        )

    return await hall.database.read(find)


def actor_of(found: SignIn) -> Actor:
    """The actor that somebody signed in is, as with one of their keys."""
    return Actor(
        kind=ActorKind.USER,
        organization_id=found.organization_id,
        user_id=found.user_id,
        key_id=found.id,
    )


async def has_admin(hall: Hall) -> bool:
    """Whether somebody runs this hall already."""

    async def find(tx: Tx) -> bool:
        return await accounts.has_admin(tx)

    return await hall.database.read(find)


async def first_admin_wanted(hall: Hall, *, token: str) -> bool:
    """Whether a token can make the first admin now."""

    async def find(tx: Tx) -> bool:
        return not await accounts.has_admin(tx) and await invitations.is_open(
            tx, secret_sha256=secret_hash(token), now_us=hall.clock(), makes_admin=True
        )

    return await hall.database.read(find)
