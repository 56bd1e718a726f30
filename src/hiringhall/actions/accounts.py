"""Accounts and keys: register, exchange a password for a key, and what operators do."""

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass, replace

from hiringhall.actions.access import tell_shut
from hiringhall.actions.checking_passwords import user_of_password
from hiringhall.actions.throttle import HOUR_S, address_bucket, take_attempt
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.errors import (
    EmailTaken,
    Invalid,
    NoOrganization,
    NotFound,
    RegistrationClosed,
)
from hiringhall.domain.ledger import HALL_PLAY_MONEY, Transfer, TransferKind, available_account
from hiringhall.domain.members import MemberRole
from hiringhall.domain.names import tidy_name
from hiringhall.domain.teams import Autonomy, Team
from hiringhall.hall import Hall, Once, Registration, Rules
from hiringhall.queries.named import organization_named, user_named
from hiringhall.store import accounts, invitations, ledger, sign_ins, teams
from hiringhall.store.accounts import ApiKey, Organization, User
from hiringhall.store.database import Tx

SHOWN_PREFIX_LENGTH = 16

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]{1,255}")


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key just made: the only time that its secret is there."""

    secret: str
    key: ApiKey
    organization_id: str
    organization_short_id: str
    user_id: str


async def register(
    hall: Hall,
    *,
    email: str,
    name: str,
    organization_name: str | None,
    source_address: str,
    invitation: str | None = None,
) -> IssuedKey:
    """Open an account with an organization of its own, and give its first key.

    An invitation is used up where the hall asks for one, and looked at nowhere else. Raises
    RegistrationClosed, TooManyAttempts, Invalid and EmailTaken.
    """
    require_open(hall.rules, invitation)
    bucket = f"register:{address_bucket(source_address)}"
    await take_attempt(
        hall, buckets=((bucket, hall.rules.registrations_per_hour),), window_s=HOUR_S
    )
    named = organization_name.strip() if organization_name else ""
    return await _open_account(
        hall,
        email=tidy_email(email),
        name=tidy_name(name, "name"),
        organization_name=tidy_name(named, "organization_name") if named else None,
        password_hash=None,
        invitation_sha256=hash_of_invitation(hall.rules, invitation),
    )


def require_open(rules: Rules, invitation: str | None) -> None:
    """Raise RegistrationClosed where nobody, or nobody without an invitation, may register."""
    mode = rules.registration
    if mode is Registration.CLOSED or (mode is Registration.INVITE and not invitation):
        raise RegistrationClosed(_CLOSED[mode])


def hash_of_invitation(rules: Rules, invitation: str | None) -> bytes | None:
    """By what an invitation is known; None where the hall asks for none."""
    if rules.registration is not Registration.INVITE or not invitation:
        return None
    return _sha256(invitation)


_CLOSED = {
    Registration.CLOSED: (
        "This hall takes no registrations; ask its operator for an account "
        "(hiringhall admin create-user)"
    ),
    Registration.INVITE: (
        "This hall takes registrations by invitation; ask its operator for one "
        "(hiringhall admin invite) and send it as 'invitation'"
    ),
}


@action
async def invite(tx: Tx, hall: Hall, *, valid_days: int = 7) -> str:
    """Make an invitation that opens one account, and answer its secret, which is not kept."""
    return await write_invitation(tx, hall, valid_days=valid_days)


async def write_invitation(tx: Tx, hall: Hall, *, valid_days: int) -> str:
    """The same in this transaction; raises Invalid."""
    if not 1 <= valid_days <= 365:
        raise Invalid("An invitation is valid for 1 to 365 days", {"valid_days": "range"})
    secret = "inv_" + secrets.token_urlsafe(24)
    now_us = hall.clock()
    await invitations.add(
        tx,
        invitation_id=hall.new_id(),
        secret_sha256=_sha256(secret),
        at_us=now_us,
        expires_at_us=now_us + valid_days * 24 * HOUR_S * 1_000_000,
    )
    return secret


async def create_user(
    hall: Hall,
    *,
    email: str,
    name: str,
    organization_name: str | None = None,
    password: str | None = None,
    without_organization: bool = False,
) -> IssuedKey | None:
    """Open an account as the operator does: with a key unless it has no organization."""
    password_hash = None if password is None else await hall.passwords.hash(password)
    tidy, named = tidy_email(email), tidy_name(name, "name")
    if without_organization:
        await _add_bare_user(hall, email=tidy, name=named, password_hash=password_hash)
        return None
    return await _open_account(
        hall,
        email=tidy,
        name=named,
        organization_name=organization_name,
        password_hash=password_hash,
    )


async def exchange_password(
    hall: Hall,
    *,
    email: str,
    password: str,
    key_name: str | None,
    source_address: str,
    once: Once | None = None,
) -> IssuedKey:
    """Give a new key to somebody who knows the account's password.

    Raises TooManyAttempts, InvalidCredentials and NoOrganization. `once` is bound to the
    organization here, since only the password tells whose it is.
    """
    user = await user_of_password(
        hall, email=email, password=password, source_address=source_address
    )
    label = " ".join((key_name or "").split())[:100] or "API Key"
    return await _issue_key(hall, user_id=user.id, label=label, once=once)


async def set_password(hall: Hall, *, email: str, password: str) -> None:
    """Give an account a password, and end its sign-ins; raises NotFound and Invalid."""
    await _keep_password(hall, email=email, password_hash=await hall.passwords.hash(password))


@action
async def make_admin(tx: Tx, hall: Hall, *, email: str, is_admin: bool = True) -> None:
    """Let a user run the hall, or no longer; raises NotFound."""
    await accounts.set_admin(tx, user_id=await user_named(tx, email), is_admin=is_admin)


@action
async def revoke_key(tx: Tx, hall: Hall, *, email: str, prefix: str) -> None:
    """Let a user's key open nothing from now on, named by the prefix it is shown with.

    Revoking it again changes nothing. Raises NotFound.
    """
    user_id = await user_named(tx, email)
    if not await accounts.revoke_key(
        tx, user_id=user_id, prefix=prefix.strip(), at_us=hall.clock()
    ):
        raise NotFound("api key")
    tell_shut(tx, hall, user_id)


@action
async def set_spec_approval(tx: Tx, hall: Hall, *, email: str, wanted: bool) -> None:
    """Whether each task of a user's organization gets a plan to approve first."""
    organization_id = await organization_named(tx, email)
    await accounts.set_spec_approval(tx, organization_id=organization_id, wanted=wanted)


