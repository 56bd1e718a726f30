"""Settings of a person and their organization: password and sign-ins, keys, who belongs to it."""

import contextlib

from hiringhall.actions import keys, members, own_account
from hiringhall.actions.own_account import change_password
from hiringhall.domain.errors import NotFound, TooManyAttempts
from hiringhall.domain.members import MemberRole, role_of
from hiringhall.doors.caller import client_address
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.once import only_once, only_once_with_secret
from hiringhall.doors.pages.saying import SAID, Said, doing, done, refused, showing
from hiringhall.doors.pages.visits import Visit, for_signed_in, send_again
from hiringhall.queries import members as member_queries
from hiringhall.queries.accounts import open_keys
from hiringhall.queries.sign_ins import browsers_of

AT = f"{HOME}/settings"
KEYS = f"{AT}/keys"
PEOPLE = f"{AT}/people"
_ASKED = f"{PEOPLE}?asked=1"


async def show_account(visit: Visit, said: Said) -> Raw:
    """Who one is here, the password, and where one is signed in."""
    hall, actor = visit.desk.hall, visit.actor
    return visit.show(
        "settings_account.html",
        me=await member_queries.myself(hall, actor=actor),
        browsers=await browsers_of(hall, actor=actor),
        organizations=await member_queries.organizations_of(hall, actor=actor),
        this=actor.key_id,
        changed=visit.query["changed"],
        joined=visit.query["joined"],
        **said.shown,
    )


async def _change_password(visit: Visit) -> Raw:
    assert visit.who is not None
    try:
        await change_password(
            visit.desk.hall,
            actor=visit.actor,
            email=visit.who.email,
            old=visit.form["old"],
            new=visit.form["new"],
            source_address=client_address(visit.call.scope, visit.desk.trusted_proxies),
        )
    except (*SAID, TooManyAttempts) as error:
        return await show_account(visit, refused(visit, error))
    return visit.lead(f"{AT}?changed=password")


async def _end_sign_in(visit: Visit) -> str:
    await own_account.end_sign_in(
        visit.desk.hall, actor=visit.actor, sign_in_id=visit.call.path["sign_in_id"]
    )
    return done(AT, "signed_out")


async def _switch(visit: Visit) -> str:
    await own_account.switch_organization(
        visit.desk.hall, actor=visit.actor, organization_id=visit.form["organization_id"]
    )
    return HOME


async def _act_for(visit: Visit) -> Raw:
    """Act for the organization that a form was typed for, and look at the form again."""
    with contextlib.suppress(NotFound):  # who does not belong to it any more is told so
        await own_account.switch_organization(
            visit.desk.hall, actor=visit.actor, organization_id=visit.form["organization_id"]
        )
    await visit.look()
    return await send_again(visit, visit.form["kept"])


async def show_keys(visit: Visit, said: Said) -> Raw:
    """The organization's keys that open something; a new one is made here."""
    hall, actor = visit.desk.hall, visit.actor
    people = await member_queries.members_of(hall, actor=actor)
    return visit.show(
        "settings_keys.html",
        keys=await open_keys(hall, actor=actor),
        names={one.user_id: one.name for one in people},
        **said.shown,
    )


async def _make_key(visit: Visit) -> Raw:
    try:
        key, secret = await keys.mint_key(
            only_once_with_secret(visit), actor=visit.actor, name=visit.form["name"]
        )
    except SAID as error:
        return await show_keys(visit, refused(visit, error))
    base = visit.desk.base_url(visit.call)
    return visit.show("settings_key.html", key=key, secret=secret, base=base)


async def _revoke_key(visit: Visit) -> str:
    await keys.revoke_key(visit.desk.hall, actor=visit.actor, key_id=visit.call.path["key_id"])
    return done(KEYS, "key_revoked")


