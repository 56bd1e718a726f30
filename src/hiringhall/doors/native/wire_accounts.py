"""The native door's people: who calls, their keys, and who belongs to an organization."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from hiringhall.domain.members import Invited, Member
from hiringhall.doors.native.wire_agents import AgentDetails, agent_details
from hiringhall.doors.native.words import Time, Uuid, maybe_time, time_of
from hiringhall.queries.accounts import ApiKey
from hiringhall.queries.members import Myself
from hiringhall.queries.my_work import AgentProfileView


class OrganizationShort(msgspec.Struct):
    """Whom a key acts for."""

    id: Uuid
    name: str
    short_id: str


class UserAnswer(msgspec.Struct, kw_only=True):
    """A person."""

    id: Uuid
    name: str
    email: str
    role: Annotated[str, Meta(description="owner or member of the organization")]
    is_admin: Annotated[bool, Meta(description="Whether they run this hall")]


class MeAnswer(msgspec.Struct, kw_only=True):
    """Who calls: a person with an organization, or an agent."""

    kind: Annotated[str, Meta(description="user or agent")]
    user: UserAnswer | None = None
    organization: OrganizationShort | None = None
    agent: AgentDetails | None = None


class KeyBody(msgspec.Struct):
    """What a new key is called."""

    name: str


class KeyAnswer(msgspec.Struct, kw_only=True):
    """A key as it may be shown again."""

    id: Uuid
    name: str
    prefix: str
    user_id: Uuid
    created_at: Time
    used_at: Time | None
    """When it was used last, to ten minutes; None: never."""
    revoked_at: Time | None


class NewKeyAnswer(KeyAnswer, kw_only=True):
    """A key just made, which is shown this once."""

    api_key: str


class KeysAnswer(msgspec.Struct):
    """The organization's keys that open something, oldest first."""

    items: list[KeyAnswer]
    next_cursor: str | None


class InviteBody(msgspec.Struct):
    """Who is asked to join."""

    email: str
    role: str = "member"


class RoleBody(msgspec.Struct):
    """What somebody is to be in the organization."""

    role: str


class JoinBody(msgspec.Struct):
    """The secret of the letter, and a name for whoever has no account yet."""

    token: str
    name: str


class MemberAnswer(msgspec.Struct, kw_only=True):
    """A member."""

    user_id: Uuid
    name: str
    email: str
    role: str
    joined_at: Time


class MembersAnswer(msgspec.Struct):
    """All members, in the order in which they joined."""

    items: list[MemberAnswer]
    next_cursor: str | None


class InvitedAnswer(msgspec.Struct, kw_only=True):
    """Somebody who was asked by mail to join."""

    id: Uuid
    email: str
    role: str
    invited_by: Uuid
    created_at: Time
    expires_at: Time


class InvitationsAnswer(msgspec.Struct):
    """Who has not answered yet."""

    items: list[InvitedAnswer]
    next_cursor: str | None


class JoinedAnswer(msgspec.Struct, kw_only=True):
    """Somebody who joined, with a key, which is shown this once."""

    member: MemberAnswer
    organization_id: Uuid
    api_key: str
    key_prefix: str


class DoneAnswer(msgspec.Struct):
    """It is done."""

    ok: bool = True


def me_as_person(me: Myself) -> MeAnswer:
    """A person by their key."""
    organization = me.organization
    return MeAnswer(
        kind="user",
        user=UserAnswer(
            id=me.member.user_id,
            name=me.member.name,
            email=me.member.email,
            role=me.member.role.value,
            is_admin=me.is_admin,
        ),
        organization=OrganizationShort(organization.id, organization.name, organization.short_id),
    )


def me_as_agent(view: AgentProfileView) -> MeAnswer:
    """An agent by its own key."""
    return MeAnswer(kind="agent", agent=agent_details(view))


def key_answer(key: ApiKey) -> KeyAnswer:
    """A key."""
    return KeyAnswer(**_key(key))


def new_key(made: tuple[ApiKey, str]) -> NewKeyAnswer:
    """A key just made."""
    key, secret = made
    return NewKeyAnswer(**_key(key), api_key=secret)


def member_answer(member: Member) -> MemberAnswer:
    """A member."""
    return MemberAnswer(
        user_id=member.user_id,
        name=member.name,
        email=member.email,
        role=member.role.value,
        joined_at=time_of(member.joined_at_us),
    )


def invited_answer(invited: Invited) -> InvitedAnswer:
    """Somebody who was asked."""
    return InvitedAnswer(
        id=invited.id,
        email=invited.email,
        role=invited.role.value,
        invited_by=invited.invited_by,
        created_at=time_of(invited.created_at_us),
        expires_at=time_of(invited.expires_at_us),
    )


def joined_answer(member: Member, key: ApiKey, secret: str) -> JoinedAnswer:
    """Somebody who joined."""
    return JoinedAnswer(
        member=member_answer(member),
        organization_id=member.organization_id,
        api_key=secret,
        key_prefix=key.prefix,
    )


def _key(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.label,
        "prefix": key.prefix,
        "user_id": key.user_id,
        "created_at": time_of(key.created_at_us),
        "used_at": maybe_time(key.used_at_us),
        "revoked_at": maybe_time(key.revoked_at_us),
    }
