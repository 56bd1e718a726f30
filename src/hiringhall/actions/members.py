"""Who belongs to an organization: asked by mail, joined by what was mailed, changed, gone."""

import secrets
from collections.abc import Callable

from hiringhall.actions.access import tell_shut
from hiringhall.actions.accounts import tidy_email
from hiringhall.actions.keys import add_key
from hiringhall.actions.throttle import HOUR_S, address_bucket, take_attempt
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.durations import DAY_US
from hiringhall.domain.errors import Conflict, Forbidden, Gone, Invalid, NoOrganization, NotFound
from hiringhall.domain.members import SHOWN, Invited, Member, MemberRole
from hiringhall.domain.names import tidy_name
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.mail import Letter
from hiringhall.queries.members import digest_of, invitation_of
from hiringhall.store import accounts, members
from hiringhall.store.accounts import ApiKey, User
from hiringhall.store.database import Tx

VALID_DAYS = 7
INVITATIONS_AN_HOUR = 30
HAS_ACCOUNT = (
    "There is an account with this address. Set a password for it, then join with that at the page "
    "that the invitation leads to"
)


async def invite_member(
    hall: Hall, *, actor: Actor, email: str, role: MemberRole, say: Callable[[str], str]
) -> Invited:
    """Ask somebody by mail to join; `say` makes of the secret what the letter tells to do.

    The secret stands in the letter alone: whoever has it has the mailbox. Raises Forbidden for
    whoever is no owner, Invalid, and TooManyAttempts.
    """
    secret = f"join_{secrets.token_urlsafe(32)}"
    return await _ask(hall, actor=actor, email=email, role=role, say=say, secret=secret)


async def invite_with_link(
    hall: Hall, *, actor: Actor, email: str, role: MemberRole, say: Callable[[str], str]
) -> str:
    """The same where no letter arrives: its secret, for whoever asks to hand on, once.

    It says nothing of a mailbox, so it opens a new account, and an old one with its password alone.
    """
    secret = f"{SHOWN}{secrets.token_urlsafe(32)}"
    await _ask(hall, actor=actor, email=email, role=role, say=say, secret=secret)
    return secret


async def _ask(
    hall: Hall,
    *,
    actor: Actor,
    email: str,
    role: MemberRole,
    say: Callable[[str], str],
    secret: str,
) -> Invited:
    tidy = tidy_email(email)
    # Before it counts: whoever may not ask uses up nothing of those who may.
    owner, organization = await hall.database.read(lambda tx: _may_ask(tx, actor, tidy))
    bucket = f"invite:{actor.organization_id}"
    await take_attempt(hall, buckets=((bucket, INVITATIONS_AN_HOUR),), window_s=HOUR_S)
    invited = await _invite(hall, actor=actor, email=tidy, role=role, digest=digest_of(secret))
    hall.mail.post(
        Letter(
            tidy,
            "You are invited to an organization",
            f"{owner.name} asks you to join the organization '{organization}' at a Hiringhall, "
            f"with the address {tidy}.\n\n"
            f"To join within {VALID_DAYS} days:\n\n{say(secret)}\n\n"
            "If you do not know of it, do nothing.",
        )
    )
    return invited


@action
async def _invite(
    tx: Tx, hall: Hall, *, actor: Actor, email: str, role: MemberRole, digest: bytes
) -> Invited:
    owner, _ = await _may_ask(tx, actor, email)
    now_us = hall.clock()
    invited = Invited(
        id=hall.new_id(),
        organization_id=owner.organization_id,
        email=email,
        role=role,
        invited_by=owner.user_id,
        created_at_us=now_us,
        expires_at_us=now_us + VALID_DAYS * DAY_US,
    )
    await members.invite(tx, invited, secret_sha256=digest)
    return invited


@action
async def take_back(tx: Tx, hall: Hall, *, actor: Actor, invitation_id: str) -> None:
    """Let an invitation open nothing any more; raises Forbidden and NotFound."""
    owner = await _owner(tx, actor)
    known = ids.is_uuid(invitation_id)
    if not known or not await members.close_invitation(
        tx, invitation_id, owner.organization_id, at_us=hall.clock()
    ):
        raise NotFound("invitation")


async def join(
    hall: Hall, *, secret: str, name: str, source_address: str
) -> tuple[Member, ApiKey, str]:
    """Join an organization by a mailed secret, with a key for it, which is shown this once.

    Whoever has no account gets one of that name. Raises TooManyAttempts, Invalid, and Gone for a
    secret that is unknown, used, taken back or too old, or that was shown to who asked, where there
    is an account.
    """
    bucket = f"join:{address_bucket(source_address)}"
    await take_attempt(
        hall, buckets=((bucket, hall.rules.registrations_per_hour),), window_s=HOUR_S
    )
    digest, is_mailed = invitation_of(secret)
    return await _join(hall, digest=digest, name=tidy_name(name, "name"), is_mailed=is_mailed)


