"""Settings: keys, people, webhooks, money, and the password of one's own."""

from dataclasses import replace

import httpx
import pytest

from hiringhall.actions import accounts
from hiringhall.actions.signing_in import SEEN_EVERY_US
from hiringhall.doors.desk import Desk
from hiringhall.hall import Hall
from hiringhall.mail import ConsoleMail
from hiringhall.queries.sign_ins import actor_of, browsers_of, signed_in
from tests.doors.conftest import BASE_URL, OpenFront
from tests.doors.pages.conftest import PASSWORD, Person, page_of
from tests.support.halls import Clock

pytestmark = pytest.mark.anyio

AT = "/app/settings"


async def key_of(person: Person, name: str = "Laptop") -> str:
    answer = await person.sends(f"{AT}/keys", f"{AT}/keys", 200, name=name)
    assert answer.headers["cache-control"] == "no-store"
    (secret,) = {
        word.strip('"') for word in page_of(answer).words.split() if word.startswith("at_live_")
    }
    return secret


async def test_a_key_is_shown_once_and_opens_the_doors_until_it_is_revoked(
    ada: Person, browser: httpx.AsyncClient
) -> None:
    secret = await key_of(ada)
    page = await ada.get(f"{AT}/keys")
    assert "Laptop" in page.words
    assert secret[:16] in page.words
    assert secret not in page.text
    said = {"Authorization": f"Bearer {secret}"}
    assert (await browser.get("/hall/v1/me", headers=said)).status_code == 200
    (revoke,) = [one for one in page.forms if one.action.endswith("/revoke")]
    await ada.send(revoke)
    assert (await browser.get("/hall/v1/me", headers=said)).status_code == 401
    assert "Laptop" not in (await ada.get(f"{AT}/keys")).words


async def test_a_form_that_is_sent_twice_makes_one_key(ada: Person) -> None:
    form = (await ada.get(f"{AT}/keys")).form(f"{AT}/keys")
    await ada.send(form, 200, name="Once")
    await ada.send(form, 409, name="Once")
    assert (await ada.get(f"{AT}/keys")).words.count("Once") == 1


async def test_a_key_without_a_name_is_asked_for_one(ada: Person) -> None:
    answer = await ada.sends(f"{AT}/keys", f"{AT}/keys", 400, name=" ")
    assert 'id="name-wrong"' in page_of(answer, 400).text


async def test_another_password_signs_all_others_out(ada: Person, other: Person) -> None:
    other.email = ada.email
    await other.signs_in()
    wrong = await ada.sends(AT, f"{AT}/password", 400, old="guessed", new="a new password")
    page = page_of(wrong, 400)
    assert 'id="old-wrong"' in page.text
    assert "guessed" not in page.text
    assert "a new password" not in page.text
    short = await ada.sends(AT, f"{AT}/password", 400, old=PASSWORD, new="short")
    assert 'id="new-wrong"' in page_of(short, 400).text
    await other.get("/app")
    done = await ada.sends(AT, f"{AT}/password", old=PASSWORD, new="a new password")
    assert "password is changed" in (await ada.get(done.headers["location"])).words
    assert (await other.http.get("/app")).status_code == 303
    await other.sends("/signin", "/signin", 401, email=ada.email, password=PASSWORD)
    assert (await other.signs_in(password="a new password")).headers["location"] == "/app"


async def test_a_browser_elsewhere_can_be_signed_out(ada: Person, other: Person) -> None:
    other.email = ada.email
    await other.signs_in()
    (elsewhere,) = [one for one in (await ada.get(AT)).forms if "/sign-ins/" in one.action]
    await ada.send(elsewhere)
    assert (await other.http.get("/app")).status_code == 303
    assert [one for one in (await ada.get(AT)).forms if "/sign-ins/" in one.action] == []


async def test_nobody_signs_anothers_browser_out(ada: Person, bob: Person, hall: Hall) -> None:
    theirs = await browsers_of(hall, actor=actor_of(await signed_in(hall, secret=_secret(bob))))
    mine = (await ada.get(AT)).form(f"{AT}/password")
    for sign_in_id in (theirs[0].id, "019c9000-0000-7000-8000-000000000000", "x"):
        at = f"{AT}/sign-ins/{sign_in_id}/end"
        page_of(await ada.http.post(at, data=mine.values), 404)
    await bob.get("/app")