@action
async def _open_account(
    tx: Tx,
    hall: Hall,
    *,
    email: str,
    name: str,
    organization_name: str | None,
    password_hash: str | None,
    invitation_sha256: bytes | None = None,
) -> IssuedKey:
    user, organization = await open_account(
        tx,
        hall,
        email=email,
        name=name,
        organization_name=organization_name,
        password_hash=password_hash,
        invitation_sha256=invitation_sha256,
    )
    return await _add_key(tx, hall, organization, user_id=user.id, label="API Key")


async def open_account(
    tx: Tx,
    hall: Hall,
    *,
    email: str,
    name: str,
    organization_name: str | None,
    password_hash: str | None,
    invitation_sha256: bytes | None = None,
) -> tuple[User, Organization]:
    """Open an account in this transaction, without a key.

    Raises EmailTaken, and RegistrationClosed for an invitation that is none.
    """
    now_us = hall.clock()
    user = User(hall.new_id(), email, name, password_hash, is_admin=False, created_at_us=now_us)
    if not await accounts.add_user(tx, user):
        raise EmailTaken
    if invitation_sha256 is not None and not await invitations.use(
        tx, secret_sha256=invitation_sha256, user_id=user.id, now_us=now_us
    ):
        raise RegistrationClosed("This invitation is unknown, used already, or too old")
    organization = await found_organization(
        tx, hall, user_id=user.id, name=organization_name or f"{name}'s organization"
    )
    return user, organization


