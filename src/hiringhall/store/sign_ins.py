"""Sign-ins: browsers that act for a user until they are signed out or not seen for long."""

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, select, update

from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import memberships, organizations, sign_ins, users

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that acts for a user: since when, and when it was last seen (µs UTC)."""

    id: str
    created_at_us: int
    seen_at_us: int


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who is signed in, since when, and when they were last seen (µs UTC).

    `organizations` says to how many they belong; the sign-in acts for one of them.
    """

    id: str
    user_id: str
    name: str
    email: str
    is_admin: bool
    organization_id: str
    organization_name: str
    created_at_us: int
    seen_at_us: int
    organizations: int = 1


_others = memberships.alias("all_memberships")
_insert = Statement(insert_row(sign_ins), name="insert_sign_in")
_by_secret = Statement(
    select(
        sign_ins.c.id,
        sign_ins.c.user_id,
        users.c.name,
        users.c.email,
        users.c.is_admin,
        sign_ins.c.organization_id,
        organizations.c.name.label("organization_name"),
        sign_ins.c.created_at_us,
        sign_ins.c.seen_at_us,
        select(func.count())
        .select_from(_others)
        .where(_others.c.user_id == sign_ins.c.user_id)
        .correlate(sign_ins)
        .scalar_subquery()
        .label("organizations"),
    )
    .select_from(
        sign_ins.join(users, users.c.id == sign_ins.c.user_id)
        .join(organizations, organizations.c.id == sign_ins.c.organization_id)
        # Whoever was taken out of the organization is not signed in to it any more.
        .join(
            memberships,
            (memberships.c.user_id == sign_ins.c.user_id)
            & (memberships.c.organization_id == sign_ins.c.organization_id),
        )
    )
    .where(sign_ins.c.secret_sha256 == bindparam("secret_hash")),
    name="sign_in_by_secret",
)
_see = Statement(
    update(sign_ins)
    .where(sign_ins.c.id == bindparam("sign_in_id"))
    .values(seen_at_us=bindparam("at_us")),
    name="see_sign_in",
)
_lead_to = Statement(
    update(sign_ins)
    .where(sign_ins.c.id == bindparam("sign_in_id"), sign_ins.c.user_id == bindparam("of_user"))
    .values(organization_id=bindparam("into")),
    name="lead_sign_in_to",
)
_end = Statement(
    delete(sign_ins).where(sign_ins.c.secret_sha256 == bindparam("secret_hash")),
    name="end_sign_in",
)
_end_all = Statement(
    delete(sign_ins).where(sign_ins.c.user_id == bindparam("of_user")), name="end_sign_ins"
)
_end_one = Statement(
    delete(sign_ins).where(
        sign_ins.c.id == bindparam("sign_in_id"), sign_ins.c.user_id == bindparam("of_user")
    ),
    name="end_one_sign_in",
)
_end_others = Statement(
    delete(sign_ins).where(
        sign_ins.c.user_id == bindparam("of_user"), sign_ins.c.id != bindparam("sign_in_id")
    ),
    name="end_other_sign_ins",
)
_of_user = Statement(
    select(sign_ins.c.id, sign_ins.c.created_at_us, sign_ins.c.seen_at_us)
    .where(
        sign_ins.c.user_id == bindparam("of_user"),
        sign_ins.c.seen_at_us > bindparam("seen_after_us"),
        sign_ins.c.created_at_us > bindparam("begun_after_us"),
    )
    .order_by(sign_ins.c.seen_at_us.desc())
    .limit(MOST_SHOWN),
    name="sign_ins_of_user",
)
_forget_old = Statement(
    delete(sign_ins).where(sign_ins.c.seen_at_us < bindparam("before_us")),
    name="forget_old_sign_ins",
)


async def add(
    tx: Tx,
    *,
    sign_in_id: str,
    secret_sha256: bytes,
    user_id: str,
    organization_id: str,
    at_us: int,
) -> None:
    """Write one down by the hash of its secret."""
    await tx.run(
        _insert,
        id=sign_in_id,
        secret_sha256=secret_sha256,
        user_id=user_id,
        organization_id=organization_id,
        created_at_us=at_us,
        seen_at_us=at_us,
    )


async def by_secret(tx: Tx, secret_sha256: bytes) -> SignIn | None:
    """The one of a secret, by the secret's hash."""
    row = await tx.one(_by_secret, secret_hash=secret_sha256)
    if row is None:
        return None
    return SignIn(
        row.id,
        row.user_id,
        row.name,
        row.email,
        bool(row.is_admin),
        row.organization_id,
        row.organization_name,
        row.created_at_us,
        row.seen_at_us,
        row.organizations,
    )


async def lead_to(tx: Tx, sign_in_id: str, *, user_id: str, organization_id: str) -> bool:
    """Let a user's sign-in act for another organization; whether there was such a one."""
    changed = await tx.run(_lead_to, sign_in_id=sign_in_id, of_user=user_id, into=organization_id)
    return changed == 1


async def see(tx: Tx, sign_in_id: str, *, at_us: int) -> None:
    """Remember when somebody was last seen."""
    await tx.run(_see, sign_in_id=sign_in_id, at_us=at_us)


async def end(tx: Tx, secret_sha256: bytes) -> None:
    """Let a secret open nothing from now on."""
    await tx.run(_end, secret_hash=secret_sha256)


async def end_all(tx: Tx, *, user_id: str) -> None:
    """End all sign-ins of a user."""
    await tx.run(_end_all, of_user=user_id)


async def end_one(tx: Tx, sign_in_id: str, *, user_id: str) -> bool:
    """End one of a user's; whether there was such a one."""
    return await tx.run(_end_one, sign_in_id=sign_in_id, of_user=user_id) == 1


async def end_others(tx: Tx, sign_in_id: str, *, user_id: str) -> None:
    """End all of a user's but one."""
    await tx.run(_end_others, sign_in_id=sign_in_id, of_user=user_id)


async def of_user(
    tx: Tx, user_id: str, *, seen_after_us: int, begun_after_us: int
) -> list[Browser]:
    """Those of a user that are not over, whoever was seen last first."""
    rows = await tx.all(
        _of_user, of_user=user_id, seen_after_us=seen_after_us, begun_after_us=begun_after_us
    )
    return [Browser(row.id, row.created_at_us, row.seen_at_us) for row in rows]


async def forget_old(tx: Tx, *, before_us: int) -> int:
    """Drop those not seen since a time; how many."""
    return await tx.run(_forget_old, before_us=before_us)