def _secret(person: Person) -> str:
    return person.http.cookies["hall"]


class Posted(ConsoleMail):
    """Letters that leave the hall, for all that it knows."""

    @property
    def is_sent(self) -> bool:
        return True


async def letters(desk: Desk, front_of: OpenFront) -> tuple[list[str], Person, Desk]:
    said: list[str] = []
    there = replace(desk, hall=replace(desk.hall, mail=Posted(said.append)))
    transport = httpx.ASGITransport(front_of(there).app)
    return said, Person(httpx.AsyncClient(transport=transport, base_url=BASE_URL)), there


def secret_in(letter: str) -> str:
    return next(word for word in letter.split() if "/join?invitation=" in word).partition("=")[2]


async def test_whoever_is_asked_joins_with_a_password_and_is_in(
    desk: Desk, front_of: OpenFront, other: Person
) -> None:
    said, owner, _ = await letters(desk, front_of)
    await owner.signs_up("ada")
    people = f"{AT}/people"
    await owner.sends(people, f"{people}/invite", email="new@example.com", role="member")
    assert "new@example.com" in (await owner.get(people)).words
    token = secret_in("\n".join(said))
    page = await other.get(f"/join?invitation={token}")
    assert page.form("/join").values["invitation"] == token
    short = await other.send(page.form("/join"), 400, name="New", password="short")
    assert 'id="password-wrong"' in page_of(short, 400).text
    await other.send(page.form("/join"), name="New", password=PASSWORD)
    home = await other.get("/app")
    assert "Ada's organization" in home.words
    assert "new@example.com" in (await owner.get(people)).words
    assert page_of(await other.send(page.form("/join"), 403, password=PASSWORD), 403)
    again = (await other.get(f"/join?invitation={token}")).form("/join")
    page_of(await other.send(again, 410, name="New", password=PASSWORD), 410)
    # A member says nothing of who belongs to it.
    assert [one for one in (await other.get(people)).forms if one.action.endswith("/role")] == []
    form = (await other.get(people)).forms[-1]
    page_of(await other.send(form, 403, to=f"{people}/invite", email="x@example.com"), 403)


async def test_an_account_with_a_password_joins_by_that_password(
    desk: Desk, front_of: OpenFront, bob: Person, other: Person
) -> None:
    said, owner, _ = await letters(desk, front_of)
    await owner.signs_up("ada")
    await owner.sends(f"{AT}/people", f"{AT}/people/invite", email="bob@example.com")
    token = secret_in("\n".join(said))
    transport = httpx.AsyncClient(transport=bob.http._transport, base_url=BASE_URL)
    thief = Person(transport)
    form = (await thief.get(f"/join?invitation={token}")).form("/join")
    refused = await thief.send(form, 400, name="Eve", password="another password")
    assert 'id="password-wrong"' in page_of(refused, 400).text
    assert (await thief.http.get("/app")).status_code == 303
    await thief.send(form, password=PASSWORD)
    assert "Ada's organization" in (await thief.get("/app")).words


