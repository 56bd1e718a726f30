"""Organizations, their users and the keys that act for them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select, update

from hiringhall.domain.members import MemberRole
from hiringhall.domain.policy import Actor, ActorKind
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import api_keys, memberships, organizations, users

MOST_ORGANIZATIONS = 200
"""How many of those that somebody belongs to are listed."""


@dataclass(frozen=True, slots=True)
class Organization:
    """Who owns tasks and money; `spec_approval` asks for a plan before each of its tasks."""

    id: str
    name: str
    short_id: str
    spec_approval: bool
    created_at_us: int


@dataclass(frozen=True, slots=True)
class User:
    """A person with a login. `password_hash` is argon2's own text, or None."""

    id: str
    email: str
    name: str
    password_hash: str | None
    is_admin: bool
    created_at_us: int


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it may be shown again: by its prefix."""

    id: str
    prefix: str
    label: str
    organization_id: str
    user_id: str
    created_at_us: int
    revoked_at_us: int | None
    used_at_us: int | None = None


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """For whom a key acts, and when that was noted last."""

    actor: Actor
    used_at_us: int | None


def fold_email(email: str) -> str:
    """The form by which an address is one account, whatever its letter case."""
    return email.casefold()


_insert_organization = Statement(
    lambda insert: (
        insert(organizations)
        .values({column.name: bindparam(column.name) for column in organizations.columns})
        .on_conflict_do_nothing(index_elements=["short_id"])
    ),
    name="insert_organization",
)
_insert_user = Statement(
    lambda insert: (
        insert(users)
        .values({column.name: bindparam(column.name) for column in users.columns})
        .on_conflict_do_nothing(index_elements=["email_folded"])
    ),
    name="insert_user",
)
_insert_membership = Statement(insert_row(memberships), name="insert_membership")
_insert_key = Statement(insert_row(api_keys), name="insert_api_key")
_user_columns = (
    users.c.id,
    users.c.email,
    users.c.name,
    users.c.password_hash,
    users.c.is_admin,
    users.c.created_at_us,
)
_user_by_email = Statement(
    select(*_user_columns).where(users.c.email_folded == bindparam("email_folded")),
    name="user_by_email",
)
_list_users = Statement(
    select(*_user_columns, organizations.c.name.label("organization_name"))
    .select_from(
        users.outerjoin(memberships, memberships.c.user_id == users.c.id).outerjoin(
            organizations, organizations.c.id == memberships.c.organization_id
        )
    )
    .order_by(users.c.id),
    name="list_users",
)
_set_password = Statement(
    update(users).where(users.c.id == bindparam("user_id")).values(password_hash=bindparam("hash")),
    name="set_password",
)
_set_admin = Statement(
    update(users).where(users.c.id == bindparam("user_id")).values(is_admin=bindparam("admin")),
    name="set_admin",
)
_is_admin = Statement(
    select(users.c.is_admin).where(users.c.id == bindparam("user_id")), name="is_admin"
)
_has_admin = Statement(select(users.c.id).where(users.c.is_admin == 1).limit(1), name="has_admin")
_organization_columns = (
    organizations.c.id,
    organizations.c.name,
    organizations.c.short_id,
    organizations.c.spec_approval,
    organizations.c.created_at_us,
)
_organization_by_id = Statement(
    select(*_organization_columns).where(organizations.c.id == bindparam("organization_id")),
    name="organization_by_id",
)
_organization_of_user = Statement(
    select(*_organization_columns)
    .select_from(
        organizations.join(memberships, memberships.c.organization_id == organizations.c.id)
    )
    .where(memberships.c.user_id == bindparam("user_id"))
    .order_by(memberships.c.joined_at_us, organizations.c.id)
    .limit(1),
    name="organization_of_user",
)
_organizations_of_user = Statement(
    select(*_organization_columns)
    .select_from(
        organizations.join(memberships, memberships.c.organization_id == organizations.c.id)
    )
    .where(memberships.c.user_id == bindparam("user_id"))
    .order_by(memberships.c.joined_at_us, organizations.c.id)
    .limit(MOST_ORGANIZATIONS),
    name="organizations_of_user",
)
_key_by_secret = Statement(
    select(
        api_keys.c.id, api_keys.c.organization_id, api_keys.c.user_id, api_keys.c.used_at_us
    ).where(
        api_keys.c.secret_sha256 == bindparam("secret_sha256"), api_keys.c.revoked_at_us.is_(None)
    ),
    name="key_by_secret",
)
_key_columns = (
    api_keys.c.id,
    api_keys.c.prefix,
    api_keys.c.label,
    api_keys.c.organization_id,
    api_keys.c.user_id,
    api_keys.c.created_at_us,
    api_keys.c.revoked_at_us,
    api_keys.c.used_at_us,
)
_keys_of_user = Statement(
    select(*_key_columns).where(api_keys.c.user_id == bindparam("user_id")).order_by(api_keys.c.id),
    name="keys_of_user",
)
_open_keys = Statement(
    select(*_key_columns)
    .where(
        api_keys.c.organization_id == bindparam("organization_id"),
        api_keys.c.revoked_at_us.is_(None),
    )
    .order_by(api_keys.c.id),
    name="open_keys_of_organization",
)
_key_by_id = Statement(
    select(*_key_columns).where(api_keys.c.id == bindparam("key_id")), name="key_by_id"
)
_use_key = Statement(
    update(api_keys)
    .where(api_keys.c.id == bindparam("key_id"))
    .values(used_at_us=bindparam("at_us")),
    name="use_key",
)
_revoke_by_id = Statement(
    update(api_keys)
    .where(api_keys.c.id == bindparam("key_id"), api_keys.c.revoked_at_us.is_(None))
    .values(revoked_at_us=bindparam("at_us")),
    name="revoke_key_by_id",
)
_revoke_key = Statement(
    update(api_keys)
    .where(api_keys.c.user_id == bindparam("of_user"), api_keys.c.prefix == bindparam("begins"))
    .values(revoked_at_us=func.coalesce(api_keys.c.revoked_at_us, bindparam("at_us"))),
    name="revoke_key",
)
_set_spec_approval = Statement(
    update(organizations)
    .where(organizations.c.id == bindparam("organization_id"))
    .values(spec_approval=bindparam("wanted")),
    name="set_spec_approval",
)


async def add_organization(tx: Tx, organization: Organization) -> bool:
    """Write an organization down; False when its short id is taken already."""
    return (
        await tx.run(
            _insert_organization,
            id=organization.id,
            name=organization.name,
            short_id=organization.short_id,
            spec_approval=int(organization.spec_approval),
            created_at_us=organization.created_at_us,
        )
        == 1
    )


async def add_user(tx: Tx, user: User, *, by_keys_alone: bool = False) -> bool:
    """Write a user down; False when the address has an account already.

    One that is reached by its keys alone may have another's address: nobody signs in with it.
    """
    return (
        await tx.run(
            _insert_user,
            id=user.id,
            email=user.email,
            email_folded=None if by_keys_alone else fold_email(user.email),
            name=user.name,
            password_hash=user.password_hash,
            is_admin=int(user.is_admin),
            created_at_us=user.created_at_us,
        )
        == 1
    )


async def add_membership(
    tx: Tx, *, user_id: str, organization_id: str, at_us: int, role: MemberRole
) -> None:
    """Let a user act for an organization."""
    await tx.run(
        _insert_membership,
        user_id=user_id,
        organization_id=organization_id,
        joined_at_us=at_us,
        role=role.value,
        seen_at_us=None,
    )


async def add_key(tx: Tx, key: ApiKey, secret_sha256: bytes) -> None:
    """Write a key down by the hash of its secret."""
    await tx.run(
        _insert_key,
        id=key.id,
        secret_sha256=secret_sha256,
        prefix=key.prefix,
        label=key.label,
        organization_id=key.organization_id,
        user_id=key.user_id,
        created_at_us=key.created_at_us,
        revoked_at_us=key.revoked_at_us,
        used_at_us=key.used_at_us,
    )


async def keys_of_user(tx: Tx, user_id: str) -> list[ApiKey]:
    """A user's keys, revoked ones too, oldest first."""
    return [ApiKey(*row) for row in await tx.all(_keys_of_user, user_id=user_id)]


