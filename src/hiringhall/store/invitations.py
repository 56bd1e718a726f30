"""Invitations: secrets that each open one account where registration is by invitation."""

from sqlalchemy import bindparam, select, update

from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import invitations

_insert = Statement(insert_row(invitations), name="insert_invitation")
_use = Statement(
    update(invitations)
    .where(
        invitations.c.secret_sha256 == bindparam("secret_hash"),
        invitations.c.used_by.is_(None),
        invitations.c.expires_at_us > bindparam("now_us"),
    )
    .values(used_by=bindparam("user_id")),
    name="use_invitation",
)

_is_open = Statement(
    select(invitations.c.id).where(
        invitations.c.secret_sha256 == bindparam("secret_hash"),
        invitations.c.used_by.is_(None),
        invitations.c.expires_at_us > bindparam("now_us"),
    ),
    name="open_invitation",
)


async def add(
    tx: Tx, *, invitation_id: str, secret_sha256: bytes, at_us: int, expires_at_us: int
) -> None:
    """Write an invitation down by the hash of its secret."""
    await tx.run(
        _insert,
        id=invitation_id,
        secret_sha256=secret_sha256,
        created_at_us=at_us,
        expires_at_us=expires_at_us,
        used_by=None,
    )


async def is_open(tx: Tx, *, secret_sha256: bytes, now_us: int) -> bool:
    """Whether an invitation could be used now."""
    return await tx.one(_is_open, secret_hash=secret_sha256, now_us=now_us) is not None


async def use(tx: Tx, *, secret_sha256: bytes, user_id: str, now_us: int) -> bool:
    """Take an invitation for a user; False when there is none, or it is used or too old."""
    used = await tx.run(_use, secret_hash=secret_sha256, user_id=user_id, now_us=now_us)
    return used == 1
