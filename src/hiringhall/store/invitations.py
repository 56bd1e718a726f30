"""Invitations: secrets that each open one account where registration is by invitation."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select, update

from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import invitations

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """An invitation that was not used yet (times in µs UTC)."""

    id: str
    created_at_us: int
    expires_at_us: int


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


_open_ones = Statement(
    select(invitations.c.id, invitations.c.created_at_us, invitations.c.expires_at_us)
    .where(
        invitations.c.used_by.is_(None),
        invitations.c.expires_at_us > bindparam("now_us"),
        invitations.c.makes_admin == 0,
    )
    .order_by(invitations.c.id.desc())
    .limit(MOST_SHOWN),
    name="open_account_invitations",
)
_withdraw = Statement(
    update(invitations)
    .where(
        invitations.c.id == bindparam("invitation_id"),
        invitations.c.used_by.is_(None),
        invitations.c.expires_at_us > bindparam("now_us"),
        invitations.c.makes_admin == 0,
    )
    .values(expires_at_us=bindparam("now_us")),
    name="withdraw_account_invitation",
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


async def open_ones(tx: Tx, *, now_us: int) -> list[OpenInvitation]:
    """Those that still open an account, newest first."""
    rows = await tx.all(_open_ones, now_us=now_us)
    return [OpenInvitation(row.id, row.created_at_us, row.expires_at_us) for row in rows]


async def withdraw(tx: Tx, invitation_id: str, *, now_us: int) -> bool:
    """Let one open nothing from now on; False where it opened nothing any more."""
    return await tx.run(_withdraw, invitation_id=invitation_id, now_us=now_us) == 1
