"""Who belongs to an organization, and who was asked to."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update

from hiringhall.domain.members import Invited, Member, MemberRole
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import api_keys, member_invitations, memberships, users

_columns = (
    memberships.c.user_id,
    memberships.c.organization_id,
    users.c.email,
    users.c.name,
    memberships.c.role,
    memberships.c.joined_at_us,
)
_members = select(*_columns).select_from(
    memberships.join(users, users.c.id == memberships.c.user_id)
)
_one = _members.where(
    memberships.c.organization_id == bindparam("organization"),
    memberships.c.user_id == bindparam("of_user"),
)
_by_id = Statement(_one, name="member")
_for_change = Statement(_one.with_for_update(of=memberships), name="member_for_change")
_all = Statement(
    _members.where(memberships.c.organization_id == bindparam("organization")).order_by(
        memberships.c.joined_at_us, memberships.c.user_id
    ),
    name="members",
)
_names = Statement(
    select(memberships.c.user_id, users.c.name)
    .select_from(memberships.join(users, users.c.id == memberships.c.user_id))
    .where(
        any_of(memberships.c.organization_id, "organizations"), any_of(memberships.c.user_id, "ids")
    )
    .order_by(memberships.c.user_id),
    name="names_of_members",
)
_owners = Statement(
    select(memberships.c.user_id)
    .where(
        memberships.c.organization_id == bindparam("organization"),
        memberships.c.role == MemberRole.OWNER.value,
    )
    .order_by(memberships.c.user_id)
    .with_for_update(),
    name="owners_for_change",
)
_set_role = Statement(
    update(memberships)
    .where(
        memberships.c.organization_id == bindparam("organization"),
        memberships.c.user_id == bindparam("of_user"),
    )
    .values(role=bindparam("new_role")),
    name="set_member_role",
)
_see = Statement(
    update(memberships)
    .where(
        memberships.c.organization_id == bindparam("organization"),
        memberships.c.user_id == bindparam("of_user"),
    )
    .values(seen_at_us=bindparam("at_us")),
    name="see_member",
)
_last_of_user = Statement(
    select(memberships.c.organization_id)
    .where(memberships.c.user_id == bindparam("of_user"))
    .order_by(
        func.coalesce(memberships.c.seen_at_us, 0).desc(),
        memberships.c.joined_at_us,
        memberships.c.organization_id,
    )
    .limit(1),
    name="last_organization_of_user",
)
_remove = Statement(
    delete(memberships).where(
        memberships.c.organization_id == bindparam("organization"),
        memberships.c.user_id == bindparam("of_user"),
    ),
    name="remove_member",
)
_revoke = Statement(
    update(api_keys)
    .where(
        api_keys.c.organization_id == bindparam("organization"),
        api_keys.c.user_id == bindparam("of_user"),
        api_keys.c.revoked_at_us.is_(None),
    )
    .values(revoked_at_us=bindparam("at_us")),
    name="revoke_keys_of_member",
)
_invite = Statement(insert_row(member_invitations), name="insert_member_invitation")
_asked = (
    member_invitations.c.id,
    member_invitations.c.organization_id,
    member_invitations.c.email,
    member_invitations.c.role,
    member_invitations.c.invited_by,
    member_invitations.c.created_at_us,
    member_invitations.c.expires_at_us,
)
_open = Statement(
    select(*_asked)
    .where(
        member_invitations.c.organization_id == bindparam("organization"),
        member_invitations.c.closed_at_us.is_(None),
        member_invitations.c.expires_at_us > bindparam("now_us"),
    )
    .order_by(member_invitations.c.id),
    name="open_member_invitations",
)
_by_secret = Statement(
    select(*_asked).where(
        member_invitations.c.secret_sha256 == bindparam("digest"),
        member_invitations.c.closed_at_us.is_(None),
        member_invitations.c.expires_at_us > bindparam("now_us"),
    ),
    name="member_invitation_by_secret",
)
_close = Statement(
    update(member_invitations)
    .where(
        member_invitations.c.id == bindparam("invitation"),
        member_invitations.c.organization_id == bindparam("organization"),
        member_invitations.c.closed_at_us.is_(None),
    )
    .values(closed_at_us=bindparam("at_us")),
    name="close_member_invitation",
)


async def by_id(
    tx: Tx, organization_id: str, user_id: str, *, for_change: bool = False
) -> Member | None:
    """A member; with `for_change` locked on PostgreSQL."""
    statement = _for_change if for_change else _by_id
    row = await tx.one(statement, organization=organization_id, of_user=user_id)
    return None if row is None else _to_member(row)


async def of_organization(tx: Tx, organization_id: str) -> list[Member]:
    """All members, in the order in which they joined."""
    return [_to_member(row) for row in await tx.all(_all, organization=organization_id)]


async def names(tx: Tx, organization_ids: Sequence[str], user_ids: Sequence[str]) -> dict[str, str]:
    """What some users are called, by their ids: those that belong to one of the organizations."""
    rows = await tx.all(_names, organizations=list(organization_ids), ids=list(user_ids))
    return {row.user_id: row.name for row in rows}


async def owners_for_change(tx: Tx, organization_id: str) -> list[str]:
    """The owners' user ids; on PostgreSQL locked, so that the last one stays."""
    return [row.user_id for row in await tx.all(_owners, organization=organization_id)]


