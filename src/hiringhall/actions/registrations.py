"""Registering with a person's word: begun, confirmed in a browser, and a key given out once."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from hiringhall.actions.accounts import (
    found_organization,
    hash_of_invitation,
    require_open,
    tidy_email,
)
from hiringhall.actions.keys import add_key
from hiringhall.actions.throttle import HOUR_S, address_bucket, take_attempt
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import NotFound, RegistrationClosed
from hiringhall.domain.names import tidy_name
from hiringhall.hall import Hall
from hiringhall.mail import Letter
from hiringhall.queries.registrations import Stage, refuse_ended, stage_of, token_hash
from hiringhall.store import accounts, invitations, registrations
from hiringhall.store.accounts import User, fold_email
from hiringhall.store.database import Tx
from hiringhall.store.registrations import Registration

VALID_MINUTES = 15


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a confirmed registration leads to; the only time that the secret is there."""

    organization_id: str
    secret: str


async def begin(
    hall: Hall,
    *,
    name: str,
    email: str,
    source_address: str,
    invitation: str | None = None,
    link_of: Callable[[str], str] | None = None,
) -> str:
    """Begin a registration; the token by which it is confirmed and its key is fetched.

    With `link_of`, which makes a link of the token, a letter goes to the address. Raises
    RegistrationClosed, TooManyAttempts and Invalid.
    """
    tidy, named = tidy_email(email), tidy_name(name, "name")
    require_open(hall.rules, invitation)
    await take_attempt(
        hall,
        buckets=(
            (f"register:{address_bucket(source_address)}", hall.rules.registrations_per_hour),
            (f"register-as:{fold_email(tidy)}", hall.rules.registrations_per_email),
        ),
        window_s=HOUR_S,
    )
    token = "reg_" + secrets.token_urlsafe(24)
    await _begin(
        hall,
        email=tidy,
        name=named,
        token_sha256=token_hash(token),
        invitation_sha256=hash_of_invitation(hall.rules, invitation),
    )
    if link_of is not None:
        hall.mail.post(_letter(tidy, link_of(token)))
    return token


@action
async def _begin(
    tx: Tx,
    hall: Hall,
    *,
    email: str,
    name: str,
    token_sha256: bytes,
    invitation_sha256: bytes | None,
) -> None:
    now_us = hall.clock()
    if invitation_sha256 is not None and not await invitations.is_open(
        tx, secret_sha256=invitation_sha256, now_us=now_us
    ):
        raise RegistrationClosed("This invitation is unknown, used already, or too old")
    registration = Registration(
        id=hall.new_id(),
        email=email,
        name=name,
        invitation_sha256=invitation_sha256,
        created_at_us=now_us,
        expires_at_us=now_us + VALID_MINUTES * 60_000_000,
    )
    await registrations.add(tx, registration, token_sha256)


@action
async def confirm(tx: Tx, hall: Hall, *, token: str) -> None:
    """Take a person's word for a registration; once is as good as twice.

    Raises NotFound, and Gone where it leads to nothing any more.
    """
    found = await _load(tx, token)
    now_us = hall.clock()
    refuse_ended(stage_of(found, now_us=now_us))
    await registrations.confirm(tx, found.id, at_us=now_us)


@action
async def claim(tx: Tx, hall: Hall, *, token: str) -> Claimed | None:
    """Open the account of a confirmed registration and give its key, once; None: not yet.

    It is always a new organization. Where the address has an account already, that account is
    left as it is, and the new one is reached by its keys alone: an address proves nothing.

    Raises NotFound, Gone, and RegistrationClosed where its invitation was used meanwhile.
    """
    found = await _load(tx, token)
    now_us = hall.clock()
    stage = stage_of(found, now_us=now_us)
    refuse_ended(stage)
    if stage is Stage.PENDING:
        return None
    if not await registrations.claim(tx, found.id, at_us=now_us):
        refuse_ended(Stage.CLAIMED)
    user = User(hall.new_id(), found.email, found.name, None, is_admin=False, created_at_us=now_us)
    if not await accounts.add_user(tx, user):
        await accounts.add_user(tx, user, by_keys_alone=True)
    if found.invitation_sha256 is not None and not await invitations.use(
        tx, secret_sha256=found.invitation_sha256, user_id=user.id, now_us=now_us
    ):
        raise RegistrationClosed("This registration's invitation was used meanwhile")
    organization = await found_organization(
        tx, hall, user_id=user.id, name=f"{found.name}'s organization"
    )
    _, secret = await add_key(
        tx, hall, organization_id=organization.id, user_id=user.id, label="API Key"
    )
    return Claimed(organization.id, secret)


async def _load(tx: Tx, token: str) -> Registration:
    found = await registrations.by_token(tx, token_hash(token))
    if found is None:
        raise NotFound("registration")
    return found


def _letter(email: str, link: str) -> Letter:
    """Nothing that the caller wrote stands in it: it may not be the address's owner."""
    return Letter(
        email,
        "Confirm your registration",
        "Somebody, probably you, asked for an account with this address.\n\n"
        f"To confirm it, open this link within {VALID_MINUTES} minutes and press the button:\n\n"
        f"{link}\n\n"
        "If it was not you, do nothing: without your word nothing is opened.",
    )
