"""Who belongs to an organization, as its members see it, and who somebody with a key is."""

import hashlib
from dataclasses import dataclass

from hiringhall.domain.errors import NoOrganization, Unauthorized
from hiringhall.domain.members import SHOWN, Invited, Member, MemberRole
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.queries.admins import is_admin
from hiringhall.store import accounts, members
from hiringhall.store.accounts import Organization
from hiringhall.store.database import Tx


@dataclass(frozen=True, slots=True)
class Myself:
    """A person by their key: who they are, for whom they act, and whether they run the hall."""

    member: Member
    organization: Organization
    is_admin: bool


async def myself(hall: Hall, *, actor: Actor) -> Myself:
    """Who a key stands for; raises NoOrganization."""
    organization_id, user_id = actor.organization_id, actor.user_id
    if organization_id is None or user_id is None:
        raise NoOrganization

    async def find(tx: Tx) -> Myself:
        organization = await accounts.organization_by_id(tx, organization_id)
        member = await members.by_id(tx, organization_id, user_id)
        if organization is None or member is None:
            raise Unauthorized("This key's owner does not belong to its organization any more")
        return Myself(member, organization, await is_admin(tx, actor))

    return await hall.database.read(find)


async def owns(tx: Tx, actor: Actor) -> bool:
    """Whether the actor is an owner of the organization that they act for."""
    if actor.organization_id is None or actor.user_id is None:
        return False
    member = await members.by_id(tx, actor.organization_id, actor.user_id)
    return member is not None and member.role is MemberRole.OWNER


async def organizations_of(hall: Hall, *, actor: Actor) -> list[Organization]:
    """Every organization that the actor's user belongs to, whichever was joined first."""
    user_id = actor.user_id
    if user_id is None:
        raise Unauthorized("Nobody is signed in")

    async def find(tx: Tx) -> list[Organization]:
        return await accounts.organizations_of_user(tx, user_id)

    return await hall.database.read(find)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an invitation tells whoever holds its secret."""

    email: str
    organization_name: str
    invited_by: str
    has_password: bool
    has_account: bool
    is_mailed: bool


async def asked_by_secret(hall: Hall, *, secret: str) -> Asked | None:
    """What an invitation is to, from whom and for which account; None for one that is void.

    Whoever has the secret has the mailbox that it was sent to, unless it was shown to who asked:
    whether there is an account is not said then.
    """
    digest, is_mailed = invitation_of(secret)

    async def find(tx: Tx) -> Asked | None:
        invited = await members.invitation_by_secret(tx, digest, now_us=hall.clock())
        if invited is None:
            return None
        organization = await accounts.organization_by_id(tx, invited.organization_id)
        inviter = await members.by_id(tx, invited.organization_id, invited.invited_by)
        user = await accounts.user_by_email(tx, invited.email)
        return Asked(
            email=invited.email,
            organization_name="" if organization is None else organization.name,
            invited_by="" if inviter is None else inviter.name,
            has_password=is_mailed and user is not None and user.password_hash is not None,
            has_account=is_mailed and user is not None,
            is_mailed=is_mailed,
        )

    return await hall.database.read(find)


async def members_of(hall: Hall, *, actor: Actor) -> list[Member]:
    """All members of the actor's organization, in the order in which they joined."""
    organization_id = _organization(actor)

    async def find(tx: Tx) -> list[Member]:
        return await members.of_organization(tx, organization_id)

    return await hall.database.scan(find)


async def invitations_of(hall: Hall, *, actor: Actor) -> list[Invited]:
    """Who was asked to join the actor's organization, and has not answered yet."""
    organization_id = _organization(actor)

    async def find(tx: Tx) -> list[Invited]:
        return await members.open_invitations(tx, organization_id, now_us=hall.clock())

    return await hall.database.scan(find)


def _organization(actor: Actor) -> str:
    if actor.organization_id is None:
        raise NoOrganization
    return actor.organization_id


def invitation_of(secret: str) -> tuple[bytes, bool]:
    """Which invitation a secret is of, by its hash, and whether it came by mail."""
    tidy = secret.strip()[:200]
    return digest_of(tidy), not tidy.startswith(SHOWN)


def digest_of(secret: str) -> bytes:
    """By what a mailed secret is known here."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
