"""Where a registration stands, for whoever has its token."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from hiringhall.domain.errors import Gone, NotFound
from hiringhall.hall import Hall
from hiringhall.store import registrations
from hiringhall.store.database import Tx
from hiringhall.store.registrations import Registration


class Stage(StrEnum):
    """What a registration waits for."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    CLAIMED = "claimed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a registration stands, and whose it is."""

    stage: Stage
    email: str


async def registration_view(hall: Hall, *, token: str) -> Standing:
    """Where the registration of a token stands; raises NotFound."""

    async def find(tx: Tx) -> Registration | None:
        return await registrations.by_token(tx, token_hash(token))

    found = await hall.database.read(find)
    if found is None:
        raise NotFound("registration")
    return Standing(stage_of(found, now_us=hall.clock()), found.email)


def stage_of(registration: Registration, *, now_us: int) -> Stage:
    """What a registration waits for at a moment."""
    if registration.claimed_at_us is not None:
        return Stage.CLAIMED
    if now_us >= registration.expires_at_us:
        return Stage.EXPIRED
    return Stage.PENDING if registration.confirmed_at_us is None else Stage.CONFIRMED


def refuse_ended(stage: Stage) -> None:
    """Raise Gone where a registration leads to nothing any more."""
    if stage is Stage.CLAIMED:
        raise Gone("This registration's key was given out already; register again for another")
    if stage is Stage.EXPIRED:
        raise Gone("This registration has expired; register again")


def token_hash(token: str) -> bytes:
    """By what a token is known here."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
