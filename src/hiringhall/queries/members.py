"""Who belongs to an organization, as its members see it, and who somebody with a key is."""

from dataclasses import dataclass

from hiringhall.domain.errors import NoOrganization, Unauthorized
from hiringhall.domain.members import Invited, Member
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
