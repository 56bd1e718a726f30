"""Signing up, in and out on the pages, and making the hall's first admin there."""

import secrets
from dataclasses import dataclass

from hiringhall.actions.access import tell_shut
from hiringhall.actions.accounts import (
    hash_of_invitation,
    open_account,
    require_open,
    tidy_email,
)
from hiringhall.actions.checking_passwords import user_of_password
from hiringhall.actions.throttle import HOUR_S, address_bucket, take_attempt
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import Forbidden, Invalid, NoOrganization
from hiringhall.domain.names import tidy_name
from hiringhall.hall import Hall
from hiringhall.queries.sign_ins import secret_hash
from hiringhall.store import accounts, invitations, members, sign_ins
from hiringhall.store.accounts import User
from hiringhall.store.database import Tx
from hiringhall.store.sign_ins import SignIn

FIRST_ADMIN_DAYS = 30
SEEN_EVERY_US = 3_600_000_000
_VOID = "This token is void: it was used, is too old, or the hall has an admin already"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What somebody says of themselves when they sign up."""

    name: str
    email: str
    password: str
    organization_name: str = ""


async def sign_in(hall: Hall, *, email: str, password: str, source_address: str) -> str:
    """Sign somebody in who knows the account's password: a new secret, for their browser alone.

    Raises TooManyAttempts, InvalidCredentials and NoOrganization.
    """
    user = await user_of_password(
        hall, email=email, password=password, source_address=source_address
    )
    secret = secrets.token_urlsafe(32)
    await _sign_in(hall, user=user, secret=secret)
    return secret


@action
async def _sign_in(tx: Tx, hall: Hall, *, user: User, secret: str) -> None:
    organization_id = await members.last_of_user(tx, user.id)
    if organization_id is None:
        raise NoOrganization
    await add_sign_in(tx, hall, user_id=user.id, organization_id=organization_id, secret=secret)


async def sign_up(
    hall: Hall, *, account: NewAccount, source_address: str, invitation: str | None = None
) -> str:
    """Open an account with an organization of its own, and sign its owner in: the secret.

    An invitation is used up where the hall asks for one. Raises RegistrationClosed,
    TooManyAttempts, Invalid and EmailTaken.
    """
    require_open(hall.rules, invitation)
    await _take_registration(hall, source_address)
    return await _open(
        hall,
        account=account,
        invitation_sha256=hash_of_invitation(hall.rules, invitation),
        admin_token=None,
    )


async def make_first_admin(
    hall: Hall, *, account: NewAccount, token: str, source_address: str
) -> str:
    """Open an account that runs the hall, by the token that `serve` printed: the secret.

    Raises Forbidden for a token that is void, TooManyAttempts, Invalid and EmailTaken.
    """
    await _take_registration(hall, source_address)
    return await _open(hall, account=account, invitation_sha256=None, admin_token=token)


async def _take_registration(hall: Hall, source_address: str) -> None:
    bucket = f"register:{address_bucket(source_address)}"
    await take_attempt(
        hall, buckets=((bucket, hall.rules.registrations_per_hour),), window_s=HOUR_S
    )


async def _open(
    hall: Hall, *, account: NewAccount, invitation_sha256: bytes | None, admin_token: str | None
) -> str:
    wrong: dict[str, str] = {}
    tidy = {"name": "", "email": "", "organization_name": "", "password": ""}
    organization = account.organization_name.strip()
    readers = {
        "name": lambda: tidy_name(account.name, "name"),
        "email": lambda: tidy_email(account.email),
        "organization_name": lambda: (
            tidy_name(organization, "organization_name") if organization else ""
        ),
    }
    for field, read in readers.items():
        try:
            tidy[field] = read()
        except Invalid as error:
            wrong |= error.fields
    try:
        tidy["password"] = await hall.passwords.hash(account.password)
    except Invalid as error:
        wrong |= error.fields
    if wrong:
        raise Invalid("Some of this cannot be taken", wrong)
    secret = secrets.token_urlsafe(32)
    await _write(
        hall,
        tidy=tidy,
        secret=secret,
        invitation_sha256=invitation_sha256,
        admin_token=admin_token,
    )
    return secret


@action
async def _write(
    tx: Tx,
    hall: Hall,
    *,
    tidy: dict[str, str],
    secret: str,
    invitation_sha256: bytes | None,
    admin_token: str | None,
) -> None:
    user, organization = await open_account(
        tx,
        hall,
        email=tidy["email"],
        name=tidy["name"],
        organization_name=tidy["organization_name"] or None,
        password_hash=tidy["password"],
        invitation_sha256=invitation_sha256,
    )
    if admin_token is not None:
        await _make_admin(tx, hall, user_id=user.id, token=admin_token)
    await add_sign_in(tx, hall, user_id=user.id, organization_id=organization.id, secret=secret)


@action
async def become_first_admin(tx: Tx, hall: Hall, *, user_id: str, token: str) -> None:
    """Let a user who is signed in run the hall, by the token that `serve` printed.

    Raises Forbidden for a token that is void.
    """
    await _make_admin(tx, hall, user_id=user_id, token=token)


async def _make_admin(tx: Tx, hall: Hall, *, user_id: str, token: str) -> None:
    taken = await invitations.use(
        tx,
        secret_sha256=secret_hash(token),
        user_id=user_id,
        now_us=hall.clock(),
        makes_admin=True,
    )
    if not taken or await accounts.has_admin(tx):
        raise Forbidden(_VOID)
    await accounts.set_admin(tx, user_id=user_id, is_admin=True)


async def invite_first_admin(hall: Hall) -> str | None:
    """A token that makes the first admin, for the operator's eyes; None where there is one."""
    secret = "first_" + secrets.token_urlsafe(24)
    return secret if await _invite_first_admin(hall, token=secret) else None


@action
async def _invite_first_admin(tx: Tx, hall: Hall, *, token: str) -> bool:
    if await accounts.has_admin(tx):
        return False
    now_us = hall.clock()
    await invitations.add(
        tx,
        invitation_id=hall.new_id(),
        secret_sha256=secret_hash(token),
        at_us=now_us,
        expires_at_us=now_us + FIRST_ADMIN_DAYS * 86_400_000_000,
        makes_admin=True,
    )
    return True


@action
async def stay(tx: Tx, hall: Hall, *, sign_in: SignIn) -> None:
    """Remember that somebody signed in is there, and where, so that they stay signed in."""
    now_us = hall.clock()
    await sign_ins.see(tx, sign_in.id, at_us=now_us)
    await members.see(tx, sign_in.organization_id, sign_in.user_id, at_us=now_us)


@action
async def sign_out(tx: Tx, hall: Hall, *, secret: str) -> None:
    """End a sign-in: its secret opens nothing from now on. Ending it again changes nothing."""
    digest = secret_hash(secret)
    if (found := await sign_ins.by_secret(tx, digest)) is not None:
        tell_shut(tx, hall, found.id)
    await sign_ins.end(tx, digest)


async def add_sign_in(
    tx: Tx, hall: Hall, *, user_id: str, organization_id: str, secret: str
) -> None:
    """Let a secret open the pages for somebody, in the transaction that knows who they are."""
    await sign_ins.add(
        tx,
        sign_in_id=hall.new_id(),
        secret_sha256=secret_hash(secret),
        user_id=user_id,
        organization_id=organization_id,
        at_us=hall.clock(),
    )
    await members.see(tx, organization_id, user_id, at_us=hall.clock())
