"""Who a secret stands for, and what credits are left."""

import hashlib
from dataclasses import dataclass

from hiringhall.domain import ids
from hiringhall.domain.durations import DAY_US
from hiringhall.domain.errors import NoOrganization, Unauthorized
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.queries.named import user_named
from hiringhall.store import accounts, usage
from hiringhall.store.accounts import ApiKey, KeyHolder, User
from hiringhall.store.database import Tx


@dataclass(frozen=True, slots=True)
class Credits:
    """A user's credits of the UTC day; `resets_at_us` is the next midnight."""

    limit: int
    used: int
    left: int
    resets_at_us: int


async def authenticate(hall: Hall, secret: str) -> Actor:
    """For whom an api key acts; raises Unauthorized."""
    return (await holder_of(hall, secret)).actor


async def holder_of(hall: Hall, secret: str) -> KeyHolder:
    """For whom an api key acts, and when that was noted last; raises Unauthorized.

    A key is 256 random bits, so its hash is looked up as it is: there is nothing to guess by
    timing.
    """
    if not secret.startswith(ids.CUSTOMER_KEY_PREFIXES) or len(secret) > 200:
        raise Unauthorized("Invalid or missing API key")
    digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()

    async def find(tx: Tx) -> KeyHolder | None:
        return await accounts.holder_of(tx, digest)

    holder = await hall.database.read(find)
    if holder is None:
        raise Unauthorized("Invalid or missing API key")
    return holder


async def day_credits(hall: Hall, *, actor: Actor) -> Credits:
    """What is left of today's credits of the actor's user."""
    day = hall.clock() // DAY_US

    async def find(tx: Tx) -> int:
        return await usage.credits_used(tx, user_id=actor.user_id or "", day=day)

    used = await hall.database.read(find)
    limit = hall.rules.credits_per_day
    return Credits(limit, used, max(0, limit - used), (day + 1) * DAY_US)


async def list_keys(hall: Hall, *, email: str) -> list[ApiKey]:
    """A user's keys, as they may be shown, oldest first: for the operator; raises NotFound."""

    async def find(tx: Tx) -> list[ApiKey]:
        return await accounts.keys_of_user(tx, await user_named(tx, email))

    return await hall.database.scan(find)


async def open_keys(hall: Hall, *, actor: Actor) -> list[ApiKey]:
    """The keys that open something for the actor's organization, oldest first."""
    organization_id = actor.organization_id
    if organization_id is None:
        raise NoOrganization

    async def find(tx: Tx) -> list[ApiKey]:
        return await accounts.open_keys(tx, organization_id)

    return await hall.database.scan(find)


async def list_users(hall: Hall) -> list[tuple[User, str | None]]:
    """Every user with its organization's name: for the operator alone."""
    return await hall.database.scan(accounts.list_users)
