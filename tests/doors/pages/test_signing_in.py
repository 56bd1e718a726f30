"""Accounts at the pages: opened, entered, left; and what a stranger could try with them."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from hiringhall.actions import accounts, signing_in
from hiringhall.doors.desk import Desk
from hiringhall.hall import Hall, Registration, Rules
from hiringhall.queries.accounts import list_users
from hiringhall.queries.sign_ins import IDLE_US, MOST_US, signed_in
from hiringhall.store import members
from hiringhall.store.database import Tx
from tests.doors.conftest import OpenFront
from tests.doors.pages.conftest import PASSWORD, Person, page_of
from tests.support.halls import Clock

pytestmark = pytest.mark.anyio

DAY_S = 86_400


def cookie(answer: httpx.Response) -> str:
    return answer.headers.get("set-cookie", "")


def person_at(desk: Desk, front_of: OpenFront, base_url: str = "http://hall.test") -> Person:
    transport = httpx.ASGITransport(front_of(desk).app)
    return Person(httpx.AsyncClient(transport=transport, base_url=base_url))


async def test_a_newcomer_signs_up_and_is_home(person: Person) -> None:
    await person.signs_up()
    home = await person.get("/app")
    assert "Ada's organization" in home.words
    assert (await person.http.get("/", headers={"Accept": "text/html"})).status_code == 303


async def test_the_cookie_is_for_the_browser_and_this_site_alone(person: Person) -> None:
    answer = await person.sends(
        "/signup", "/signup", name="Ada", email="ada@example.com", password=PASSWORD
    )
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie(answer).split("; "))
    assert "Secure" not in cookie(answer), "it would be dropped over plain HTTP"


async def test_by_https_the_cookie_is_secure_and_bound_to_the_host(
    desk: Desk, front_of: OpenFront
) -> None:
    person = person_at(replace(desk, public_url="https://hall.test"), front_of, "https://hall.test")
    answer = await person.sends(
        "/signup", "/signup", name="Ada", email="ada@example.com", password=PASSWORD
    )
    assert cookie(answer).startswith("__Host-hall=")
    assert "Secure" in cookie(answer).split("; ")
    await person.get("/app")


async def test_errors_stand_beside_their_fields_and_nothing_typed_is_lost(person: Person) -> None:
    answer = await person.sends(
        "/signup",
        "/signup",
        400,
        name=" ",
        email="nobody",
        password="short",
        organization_name="Ada & <Sons>",
    )
    page = page_of(answer, 400)
    wrong = {
        one.attributes["id"] for one in page.elements if one.attributes.get("class") == "wrong"
    }
    assert wrong == {"name-wrong", "email-wrong", "password-wrong"}
    invalid = {one.attributes["name"] for one in page.elements if "aria-invalid" in one.attributes}
    assert invalid == {"name", "email", "password"}
    typed = page.form("/signup").values
    assert typed["email"] == "nobody"
    assert typed["organization_name"] == "Ada & <Sons>"
    assert typed["password"] == "", "a password is not sent back"


async def test_an_address_has_one_account(ada: Person, other: Person) -> None:
    answer = await other.sends(
        "/signup", "/signup", 409, name="Eve", email="ADA@example.com", password=PASSWORD
    )
    assert "account with this address already" in page_of(answer, 409).words


async def test_signing_out_ends_it_and_in_begins_it_again(ada: Person) -> None:
    before = ada.http.cookies["hall"]
    await ada.sends("/app", "/signout")
    answer = await ada.http.get("/app")
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin?next=/app")
    ada.http.cookies.set("hall", before)
    assert (await ada.http.get("/app")).status_code == 303, "the old secret opens nothing"
    assert (await ada.signs_in()).headers["location"] == "/app"
    await ada.get("/app")


async def test_signing_in_gives_a_new_secret(ada: Person, other: Person) -> None:
    """Who gives somebody a cookie of their own is not signed in by them (session fixation)."""
    await other.get("/signin")
    planted = other.http.cookies["hall"]
    other.email = ada.email
    await other.signs_in()
    assert other.http.cookies["hall"] != planted
    other.http.cookies.clear()
    other.http.cookies.set("hall", planted)
    assert (await other.http.get("/app")).status_code == 303


async def test_signing_in_anew_ends_the_old_one(ada: Person, bob: Person) -> None:
    old = ada.http.cookies["hall"]
    form = (await Person(bob.http).get("/app")).form("/signout")
    await bob.send(form)
    page = await bob.get("/signin")
    await bob.send(page.form("/signin"), email="bob@example.com", password=PASSWORD)
    bob.http.cookies.clear()
    bob.http.cookies.set("hall", old)
    assert (await bob.get("/app")).words.count("Ada's organization") == 1


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
async def test_a_wrong_password_and_no_account_are_told_alike(
    ada: Person, other: Person, email: str
) -> None:
    answer = await other.sends("/signin", "/signin", 401, email=email, password="wrong one")
    page = page_of(answer, 401)
    assert "do not belong together" in page.words
    assert page.form("/signin").values["email"] == email


async def test_guessing_is_throttled(
    hall: Hall, desk: Desk, front_of: OpenFront, ada: Person
) -> None:
    strict = replace(desk, hall=replace(hall, rules=Rules(sign_ins_per_email=2)))
    guesser = person_at(strict, front_of)
    for status in (401, 401, 429):
        page = await guesser.get("/signin")
        await guesser.send(
            page.form("/signin"), status, email="ada@example.com", password="wrong one"
        )


@pytest.mark.parametrize(
    ("named", "led"),
    [
        ("/app/tasks?state=open", "/app/tasks?state=open"),
        ("https://evil.example/", "/app"),
        ("//evil.example/", "/app"),
        ("/\\evil.example", "/app"),
        ("javascript:alert(1)", "/app"),
        ("/app\r\nset-cookie: a=b", "/app"),
    ],
)
async def test_nobody_is_led_away(ada: Person, named: str, led: str) -> None:
    await ada.sends("/app", "/signout")
    answer = await ada.signs_in(next=named)
    assert answer.headers["location"] == led


@pytest.mark.parametrize("path", ["/signin", "/signup", "/setup", "/signout"])
@pytest.mark.parametrize("token", [None, "", "a" * 43])
async def test_a_form_from_elsewhere_does_nothing(
    ada: Person, path: str, token: str | None
) -> None:
    fields: dict[str, Any] = {
        "email": ada.email,
        "password": PASSWORD,
        "name": "Ada",
        "next": "/app",
    }
    if token is not None:
        fields["csrf"] = token
    answer = await ada.http.post(path, data=fields)
    assert "Nothing was changed" in page_of(answer, 403).words
    await ada.get("/app")


async def test_a_token_of_another_browser_is_none(ada: Person, bob: Person) -> None:
    theirs = (await bob.get("/app")).form("/signout")
    await ada.send(theirs, 403)
    await ada.get("/app")


async def test_a_sign_in_ends_unseen_and_stays_while_it_is_seen(ada: Person, clock: Clock) -> None:
    for _ in range(4):
        clock.advance(IDLE_US / 1_000_000 - DAY_S)
        await ada.get("/app")
    clock.advance(IDLE_US / 1_000_000)
    assert (await ada.http.get("/app")).status_code == 303


async def test_a_sign_in_ends_after_its_longest_time(ada: Person, clock: Clock) -> None:
    for _ in range(MOST_US // (DAY_S * 10 * 1_000_000)):
        await ada.get("/app")
        clock.advance(DAY_S * 10)
    assert (await ada.http.get("/app")).status_code == 303


async def test_another_password_ends_every_sign_in(ada: Person, hall: Hall) -> None:
    await accounts.set_password(hall, email=ada.email, password="another one entirely")
    assert (await ada.http.get("/app")).status_code == 303


async def test_whoever_was_taken_out_of_the_organization_is_not_signed_in_any_more(
    ada: Person, bob: Person, hall: Hall
) -> None:
    found = await signed_in(hall, secret=ada.http.cookies["hall"])

    async def remove(tx: Tx) -> None:
        at_us = hall.clock()
        await members.remove(tx, found.organization_id, found.user_id, at_us=at_us)

    await hall.database.write(remove)
    assert (await ada.http.get("/app")).status_code == 303
    assert (await bob.http.get("/app")).status_code == 200


async def test_where_registration_is_closed_the_page_says_so(
    hall: Hall, desk: Desk, front_of: OpenFront
) -> None:
    closed = replace(desk, hall=replace(hall, rules=Rules(registration=Registration.CLOSED)))
    person = person_at(closed, front_of)
    assert "/signup" not in (await person.get("/")).links()
    assert "opens no accounts" in (await person.get("/signup", 403)).words


async def test_an_invitation_opens_one_account(hall: Hall, desk: Desk, front_of: OpenFront) -> None:
    rules = Rules(registration=Registration.INVITE)
    person = person_at(replace(desk, hall=replace(hall, rules=rules)), front_of)
    secret = await accounts.invite(hall)
    fields: dict[str, Any] = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    page = await person.get(f"/signup?invitation={secret}")
    assert page.form("/signup").values["invitation"] == secret
    await person.send(page.form("/signup"), **fields)
    await person.sends("/app", "/signout")
    answer = await person.sends(
        "/signup",
        "/signup",
        403,
        **{**fields, "email": "eve@example.com", "invitation": secret},
    )
    assert "used already" in page_of(answer, 403).words


async def test_the_first_admin_is_made_once(person: Person, other: Person, hall: Hall) -> None:
    token, later = (
        await signing_in.invite_first_admin(hall),
        await signing_in.invite_first_admin(hall),
    )
    assert token is not None
    assert later is not None
    fields: dict[str, Any] = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    await person.sends("/setup", "/setup", 403, token="first_" + "a" * 32, **fields)
    page, late = await person.get(f"/setup?token={token}"), await other.get("/setup")
    await person.send(page.form("/setup"), **fields)
    assert [user.is_admin for user, _ in await list_users(hall)] == [True]
    for used in (token, later):
        eve: dict[str, Any] = {"name": "Eve", "email": "eve@example.com", "password": PASSWORD}
        answer = await other.send(late.form("/setup"), 403, token=used, **eve)
        assert "void" in page_of(answer, 403).words
    assert await signing_in.invite_first_admin(hall) is None
    assert len(await list_users(hall)) == 1


async def test_who_is_signed_in_becomes_the_first_admin(ada: Person, hall: Hall) -> None:
    token = await signing_in.invite_first_admin(hall)
    await ada.sends("/setup", "/setup", 403, token="first_no")
    await ada.sends(f"/setup?token={token}", "/setup")
    assert [user.is_admin for user, _ in await list_users(hall)] == [True]


async def test_a_users_invitation_makes_no_admin(person: Person, hall: Hall) -> None:
    secret = await accounts.invite(hall)
    fields: dict[str, Any] = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    await person.sends("/setup", "/setup", 403, token=secret, **fields)
    assert await list_users(hall) == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"email": "a"}'),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("application/x-www-form-urlencoded", b"email=%ff"),
        ("application/x-www-form-urlencoded", b"email=%00"),
        ("application/x-www-form-urlencoded", "email=é".encode()),
        ("application/x-www-form-urlencoded", b"a=1&" * 400),
    ],
)
async def test_what_no_browser_sends_is_refused_with_a_page(
    person: Person, kind: str, body: bytes
) -> None:
    answer = await person.http.post("/signin", content=body, headers={"content-type": kind})
    page_of(answer, 400)


async def test_unknown_pages_and_methods_are_pages_too(person: Person) -> None:
    page_of(await person.http.get("/app/nowhere/at/all"), 404)
    page_of(await person.http.put("/signin"), 405)