async def show_people(visit: Visit, said: Said, leads_to: str = "") -> Raw:
    """Who belongs to the organization, and who was asked to; a link without a letter is shown."""
    hall, actor = visit.desk.hall, visit.actor
    me = await member_queries.myself(hall, actor=actor)
    return visit.show(
        "settings_people.html",
        me=me,
        owns=me.member.role is MemberRole.OWNER,
        people=await member_queries.members_of(hall, actor=actor),
        invited=await member_queries.invitations_of(hall, actor=actor),
        asked=visit.query["asked"],
        leads_to=leads_to,
        is_sent=hall.mail.is_sent,
        roles=list(MemberRole),
        **said.shown,
    )


async def _change_role(visit: Visit) -> str:
    await members.change_member(
        visit.desk.hall,
        actor=visit.actor,
        user_id=visit.call.path["user_id"],
        role=role_of(visit.form["role"]),
    )
    return done(PEOPLE, "member")


async def _remove(visit: Visit) -> str:
    """Whoever takes themselves out has nothing more to see here."""
    user_id = visit.call.path["user_id"]
    await members.remove_member(visit.desk.hall, actor=visit.actor, user_id=user_id)
    return "/signin" if user_id == visit.actor.user_id else done(PEOPLE, "member_gone")


async def _invite(visit: Visit) -> Raw:
    """By a letter; where the hall sends none, by a link that is shown once."""
    base, is_sent = visit.desk.base_url(visit.call), visit.desk.hall.mail.is_sent
    invite = members.invite_member if is_sent else members.invite_with_link

    def link(secret: str) -> str:
        return f"{base}/join?invitation={secret}"

    try:
        made = await invite(
            only_once(visit, _ASKED) if is_sent else only_once_with_secret(visit),
            actor=visit.actor,
            email=visit.form["email"],
            role=role_of(visit.form["role"] or MemberRole.MEMBER),
            say=link,
        )
    except (*SAID, TooManyAttempts) as error:
        return await show_people(visit, refused(visit, error))
    if isinstance(made, str):
        return await show_people(visit, Said(typed=visit.form), link(made))
    return visit.lead(_ASKED)


async def _take_back(visit: Visit) -> str:
    await members.take_back(
        visit.desk.hall, actor=visit.actor, invitation_id=visit.call.path["invitation_id"]
    )
    return done(PEOPLE, "invitation_gone")


_MEMBER = f"{PEOPLE}/{{user_id}}"
_NONE = {303: None}

ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", AT, showing(show_account), {200: None}, "Settings"),
    Route("POST", f"{AT}/password", for_signed_in(_change_password), _NONE, "Change the password"),
    Route(
        "POST",
        f"{AT}/sign-ins/{{sign_in_id}}/end",
        doing(_end_sign_in, show_account),
        _NONE,
        "Sign out there",
    ),
    Route(
        "POST",
        f"{AT}/organization",
        doing(_switch, show_account),
        _NONE,
        "Act for another organization",
    ),
    Route("POST", f"{HOME}/again", for_signed_in(_act_for), {200: None}, "Act for another one"),
    Route("GET", KEYS, showing(show_keys), {200: None}, "Keys"),
    Route("POST", KEYS, for_signed_in(_make_key), {200: None}, "Make a key"),
    Route("POST", f"{KEYS}/{{key_id}}/revoke", doing(_revoke_key, show_keys), _NONE, "Revoke"),
    Route("GET", PEOPLE, showing(show_people), {200: None}, "People"),
    Route(
        "POST",
        f"{PEOPLE}/invite",
        for_signed_in(_invite),
        {200: None, 303: None},
        "Ask somebody to join",
    ),
    Route("POST", f"{_MEMBER}/role", doing(_change_role, show_people), _NONE, "Change a role"),
    Route("POST", f"{_MEMBER}/remove", doing(_remove, show_people), _NONE, "Take out"),
    Route(
        "POST",
        f"{PEOPLE}/invitations/{{invitation_id}}/withdraw",
        doing(_take_back, show_people),
        _NONE,
        "Take an invitation back",
    ),
)
