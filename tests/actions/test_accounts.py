"""Accounts: who may open one, whose an address is, and what a password is exchanged for."""

import asyncio

import pytest

from hiringhall.actions import accounts, housekeeping
from hiringhall.actions.checking_passwords import FROM_EVERYWHERE
from hiringhall.actions.throttle import address_bucket
from hiringhall.domain.errors import (
    EmailTaken,
    HallError,
    Invalid,
    InvalidCredentials,
    NoOrganization,
    NotFound,
    RegistrationClosed,
    TooManyAttempts,
    Unauthorized,
)
from hiringhall.hall import Hall, Registration, Rules
from hiringhall.queries.accounts import authenticate, list_keys, list_users
from hiringhall.store.database import Database
from tests.support.halls import Clock, QuietEngine, make_hall, open_account, sign_up

pytestmark = pytest.mark.anyio

ADDRESS = "192.0.2.7"


def _hall(database: Database, clock: Clock, engine: QuietEngine, **rules: object) -> Hall:
    return make_hall(database, clock=clock, engine=engine, rules=Rules(**rules))  # pyright: ignore[reportArgumentType]


async def test_a_key_stands_for_its_user_and_organization(hall: Hall) -> None:
    issued = await open_account(hall)
    assert issued.secret.startswith("aw_live_")
    assert issued.key.prefix == issued.secret[:16]
    assert len(issued.organization_short_id) == 5
    actor = await authenticate(hall, issued.secret)
    assert (actor.organization_id, actor.user_id) == (issued.organization_id, issued.user_id)


@pytest.mark.parametrize("secret", ["", "aw_live_", "aw_live_x", "x" * 300, "aw_live_\ud800"])
async def test_anything_else_stands_for_nobody(hall: Hall, secret: str) -> None:
    await open_account(hall)
    with pytest.raises(Unauthorized):
        await authenticate(hall, secret)


@pytest.mark.parametrize("again", ["ada@example.com", "ADA@Example.COM", "  ada@example.com "])
async def test_an_address_is_one_account_in_any_letter_case(hall: Hall, again: str) -> None:
    await open_account(hall)
    with pytest.raises(EmailTaken):
        await accounts.register(
            hall, email=again, name="Ada", organization_name=None, source_address=ADDRESS
        )