async def last_of_user(tx: Tx, user_id: str) -> str | None:
    """The organization that a user was last seen in at a page, else that they joined first."""
    row = await tx.one(_last_of_user, of_user=user_id)
    return None if row is None else row.organization_id


async def see(tx: Tx, organization_id: str, user_id: str, *, at_us: int) -> None:
    """Remember when somebody was last at an organization's pages."""
    await tx.run(_see, organization=organization_id, of_user=user_id, at_us=at_us)


async def set_role(tx: Tx, organization_id: str, user_id: str, role: MemberRole) -> None:
    """Give a member another role."""
    await tx.run(_set_role, organization=organization_id, of_user=user_id, new_role=role.value)


async def remove(tx: Tx, organization_id: str, user_id: str, *, at_us: int) -> None:
    """Take somebody out of an organization: their keys open nothing of it any more."""
    await tx.run(_remove, organization=organization_id, of_user=user_id)
    await tx.run(_revoke, organization=organization_id, of_user=user_id, at_us=at_us)


async def invite(tx: Tx, invited: Invited, *, secret_sha256: bytes) -> None:
    """Write an invitation down by the hash of its secret."""
    await tx.run(
        _invite,
        id=invited.id,
        organization_id=invited.organization_id,
        email=invited.email,
        role=invited.role.value,
        secret_sha256=secret_sha256,
        invited_by=invited.invited_by,
        created_at_us=invited.created_at_us,
        expires_at_us=invited.expires_at_us,
        closed_at_us=None,
    )


async def open_invitations(tx: Tx, organization_id: str, *, now_us: int) -> list[Invited]:
    """Who was asked, and has not answered yet."""
    rows = await tx.all(_open, organization=organization_id, now_us=now_us)
    return [_to_invited(row) for row in rows]


async def invitation_by_secret(tx: Tx, digest: bytes, *, now_us: int) -> Invited | None:
    """The invitation of a secret, as long as it can be used."""
    row = await tx.one(_by_secret, digest=digest, now_us=now_us)
    return None if row is None else _to_invited(row)


async def close_invitation(tx: Tx, invitation_id: str, organization_id: str, *, at_us: int) -> bool:
    """Use an invitation, or take it back; False when it was closed before."""
    changed = await tx.run(
        _close, invitation=invitation_id, organization=organization_id, at_us=at_us
    )
    return changed == 1


def _to_member(row: Any) -> Member:
    return Member(
        row.user_id,
        row.organization_id,
        row.email,
        row.name,
        MemberRole(row.role),
        row.joined_at_us,
    )


def _to_invited(row: Any) -> Invited:
    return Invited(
        row.id,
        row.organization_id,
        row.email,
        MemberRole(row.role),
        row.invited_by,
        row.created_at_us,
        row.expires_at_us,
    )
