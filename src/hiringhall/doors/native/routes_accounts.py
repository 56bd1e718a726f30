"""The native door's people: who calls, keys, and who belongs to an organization."""

from hiringhall.actions import keys, members
from hiringhall.domain import errors
from hiringhall.domain.members import role_of
from hiringhall.doors.caller import client_address, once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Answer, Call, Route
from hiringhall.doors.native import wire_accounts as wire
from hiringhall.doors.native.callers import anybody, person, viewer_of
from hiringhall.doors.native.routes_tasks import SEES
from hiringhall.queries import members as member_queries
from hiringhall.queries.accounts import open_keys
from hiringhall.queries.my_work import agent_profile


async def who_am_i(desk: Desk, call: Call[None, None]) -> wire.MeAnswer:
    """Who your key stands for."""
    actor = call.actor
    if actor.agent_id is not None:
        profile = await agent_profile(desk.hall, actor=actor, agent_id=actor.agent_id)
        return wire.me_as_agent(profile)
    return wire.me_as_person(await member_queries.myself(desk.hall, actor=actor))


async def list_keys(desk: Desk, call: Call[None, None]) -> wire.KeysAnswer:
    """The organization's keys that open something, oldest first."""
    found = await open_keys(desk.hall, actor=call.actor)
    return wire.KeysAnswer([wire.key_answer(one) for one in found], None)


async def create_key(desk: Desk, call: Call[wire.KeyBody, None]) -> Answer:
    """Make one more key for yourself; it is shown this once."""
    once = once_of(
        call,
        organization_id=viewer_of(call.actor),
        status=201,
        view=wire.new_key,
        holds_secret=True,
    )
    made = await keys.mint_key(desk.hall.once_only(once), actor=call.actor, name=call.body.name)
    return Answer(wire.new_key(made), 201)


async def revoke_key(desk: Desk, call: Call[None, None]) -> wire.DoneAnswer:
    """Let a key of the organization open nothing from now on; once more changes nothing."""
    await keys.revoke_key(desk.hall, actor=call.actor, key_id=call.path["key_id"])
    return wire.DoneAnswer()


async def list_members(desk: Desk, call: Call[None, None]) -> wire.MembersAnswer:
    """Who belongs to your organization."""
    found = await member_queries.members_of(desk.hall, actor=call.actor)
    return wire.MembersAnswer([wire.member_answer(one) for one in found], None)


async def change_member(desk: Desk, call: Call[wire.RoleBody, None]) -> wire.MemberAnswer:
    """Give a member another role, as an owner; one owner stays."""
    member = await members.change_member(
        desk.hall,
        actor=call.actor,
        user_id=call.path["user_id"],
        role=role_of(call.body.role),
    )
    return wire.member_answer(member)


async def remove_member(desk: Desk, call: Call[None, None]) -> wire.MemberAnswer:
    """Take somebody out of the organization, as an owner, or leave it yourself.

    Their keys for it open nothing any more.
    """
    member = await members.remove_member(desk.hall, actor=call.actor, user_id=call.path["user_id"])
    return wire.member_answer(member)


async def list_invitations(desk: Desk, call: Call[None, None]) -> wire.InvitationsAnswer:
    """Who was asked to join, and has not answered yet."""
    found = await member_queries.invitations_of(desk.hall, actor=call.actor)
    return wire.InvitationsAnswer([wire.invited_answer(one) for one in found], None)


async def invite(desk: Desk, call: Call[wire.InviteBody, None]) -> wire.InvitedAnswer:
    """Ask somebody to join, as an owner: a letter goes to them, and what it holds nowhere else."""
    once = once_of(
        call, organization_id=viewer_of(call.actor), status=201, view=wire.invited_answer
    )
    hall = desk.base_url(call)

    def say(secret: str) -> str:
        return (
            f'hiringhall account join --url {hall} --name "your name"\n'
            f"which asks for this secret: {secret}\n\n"
            f"Or: POST {hall}/hall/v1/invitations/accept\n"
            f'{{"token": "{secret}", "name": "your name"}}'
        )

    invited = await members.invite_member(
        desk.hall.once_only(once),
        actor=call.actor,
        email=call.body.email,
        role=role_of(call.body.role),
        say=say,
    )
    return wire.invited_answer(invited)


async def take_back(desk: Desk, call: Call[None, None]) -> wire.DoneAnswer:
    """Let an invitation open nothing any more."""
    await members.take_back(desk.hall, actor=call.actor, invitation_id=call.path["invitation_id"])
    return wire.DoneAnswer()


async def join(desk: Desk, call: Call[wire.JoinBody, None]) -> Answer:
    """Join an organization by the secret of a letter; the answer holds a key for it, once."""
    joined = await members.join(
        desk.hall,
        secret=call.body.token,
        name=call.body.name,
        source_address=client_address(call.scope, desk.trusted_proxies),
    )
    return Answer(wire.joined_answer(*joined), 201)


_OWN = (errors.Unauthorized, errors.Forbidden, errors.NoOrganization)

ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", "/me", who_am_i, {200: wire.MeAnswer}, "Who you are", who=anybody, raises=_OWN),
    Route("GET", "/keys", list_keys, {200: wire.KeysAnswer}, "Keys", who=person, raises=_OWN),
    Route(
        "POST",
        "/keys",
        create_key,
        {201: wire.NewKeyAnswer},
        "Make a key",
        body=wire.KeyBody,
        who=person,
        raises=(*_OWN, errors.SecretNotRepeated, errors.IdempotencyConflict),
        once=True,
    ),
    Route(
        "DELETE",
        "/keys/{key_id}",
        revoke_key,
        {200: wire.DoneAnswer},
        "Revoke a key",
        who=person,
        raises=SEES,
    ),
    Route(
        "GET",
        "/members",
        list_members,
        {200: wire.MembersAnswer},
        "Members",
        who=person,
        raises=_OWN,
    ),
    Route(
        "PATCH",
        "/members/{user_id}",
        change_member,
        {200: wire.MemberAnswer},
        "Change a member's role",
        body=wire.RoleBody,
        who=person,
        raises=(*SEES, errors.Conflict),
    ),
    Route(
        "DELETE",
        "/members/{user_id}",
        remove_member,
        {200: wire.MemberAnswer},
        "Remove a member",
        who=person,
        raises=(*SEES, errors.Conflict),
    ),
    Route(
        "GET",
        "/invitations",
        list_invitations,
        {200: wire.InvitationsAnswer},
        "Open invitations",
        who=person,
        raises=_OWN,
    ),
    Route(
        "POST",
        "/invitations",
        invite,
        {201: wire.InvitedAnswer},
        "Ask somebody to join",
        body=wire.InviteBody,
        who=person,
        raises=(*_OWN, errors.TooManyAttempts, errors.IdempotencyConflict),
        once=True,
    ),
    Route(
        "DELETE",
        "/invitations/{invitation_id}",
        take_back,
        {200: wire.DoneAnswer},
        "Take an invitation back",
        who=person,
        raises=SEES,
    ),
    Route(
        "POST",
        "/invitations/accept",
        join,
        {201: wire.JoinedAnswer},
        "Join an organization",
        body=wire.JoinBody,
        raises=(errors.Gone, errors.TooManyAttempts),
    ),
)