async def open_keys(tx: Tx, organization_id: str) -> list[ApiKey]:
    """An organization's keys that open something, oldest first."""
    rows = await tx.all(_open_keys, organization_id=organization_id)
    return [ApiKey(*row) for row in rows]


async def key_by_id(tx: Tx, key_id: str) -> ApiKey | None:
    """A key as it may be shown."""
    row = await tx.one(_key_by_id, key_id=key_id)
    return None if row is None else ApiKey(*row)


async def revoke_by_id(tx: Tx, key_id: str, *, at_us: int) -> bool:
    """Let a key open nothing from now on; False when it did not any more."""
    return await tx.run(_revoke_by_id, key_id=key_id, at_us=at_us) == 1


async def revoke_key(tx: Tx, *, user_id: str, prefix: str, at_us: int) -> bool:
    """Let a user's key open nothing from now on; False when there is none of that prefix."""
    return await tx.run(_revoke_key, of_user=user_id, begins=prefix, at_us=at_us) > 0


async def user_by_email(tx: Tx, email: str) -> User | None:
    """The account of an address, in any letter case."""
    row = await tx.one(_user_by_email, email_folded=fold_email(email))
    if row is None:
        return None
    return User(row.id, row.email, row.name, row.password_hash, bool(row.is_admin), row[5])


