"""Invitations: secrets that each open one account where registration is by invitation."""

from sqlalchemy import bindparam, select, update

from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import invitations

_insert = Statement(insert_row(invitations), name="insert_invitation")
_of_use = (
    invitations.c.secret_sha256 == bindparam("secret_hash"),
    invitations.c.used_by.is_(None),
    invitations.c.expires_at_us > bindparam("now_us"),
    invitations.c.makes_admin == bindparam("makes_admin"),
)
_use = Statement(
    update(invitations).where(*_of_use).values(used_by=bindparam("user_id")),
    name="use_invitation",
)

_is_open = Statement(
    select(invitations.c.id).where(*_of_use),
    name="open_invitation",
)


async def add(
    tx: Tx,
    *,
    invitation_id: str,
    secret_sha256: bytes,
    at_us: int,
    expires_at_us: int,
    makes_admin: bool = False,
) -> None:
    """Write an invitation down by the hash of its secret."""
    await tx.run(
        _insert,
        id=invitation_id,
        secret_sha256=secret_sha256,
        created_at_us=at_us,
        expires_at_us=expires_at_us,
        used_by=None,
        makes_admin=int(makes_admin),
    )


async def is_open(tx: Tx, *, secret_sha256: bytes, now_us: int, makes_admin: bool = False) -> bool:
    """Whether an invitation of this kind could be used now."""
    row = await tx.one(
        _is_open, secret_hash=secret_sha256, now_us=now_us, makes_admin=int(makes_admin)
    )
    return row is not None


async def use(
    tx: Tx, *, secret_sha256: bytes, user_id: str, now_us: int, makes_admin: bool = False
) -> bool:
    """Take an invitation for a user; False when there is none, or it is used or too old."""
    used = await tx.run(
        _use,
        secret_hash=secret_sha256,
        user_id=user_id,
        now_us=now_us,
        makes_admin=int(makes_admin),
    )
    return used == 1