@action
async def _join(
    tx: Tx, hall: Hall, *, digest: bytes, name: str, is_mailed: bool
) -> tuple[Member, ApiKey, str]:
    member, _ = await enter(tx, hall, digest=digest, name=name, takes_old=is_mailed)
    key, secret = await add_key(
        tx,
        hall,
        organization_id=member.organization_id,
        user_id=member.user_id,
        label="Invitation",
    )
    return member, key, secret


async def enter(
    tx: Tx, hall: Hall, *, digest: bytes, name: str, takes_old: bool
) -> tuple[Member, User]:
    """Use an invitation up in this transaction: who is a member by it. Raises Gone.

    `takes_old`: whoever comes has shown that an account of that address is theirs.
    """
    now_us = hall.clock()
    invited = await members.invitation_by_secret(tx, digest, now_us=now_us)
    if invited is None or not await members.close_invitation(
        tx, invited.id, invited.organization_id, at_us=now_us
    ):
        raise Gone("This invitation is unknown, used already, taken back, or too old")
    user = await accounts.user_by_email(tx, invited.email)
    if user is not None and not takes_old:
        raise Gone(HAS_ACCOUNT)
    if user is None:
        user = User(hall.new_id(), invited.email, name, None, is_admin=False, created_at_us=now_us)
        if not await accounts.add_user(tx, user):
            # Another invitation to the same address was followed at the same moment.
            user = await accounts.user_by_email(tx, invited.email)
            assert user is not None, "its account was opened just now"
            if not takes_old:
                raise Gone(HAS_ACCOUNT)
    organization_id = invited.organization_id
    if await members.by_id(tx, organization_id, user.id) is None:
        await accounts.add_membership(
            tx,
            user_id=user.id,
            organization_id=organization_id,
            at_us=now_us,
            role=invited.role,
        )
    member = await members.by_id(tx, organization_id, user.id)
    assert member is not None, "they joined just now"
    return member, user


@action
async def change_member(
    tx: Tx, hall: Hall, *, actor: Actor, user_id: str, role: MemberRole
) -> Member:
    """Give a member another role, as an owner; one owner stays.

    Raises Forbidden, NotFound and Conflict.
    """
    # Locked before it is judged: an owner may be one no more by then.
    owners = await members.owners_for_change(tx, actor.organization_id or "")
    owner = await _owner(tx, actor)
    member = await _load(tx, owner.organization_id, user_id)
    if role is not MemberRole.OWNER:
        _keep_an_owner(owners, member)
    await members.set_role(tx, member.organization_id, member.user_id, role)
    return await _load(tx, owner.organization_id, user_id)


@action
async def remove_member(tx: Tx, hall: Hall, *, actor: Actor, user_id: str) -> Member:
    """Take somebody out of the organization, as an owner, or leave it; one owner stays.

    Their keys for it open nothing any more. Raises Forbidden, NotFound and Conflict.
    """
    if actor.organization_id is None:
        raise NoOrganization
    owners = await members.owners_for_change(tx, actor.organization_id)
    if user_id != actor.user_id:
        await _owner(tx, actor)
    member = await _load(tx, actor.organization_id, user_id)
    _keep_an_owner(owners, member)
    await members.remove(tx, member.organization_id, member.user_id, at_us=hall.clock())
    tell_shut(tx, hall, member.user_id)
    return member


async def _owner(tx: Tx, actor: Actor) -> Member:
    if actor.organization_id is None or actor.user_id is None:
        raise NoOrganization
    member = await members.by_id(tx, actor.organization_id, actor.user_id)
    if member is None or member.role is not MemberRole.OWNER:
        raise Forbidden("Only an owner of the organization says who belongs to it")
    return member


async def _may_ask(tx: Tx, actor: Actor, email: str) -> tuple[Member, str]:
    """The owner who asks, and the organization's name; whoever belongs to it is not asked."""
    owner = await _owner(tx, actor)
    user = await accounts.user_by_email(tx, email)
    if user is not None and await members.by_id(tx, owner.organization_id, user.id) is not None:
        raise Invalid(
            "Whoever has this address belongs to the organization already",
            {"email": "belongs already"},
        )
    organization = await accounts.organization_by_id(tx, owner.organization_id)
    assert organization is not None, "it has an owner"
    return owner, organization.name


async def _load(tx: Tx, organization_id: str, user_id: str) -> Member:
    known = ids.is_uuid(user_id)
    found = await members.by_id(tx, organization_id, user_id) if known else None
    if found is None:
        raise NotFound("member")
    return found


def _keep_an_owner(owners: list[str], member: Member) -> None:
    if owners == [member.user_id]:
        raise Conflict("An organization keeps one owner: make somebody else one first")