async def list_users(tx: Tx) -> list[tuple[User, str | None]]:
    """Every user with the name of the organization it belongs to, oldest first."""
    return [
        (
            User(row.id, row.email, row.name, None, bool(row.is_admin), row.created_at_us),
            row.organization_name,
        )
        for row in await tx.all(_list_users)
    ]


async def set_password_hash(tx: Tx, *, user_id: str, password_hash: str) -> None:
    """Keep the hash of a new password."""
    await tx.run(_set_password, user_id=user_id, hash=password_hash)


async def is_admin(tx: Tx, user_id: str) -> bool:
    """Whether a user may run the hall."""
    row = await tx.one(_is_admin, user_id=user_id)
    return row is not None and bool(row.is_admin)


async def has_admin(tx: Tx) -> bool:
    """Whether anybody runs the hall."""
    return await tx.one(_has_admin) is not None


async def set_admin(tx: Tx, *, user_id: str, is_admin: bool) -> None:
    """Give or take the right to run the hall."""
    await tx.run(_set_admin, user_id=user_id, admin=int(is_admin))


async def set_spec_approval(tx: Tx, *, organization_id: str, wanted: bool) -> None:
    """Whether each task of an organization gets a plan to approve first."""
    await tx.run(_set_spec_approval, organization_id=organization_id, wanted=int(wanted))


async def organization_of_user(tx: Tx, user_id: str) -> Organization | None:
    """The organization that a user joined first, or None."""
    return _to_organization(await tx.one(_organization_of_user, user_id=user_id))


async def organizations_of_user(tx: Tx, user_id: str) -> list[Organization]:
    """Every organization that a user belongs to, whichever they joined first."""
    rows = await tx.all(_organizations_of_user, user_id=user_id)
    return [found for found in map(_to_organization, rows) if found is not None]


async def organization_by_id(tx: Tx, organization_id: str) -> Organization | None:
    """An organization, or None."""
    return _to_organization(await tx.one(_organization_by_id, organization_id=organization_id))


def _to_organization(row: Any) -> Organization | None:
    if row is None:
        return None
    return Organization(row.id, row.name, row.short_id, bool(row.spec_approval), row.created_at_us)


async def holder_of(tx: Tx, secret_sha256: bytes) -> KeyHolder | None:
    """For whom a key acts, by the hash of its secret; None where it opens nothing."""
    row = await tx.one(_key_by_secret, secret_sha256=secret_sha256)
    if row is None:
        return None
    actor = Actor(
        kind=ActorKind.USER,
        organization_id=row.organization_id,
        user_id=row.user_id,
        key_id=row.id,
    )
    return KeyHolder(actor, row.used_at_us)


async def use_key(tx: Tx, key_id: str, *, at_us: int) -> None:
    """Note when a key was used."""
    await tx.run(_use_key, key_id=key_id, at_us=at_us)