async def found_organization(tx: Tx, hall: Hall, *, user_id: str, name: str) -> Organization:
    """Found an organization in this transaction: with a member, a first team, and its books."""
    now_us = hall.clock()
    organization = await _add_organization(tx, hall, name)
    await accounts.add_membership(
        tx,
        user_id=user_id,
        organization_id=organization.id,
        at_us=now_us,
        role=MemberRole.OWNER,
    )
    await teams.add(
        tx,
        Team(
            id=hall.new_id(),
            organization_id=organization.id,
            name="Default",
            is_default=True,
            goal=None,
            autonomy=Autonomy.SUPERVISED,
            config=None,
            playbook=None,
            created_at_us=now_us,
            updated_at_us=now_us,
        ),
    )
    await _open_books(tx, hall, organization.id)
    return organization


@action
async def _add_bare_user(
    tx: Tx, hall: Hall, *, email: str, name: str, password_hash: str | None
) -> None:
    user = User(
        hall.new_id(), email, name, password_hash, is_admin=False, created_at_us=hall.clock()
    )
    if not await accounts.add_user(tx, user):
        raise EmailTaken


@action
async def _keep_password(tx: Tx, hall: Hall, *, email: str, password_hash: str) -> None:
    user_id = await user_named(tx, email)
    await accounts.set_password_hash(tx, user_id=user_id, password_hash=password_hash)
    await sign_ins.end_all(tx, user_id=user_id)
    tell_shut(tx, hall, user_id)


async def _issue_key(hall: Hall, *, user_id: str, label: str, once: Once | None) -> IssuedKey:
    async def find(tx: Tx) -> Organization | None:
        return await accounts.organization_of_user(tx, user_id)

    organization = await hall.database.read(find)
    if organization is None:
        raise NoOrganization
    if once is not None:
        hall = hall.once_only(replace(once, organization_id=organization.id))
    return await _write_key(hall, organization=organization, user_id=user_id, label=label)


@action
async def _write_key(
    tx: Tx, hall: Hall, *, organization: Organization, user_id: str, label: str
) -> IssuedKey:
    return await _add_key(tx, hall, organization, user_id=user_id, label=label)


async def _open_books(tx: Tx, hall: Hall, organization_id: str) -> None:
    await ledger.open_accounts(tx, organization_id)
    if not hall.rules.opening_balance_cents:
        return
    opening = Transfer(
        id=hall.new_id(),
        debit_account_id=HALL_PLAY_MONEY,
        credit_account_id=available_account(organization_id),
        amount_cents=hall.rules.opening_balance_cents,
        kind=TransferKind.OPENING_BALANCE,
        task_id=None,
        at_us=hall.clock(),
    )
    await ledger.post(tx, [opening])


async def _add_organization(tx: Tx, hall: Hall, name: str) -> Organization:
    while True:
        organization = Organization(
            id=hall.new_id(),
            name=name,
            short_id=ids.short_id(hall.random(ids.SHORT_ID_LENGTH)),
            spec_approval=False,
            created_at_us=hall.clock(),
        )
        if await accounts.add_organization(tx, organization):
            return organization


async def _add_key(
    tx: Tx,
    hall: Hall,
    organization: Organization,
    *,
    user_id: str,
    label: str,
    prefix: str = ids.KEY_PREFIX,
) -> IssuedKey:
    secret = prefix + secrets.token_urlsafe(32)
    key = ApiKey(
        id=hall.new_id(),
        prefix=secret[:SHOWN_PREFIX_LENGTH],
        label=label,
        organization_id=organization.id,
        user_id=user_id,
        created_at_us=hall.clock(),
        revoked_at_us=None,
    )
    await accounts.add_key(tx, key, _sha256(secret))
    return IssuedKey(secret, key, organization.id, organization.short_id, user_id)


def _sha256(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def tidy_email(email: str) -> str:
    """An address in the form it is kept, or Invalid."""
    tidy = unicodedata.normalize("NFC", email.strip())
    plain = tidy.isprintable() and ".." not in tidy and not tidy.endswith(".")
    if not plain or not _EMAIL.fullmatch(tidy):
        raise Invalid("Email is not a valid address", {"email": "not an address"})
    return tidy