async def test_of_many_registrations_at_once_one_wins(hall: Hall) -> None:
    tries = await asyncio.gather(
        *(
            accounts.register(
                hall,
                email=email,
                name="Ada",
                organization_name=None,
                source_address=ADDRESS,
            )
            for email in ("ada@example.com", "Ada@example.com", "ADA@EXAMPLE.COM") * 2
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(one, EmailTaken) for one in tries) == 5
    assert len(await list_users(hall)) == 1


@pytest.mark.parametrize(
    "email", ["", "ada", "@example.com", "ada@", "a b@example.com", "ada@ex..com", "a@b@c", "a\n@b"]
)
async def test_what_is_no_address_is_refused(hall: Hall, email: str) -> None:
    with pytest.raises(Invalid):
        await accounts.register(
            hall, email=email, name="Ada", organization_name=None, source_address=ADDRESS
        )


async def test_a_password_is_exchanged_for_a_key(hall: Hall) -> None:
    await open_account(hall)
    await accounts.set_password(hall, email="Ada@example.com", password="correct horse")
    issued = await accounts.exchange_password(
        hall,
        email="ADA@example.com",
        password="correct horse",
        key_name=None,
        source_address=ADDRESS,
    )
    assert issued.key.label == "API Key"
    await authenticate(hall, issued.secret)


@pytest.mark.parametrize(
    ("email", "password"),
    [("ada@example.com", "wrong horse"), ("eve@example.com", "correct horse"), ("", "")],
)
async def test_wrong_credentials_are_refused_alike(hall: Hall, email: str, password: str) -> None:
    await open_account(hall)
    await accounts.set_password(hall, email="ada@example.com", password="correct horse")
    with pytest.raises(InvalidCredentials):
        await accounts.exchange_password(
            hall, email=email, password=password, key_name=None, source_address=ADDRESS
        )


async def test_an_account_without_a_password_is_opened_by_none(hall: Hall) -> None:
    await open_account(hall)
    with pytest.raises(InvalidCredentials):
        await accounts.exchange_password(
            hall, email="ada@example.com", password="", key_name=None, source_address=ADDRESS
        )


async def test_a_user_without_organization_gets_no_key(hall: Hall) -> None:
    made = await accounts.create_user(
        hall,
        email="bob@example.com",
        name="Bob",
        password="correct horse",
        without_organization=True,
    )
    assert made is None
    with pytest.raises(NoOrganization):
        await accounts.exchange_password(
            hall,
            email="bob@example.com",
            password="correct horse",
            key_name=None,
            source_address=ADDRESS,
        )


@pytest.mark.parametrize("password", ["short", "x" * 2000])
async def test_passwords_have_a_length(hall: Hall, password: str) -> None:
    await open_account(hall)
    with pytest.raises(Invalid):
        await accounts.set_password(hall, email="ada@example.com", password=password)


async def test_an_unknown_account_is_said_to_be_so_to_the_operator(hall: Hall) -> None:
    for attempt in (
        accounts.set_password(hall, email="no@example.com", password="correct horse"),
        accounts.make_admin(hall, email="no@example.com"),
        accounts.set_spec_approval(hall, email="no@example.com", wanted=True),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_guesses_are_throttled_and_shut_out_whoever_guesses(
    database: Database, clock: Clock, engine: QuietEngine
) -> None:
    hall = _hall(database, clock, engine, sign_ins_per_email=2)
    await open_account(hall)
    await accounts.set_password(hall, email="ada@example.com", password="correct horse")

    async def guess(password: str, number: int) -> None:
        await accounts.exchange_password(
            hall,
            email="Ada@example.com",
            password=password,
            key_name=None,
            source_address=f"192.0.2.{number}",
        )

    async def outcome(number: int) -> type[HallError]:
        with pytest.raises(HallError) as said:
            await guess("wrong horse", number)
        return said.type

    assert [await outcome(1), await outcome(1)] == [InvalidCredentials] * 2
    with pytest.raises(TooManyAttempts):
        await guess("correct horse", 1)
    # Who has another address is let in, as often as they know the password.
    for _ in range(3):
        await guess("correct horse", 200)
    # Many who guess together are held up together, and whoever is right with them.
    tried = [await outcome(number) for number in range(2, 2 + 2 * FROM_EVERYWHERE)]
    assert tried[0] is InvalidCredentials
    assert tried[-1] is TooManyAttempts
    with pytest.raises(TooManyAttempts) as refused:
        await guess("correct horse", 200)
    clock.advance(refused.value.retry_after_s)
    await guess("correct horse", 200)


async def test_registrations_from_one_address_are_throttled_exactly(
    database: Database, clock: Clock, engine: QuietEngine
) -> None:
    hall = _hall(database, clock, engine, registrations_per_hour=4)
    tries = await asyncio.gather(
        *(
            accounts.register(
                hall,
                email=f"user{number}@example.com",
                name="U",
                organization_name=None,
                source_address="2001:db8::1" if number % 2 else "2001:db8::2",
            )
            for number in range(8)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(one, TooManyAttempts) for one in tries) == 4
    await accounts.register(
        hall,
        email="other@example.com",
        name="U",
        organization_name=None,
        source_address="2001:db8:1::1",
    )


def test_an_ipv6_customer_is_one_network() -> None:
    assert address_bucket("2001:db8::1") == address_bucket("2001:db8::ffff") == "2001:db8::/64"
    assert address_bucket("::ffff:192.0.2.7") == "192.0.2.7"
    assert address_bucket("odd") == "odd"


async def test_a_closed_hall_takes_nobody(
    database: Database, clock: Clock, engine: QuietEngine
) -> None:
    hall = _hall(database, clock, engine, registration=Registration.CLOSED)
    with pytest.raises(RegistrationClosed):
        await open_account(hall)
    await accounts.create_user(hall, email="ada@example.com", name="Ada")


async def test_an_invitation_opens_one_account(
    database: Database, clock: Clock, engine: QuietEngine
) -> None:
    hall = _hall(database, clock, engine, registration=Registration.INVITE)
    secret = await accounts.invite(hall)
    late = await accounts.invite(hall, valid_days=1)

    async def register(email: str, invitation: str | None) -> None:
        await accounts.register(
            hall,
            email=email,
            name="Ada",
            organization_name=None,
            source_address=ADDRESS,
            invitation=invitation,
        )

    for wrong in (None, "", "inv_wrong"):
        with pytest.raises(RegistrationClosed):
            await register("ada@example.com", wrong)
    await register("ada@example.com", secret)
    with pytest.raises(RegistrationClosed):
        await register("eve@example.com", secret)
    clock.advance(25 * 3600)
    with pytest.raises(RegistrationClosed):
        await register("eve@example.com", late)
    assert [user.email for user, _ in await list_users(hall)] == ["ada@example.com"]


async def test_a_revoked_key_opens_nothing(hall: Hall, clock: Clock) -> None:
    issued = await open_account(hall)
    await accounts.set_password(hall, email="ada@example.com", password="correct horse")
    other = await accounts.exchange_password(
        hall,
        email="ada@example.com",
        password="correct horse",
        key_name="Second",
        source_address=ADDRESS,
    )
    await accounts.revoke_key(hall, email="ada@example.com", prefix=issued.key.prefix)
    at_us = clock.now_us
    await accounts.revoke_key(hall, email="ada@example.com", prefix=issued.key.prefix)
    with pytest.raises(Unauthorized):
        await authenticate(hall, issued.secret)
    await authenticate(hall, other.secret)
    keys = await list_keys(hall, email="ADA@example.com")
    assert [(key.prefix, key.label) for key in keys] == [
        (issued.key.prefix, "API Key"),
        (other.key.prefix, "Second"),
    ]
    assert keys[0].revoked_at_us is not None
    assert keys[0].revoked_at_us <= at_us
    assert keys[1].revoked_at_us is None


async def test_only_a_key_that_is_there_is_revoked(hall: Hall) -> None:
    issued = await open_account(hall)
    await open_account(hall, "eve")
    for email, prefix in (
        ("ada@example.com", "aw_live_xxxxxxxx"),
        ("eve@example.com", issued.key.prefix),
    ):
        with pytest.raises(NotFound):
            await accounts.revoke_key(hall, email=email, prefix=prefix)
    with pytest.raises(NotFound):
        await list_keys(hall, email="no@example.com")
    await authenticate(hall, issued.secret)


async def test_old_attempts_are_let_go_of(hall: Hall, clock: Clock) -> None:
    await sign_up(hall)
    assert await housekeeping.forget_old(hall) == 0
    clock.advance(25 * 3600)
    assert await housekeeping.forget_old(hall) == 1