async def test_whoever_belongs_to_two_organizations_goes_from_one_to_the_other(
    desk: Desk, front_of: OpenFront, bob: Person, clock: Clock
) -> None:
    said, owner, _ = await letters(desk, front_of)
    await owner.signs_up("ada")
    await owner.sends(f"{AT}/people", f"{AT}/people/invite", email="bob@example.com")
    clock.advance(seconds=1)
    page = await bob.get(f"/join?invitation={secret_in(chr(10).join(said))}")
    for words in ("Ada asks you to join", "Ada's organization", "bob@example.com"):
        assert words in page.words
    for words in ("Ada asks you to join", "'Ada's organization'", "the address bob@example.com"):
        assert words in said[0]
    joined = await bob.send(page.form("/join"), password=PASSWORD)
    page = await bob.get(joined.headers["location"])
    assert "You have joined Ada's organization" in page.words
    assert f"{AT}#organizations" in page.links()

    async def again() -> str:
        await bob.sends("/app", "/signout")
        await bob.signs_in()
        return (await bob.get("/app")).words

    # A new sign-in opens the one that they were last in; the form leads to the other.
    assert "Ada's organization: change" in await again()
    assert "ada@example.com" in (await bob.get(f"{AT}/people")).words
    (back,) = [one for one in (await bob.get(AT)).forms if one.action == f"{AT}/organization"]
    clock.advance(seconds=1)
    await bob.send(back)
    assert "Bob's organization: change" in await again()
    (form,) = [one for one in (await bob.get(AT)).forms if one.action == f"{AT}/organization"]
    clock.advance(seconds=1)
    await bob.send(form)
    assert "Ada's organization: change" in await again()
    # A browser that goes on in another one is the last to be seen, too.
    browser = httpx.AsyncClient(transport=bob.http._transport, base_url=BASE_URL)
    second = Person(browser, bob.email)
    await second.signs_in()
    (away,) = [one for one in (await second.get(AT)).forms if one.action == f"{AT}/organization"]
    await second.send(away)
    clock.advance(seconds=SEEN_EVERY_US // 1_000_000 + 1)
    await bob.get("/app")
    assert "Ada's organization: change" in await again()
    # Whoever is taken out is not led back in.
    form = (await bob.get(AT)).form(f"{AT}/organization")
    await bob.send(form)
    (form,) = [one for one in (await bob.get(AT)).forms if one.action == f"{AT}/organization"]
    forms = (await owner.get(f"{AT}/people")).forms
    await owner.send([one for one in forms if one.action.endswith("/remove")][-1])
    page_of(await bob.send(form, 404), 404)
    assert "Bob's organization: change" not in (await bob.get("/app")).words
    await again()
    assert "Bob's organization" in (await bob.get("/app")).words


async def test_nobody_goes_to_an_organization_that_is_not_theirs(
    ada: Person, bob: Person, hall: Hall
) -> None:
    theirs = (await signed_in(hall, secret=_secret(bob))).organization_id
    form = (await ada.get(AT)).form(f"{AT}/password")
    for one in (theirs, "019c9000-0000-7000-8000-000000000000", "x", ""):
        sent = await ada.send(form, 404, to=f"{AT}/organization", organization_id=one)
        page_of(sent, 404)
    assert "Ada's organization" in (await ada.get("/app")).words


async def invited_by(ada: Person, email: str) -> str:
    """The secret that a hall without mail shows to who invites; it is shown this once."""
    people = f"{AT}/people"
    page = await ada.get(people)
    assert "no mail set up" in page.words
    form = page.form(f"{people}/invite")
    shown = await ada.send(form, 200, email=email)
    assert shown.headers["cache-control"] == "no-store"
    page = page_of(shown)
    assert "on its way" not in page.words
    secret = page.text.partition("/join?invitation=")[2].partition("<")[0]
    assert secret.startswith("join_shown_")
    for again in (page_of(await ada.send(form, 409, email=email), 409), await ada.get(people)):
        assert secret not in again.text
    return secret


async def test_a_hall_without_mail_shows_who_invites_the_link_once(
    ada: Person, other: Person, third: Person
) -> None:
    secret = await invited_by(ada, "new@example.com")
    page = await other.get(f"/join?invitation={secret}")
    await other.send(page.form("/join"), name="New", password=PASSWORD)
    assert "Ada's organization" in (await other.get("/app")).words
    late = (await third.get(f"/join?invitation={secret}")).form("/join")
    page_of(await third.send(late, 410, name="Late", password=PASSWORD), 410)


async def test_a_link_that_was_shown_opens_no_account_that_there_is_but_by_its_password(
    ada: Person, bob: Person, third: Person, hall: Hall
) -> None:
    secret = await invited_by(ada, bob.email)
    page = await third.get(f"/join?invitation={secret}")
    # What the address has here is not told to who may not have its mailbox.
    assert page.form("/join").values.keys() >= {"name", "password"}
    wrong = await third.send(page.form("/join"), 400, name="Eve", password="another password")
    assert 'id="password-wrong"' in page_of(wrong, 400).text
    body = {"token": secret, "name": "Eve"}
    taken = await third.http.post("/hall/v1/invitations/accept", json=body)
    assert (taken.status_code, "api_key" in taken.text) == (410, False)
    # An account without a password is one of a key alone: nobody gives it one by such a link.
    keyed = await accounts.create_user(hall, email="keyed@example.com", name="Keyed")
    assert keyed is not None
    theirs = await invited_by(ada, "keyed@example.com")
    form = (await third.get(f"/join?invitation={theirs}")).form("/join")
    page_of(await third.send(form, 410, name="Eve", password=PASSWORD), 410)
    await third.send(page.form("/join"), password=PASSWORD)
    assert "Ada's organization" in (await third.get("/app")).words


async def test_whoever_belongs_to_it_already_is_not_asked(ada: Person) -> None:
    people = f"{AT}/people"
    page = page_of(await ada.sends(people, f"{people}/invite", 400, email="ADA@example.com"), 400)
    assert 'id="email-wrong"' in page.text
    assert "belongs to your organization already" in page.words
    assert "Nobody." in page.words


async def test_an_invitation_that_is_taken_back_opens_nothing(
    desk: Desk, front_of: OpenFront, other: Person
) -> None:
    said, owner, _ = await letters(desk, front_of)
    await owner.signs_up("ada")
    await owner.sends(f"{AT}/people", f"{AT}/people/invite", email="new@example.com")
    (form,) = [
        one for one in (await owner.get(f"{AT}/people")).forms if one.action.endswith("/withdraw")
    ]
    await owner.send(form)
    page = await other.get(f"/join?invitation={secret_in(chr(10).join(said))}")
    page_of(await other.send(page.form("/join"), 410, name="New", password=PASSWORD), 410)


async def test_an_organization_keeps_an_owner(ada: Person) -> None:
    page = await ada.get(f"{AT}/people")
    (role,) = [one for one in page.forms if one.action.endswith("/role")]
    answer = await ada.send(role, 409, role="member")
    assert "keeps one owner" in page_of(answer, 409).words


async def test_a_webhook_is_made_tried_changed_and_removed(ada: Person) -> None:
    hooks = f"{AT}/webhooks"
    wrong = await ada.sends(hooks, hooks, 400, url="http://x.example/", description="Mine")
    page = page_of(wrong, 400)
    assert 'id="url-wrong"' in page.text
    assert page.form(hooks).values["description"] == "Mine"
    made = page_of(await ada.sends(hooks, hooks, 200, url="https://x.example/hook"))
    assert "whsec_" in made.words
    (path,) = {one for one in made.links() if one.startswith(f"{hooks}/")}
    page = await ada.get(path)
    assert "whsec_" not in page.text
    await ada.send(page.form(f"{path}/ping"))
    page = await ada.get(path)
    (delivery,) = {one for one in page.links() if one.startswith(f"{path}/deliveries/")}
    await ada.send((await ada.get(delivery)).form(f"{delivery}/again"))
    assert "whsec_" in page_of(await ada.send(page.form(f"{path}/secret"), 200)).words
    await ada.send(
        page.form(f"{path}/change"), description="Ours", types="task_created, task_cancelled"
    )
    page = await ada.get(path)
    assert page.form(f"{path}/change").values["types"] == "task_created, task_cancelled"
    answer = await ada.send(page.form(f"{path}/change"), 400, types="nonsense")
    assert page_of(answer, 400).form(f"{path}/change").values["types"] == "nonsense"
    assert delivery in (await ada.get(f"{path}?state=pending")).links()
    assert delivery not in (await ada.get(f"{path}?state=dead")).links()
    await ada.send(page.form(f"{path}/delete"))
    page_of(await ada.http.get(path, headers={"Accept": "text/html"}), 404)


async def test_money_and_budgets_are_told(ada: Person, hall: Hall) -> None:
    page = await ada.get(f"{AT}/money")
    assert "1,000.00" in page.words
    assert "To begin with" in page.words
    page = await ada.get(f"{AT}/budgets")
    assert f"{hall.rules.credits_per_day} of {hall.rules.credits_per_day} are left" in page.words


async def test_there_is_a_way_from_every_page(ada: Person) -> None:
    assert AT in (await ada.get("/app")).links()
    links = (await ada.get(AT)).links()
    for part in ("keys", "people", "webhooks", "money", "budgets"):
        assert f"{AT}/{part}" in links
        await ada.get(f"{AT}/{part}")
