"""Registrations that wait for a person's word, and for their key to be fetched."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import registrations


@dataclass(frozen=True, slots=True)
class Registration:
    """One of them. Times are microseconds UTC; `claimed_at_us` is when its key was given out."""

    id: str
    email: str
    name: str
    invitation_sha256: bytes | None
    created_at_us: int
    expires_at_us: int
    confirmed_at_us: int | None = None
    claimed_at_us: int | None = None


_insert = Statement(insert_row(registrations), name="insert_registration")
_by_token = Statement(
    select(registrations).where(registrations.c.token_sha256 == bindparam("token_hash")),
    name="registration_by_token",
)
_confirm = Statement(
    update(registrations)
    .where(registrations.c.id == bindparam("registration_id"))
    .where(registrations.c.confirmed_at_us.is_(None))
    .values(confirmed_at_us=bindparam("at_us")),
    name="confirm_registration",
)
_claim = Statement(
    update(registrations)
    .where(registrations.c.id == bindparam("registration_id"))
    .where(registrations.c.claimed_at_us.is_(None))
    .values(claimed_at_us=bindparam("at_us")),
    name="claim_registration",
)
_forget_old = Statement(
    delete(registrations).where(registrations.c.expires_at_us < bindparam("before_us")),
    name="forget_old_registrations",
)


async def add(tx: Tx, registration: Registration, token_sha256: bytes) -> None:
    """Write one down by the hash of its token."""
    await tx.run(
        _insert,
        id=registration.id,
        token_sha256=token_sha256,
        email=registration.email,
        name=registration.name,
        invitation_sha256=registration.invitation_sha256,
        created_at_us=registration.created_at_us,
        expires_at_us=registration.expires_at_us,
        confirmed_at_us=registration.confirmed_at_us,
        claimed_at_us=registration.claimed_at_us,
    )


async def by_token(tx: Tx, token_sha256: bytes) -> Registration | None:
    """The one of a token, by the token's hash."""
    row = await tx.one(_by_token, token_hash=token_sha256)
    return None if row is None else _to_registration(row)


async def confirm(tx: Tx, registration_id: str, *, at_us: int) -> None:
    """A person has given the word; the first time counts."""
    await tx.run(_confirm, registration_id=registration_id, at_us=at_us)


async def claim(tx: Tx, registration_id: str, *, at_us: int) -> bool:
    """Its key is given out now; False where it was before."""
    return await tx.run(_claim, registration_id=registration_id, at_us=at_us) == 1


async def forget_old(tx: Tx, *, before_us: int) -> int:
    """Drop those whose time was over before a moment; how many there were."""
    return await tx.run(_forget_old, before_us=before_us)


def _to_registration(row: Any) -> Registration:
    return Registration(
        id=row.id,
        email=row.email,
        name=row.name,
        invitation_sha256=None if row.invitation_sha256 is None else bytes(row.invitation_sha256),
        created_at_us=row.created_at_us,
        expires_at_us=row.expires_at_us,
        confirmed_at_us=row.confirmed_at_us,
        claimed_at_us=row.claimed_at_us,
    )
