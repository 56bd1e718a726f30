"""Registration: begun by a program, confirmed by a person, its key given out once."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from hiringhall.actions import accounts
from hiringhall.domain.errors import Invalid, InvalidCredentials
from hiringhall.doors.desk import Desk
from hiringhall.hall import Hall, Registration, Rules
from hiringhall.mail import Letter
from hiringhall.queries.accounts import authenticate, list_keys, list_users
from tests.doors.agentix.conftest import Customer, told
from tests.doors.conftest import BASE_URL, OpenFront
from tests.support.halls import Clock, open_account

pytestmark = pytest.mark.anyio

BODY = {"name": "My Agent", "email": "agent@example.com"}


class Post:
    """Keeps letters instead of sending them."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    def post(self, letter: Letter) -> None:
        self.letters.append(letter)

    async def close(self) -> None: ...


@pytest.fixture
def letters() -> Post:
    return Post()


Put = Callable[..., httpx.AsyncClient]


@pytest.fixture
def put_up(desk: Desk, front_of: OpenFront, letters: Post) -> Put:
    """A client of a hall with letters to be read, and with rules and an address of its own."""

    def put(*, public_url: str | None = "https://hall.example", **rules: Any) -> httpx.AsyncClient:
        hall = replace(desk.hall, mail=letters, rules=Rules(**rules))
        front = front_of(replace(desk, hall=hall, public_url=public_url))
        return httpx.AsyncClient(transport=httpx.ASGITransport(front.app), base_url=BASE_URL)

    return put


async def begun(client: httpx.AsyncClient, **fields: Any) -> dict[str, str]:
    return told(await client.post("/register", json={**BODY, **fields}), 202)


async def press(client: httpx.AsyncClient, registration: dict[str, str]) -> httpx.Response:
    """What the page's one button does."""
    return await client.post(f"/register/{registration['token']}/confirm")


@pytest.mark.promise("AX-REG-START", "AX-REG-START-ANSWER", "AX-REG-PUBLIC")
async def test_a_program_begins_it(put_up: Put) -> None:
    client = put_up()
    answer = await client.post("/register", json=BODY)
    body = told(answer, 202)
    assert body.keys() == {"token", "confirmationUrl"}
    assert re.fullmatch(r"reg_[\w-]{32}", body["token"])
    assert body["confirmationUrl"] == f"https://hall.example/register/{body['token']}/confirm"
    assert answer.headers["cache-control"] == "no-store"
    below = told(await client.post("/agentix/register", json=BODY), 202)
    assert below["confirmationUrl"].startswith("https://hall.example/agentix/register/")


@pytest.mark.promise("AX-REG-POLL-202", "AX-REG-POLL-200", "AX-REG-POLL-ANSWER")
async def test_the_key_comes_with_the_first_poll_after_the_word(put_up: Put) -> None:
    client = put_up()
    registration = await begun(client)
    path = f"/register/{registration['token']}"
    for _ in range(2):
        assert told(await client.get(path), 202) == {"status": "pending"}
    assert (await press(client, registration)).status_code == 200
    answer = await client.get(path)
    body = told(answer, 200)
    assert body.keys() == {"customerId", "apiKey", "keyPrefix", "note"}
    assert re.fullmatch(r"cust_[a-z2-7]{26}", body["customerId"])
    assert re.fullmatch(r"at_live_[\w-]{43}", body["apiKey"])
    assert body["keyPrefix"] == body["apiKey"][:11]
    assert body["note"] == "Store this key securely -- it will not be shown again."
    assert answer.headers["cache-control"] == "no-store"
    key = {"Authorization": f"Bearer {body['apiKey']}"}
    (only,) = told(await client.get("/api-keys", headers=key), 200)
    assert only["keyPrefix"] == body["keyPrefix"]


@pytest.mark.promise("AX-REG-ONCE", "AX-ERROR-410")
async def test_it_is_given_out_once(put_up: Put) -> None:
    client = put_up()
    registration = await begun(client)
    await press(client, registration)
    path = f"/register/{registration['token']}"
    answers = await asyncio.gather(*(client.get(path) for _ in range(5)))
    assert sorted(one.status_code for one in answers) == [200, 410, 410, 410, 410]
    assert "already" in told(await client.get(path), 410)
    assert (await press(client, registration)).status_code == 410


@pytest.mark.promise("AX-REG-EXPIRES")
@pytest.mark.parametrize("confirms", [False, True])
async def test_it_lives_for_a_quarter_of_an_hour(put_up: Put, clock: Clock, confirms: bool) -> None:
    client = put_up()
    registration = await begun(client)
    clock.advance(14 * 60)
    assert (await client.get(f"/register/{registration['token']}")).status_code == 202
    if confirms:
        await press(client, registration)
    clock.advance(61)
    assert "expired" in told(await client.get(f"/register/{registration['token']}"), 410)
    assert (await press(client, registration)).status_code == 410
    page = await client.get(f"/register/{registration['token']}/confirm")
    assert page.status_code == 410
    assert "expired" in page.text


@pytest.mark.promise("AX-REG-BROWSER")
async def test_a_person_confirms_it_with_one_button(put_up: Put, hall: Hall) -> None:
    client = put_up()
    registration = await begun(client, email="O'Neil&<b>@example.com")
    path = f"/register/{registration['token']}/confirm"
    await client.get(path)
    page = await client.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert page.text.count("<form") == page.text.count("<button") == 1
    assert "O&#39;Neil&amp;&lt;b&gt;@example.com" in page.text
    assert (await client.get(f"/register/{registration['token']}")).status_code == 202
    assert not await list_users(hall)

    assert "Confirmed" in (await press(client, registration)).text
    assert "Confirmed" in (await client.get(path)).text
    assert "Confirmed" in (await press(client, registration)).text


async def test_a_look_by_head_costs_nobody_the_key(put_up: Put) -> None:
    client = put_up()
    registration = await begun(client)
    await press(client, registration)
    path = f"/register/{registration['token']}"
    assert (await client.head(path)).status_code == 202
    assert (await client.get(path)).status_code == 200


@pytest.mark.promise("AX-REG-MAIL")
async def test_the_link_goes_to_the_address(put_up: Put, letters: Post) -> None:
    client = put_up()
    registration = await begun(client, name="https://evil.example")
    (letter,) = letters.letters
    assert letter.to == "agent@example.com"
    assert registration["confirmationUrl"] in letter.text
    assert "evil" not in letter.text + letter.subject


async def test_no_letter_names_an_address_that_a_caller_made_up(put_up: Put, letters: Post) -> None:
    """With no public URL the link in the answer is the caller's own word, and goes to nobody."""
    client = put_up(public_url=None)
    answer = await client.post("/register", json=BODY, headers={"Host": "evil.example"})
    assert told(answer, 202)["confirmationUrl"].startswith("http://evil.example/register/")
    assert letters.letters == []


@pytest.mark.promise("AX-REG-LIMIT", "AX-ERROR-429")
async def test_five_in_an_hour_for_an_address(put_up: Put, clock: Clock, letters: Post) -> None:
    client = put_up()
    for number in range(5):
        await begun(client, email=("agent@example.com", "AGENT@Example.com")[number % 2])
        clock.advance(60)
    answer = await client.post("/register", json=BODY)
    assert "Too many" in told(answer, 429)
    assert 3_290 < int(answer.headers["retry-after"]) <= 3_300
    assert len(letters.letters) == 5
    await begun(client, email="other@example.com")
    clock.advance(3_301)
    await begun(client)
    told(await client.post("/register", json=BODY), 429)


async def test_so_many_in_an_hour_from_one_place(put_up: Put) -> None:
    client = put_up(registrations_per_hour=2)
    await begun(client)
    await begun(client, email="other@example.com")
    told(await client.post("/register", json={**BODY, "email": "third@example.com"}), 429)


@pytest.mark.promise("AX-REG-FIELDS")
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": None}, "name"),
        ({"name": " "}, "cannot be empty"),
        ({"email": "nobody"}, "not a valid address"),
        ({"email": "a@b\r\nBcc: c@d"}, "not a valid address"),
        ({"email": "a\x9b31m@example.com"}, "not a valid address"),
    ],
)
async def test_name_and_address_are_needed(
    put_up: Put, letters: Post, fields: dict[str, Any], says: str
) -> None:
    client = put_up()
    assert says in told(await client.post("/register", json={**BODY, **fields}), 400)
    for field in BODY:
        body = {name: value for name, value in BODY.items() if name != field}
        assert f"{field} is required" in told(await client.post("/register", json=body), 400)
    assert letters.letters == []


async def test_an_unknown_token_leads_nowhere(put_up: Put) -> None:
    client = put_up()
    for token in ("reg_abc123", "x", "%00", "reg_" + "a" * 5_000):
        told(await client.get(f"/register/{token}"), 404)
        assert (await client.get(f"/register/{token}/confirm")).status_code == 404
        assert (await client.post(f"/register/{token}/confirm")).status_code == 404


async def test_nobody_takes_an_account_over_by_its_address(put_up: Put, hall: Hall) -> None:
    """Who registers an address that is Ada's, and presses the button, gets nothing of Ada's."""
    ada = await open_account(hall, "ada")
    await accounts.set_password(hall, email="ada@example.com", password="correct horse")
    client = put_up()
    registration = await begun(client, email="ADA@example.com", name="Mallory")
    await press(client, registration)
    body = told(await client.get(f"/register/{registration['token']}"), 200)
    mallory = await authenticate(hall, body["apiKey"])
    assert mallory.organization_id != ada.organization_id
    assert mallory.user_id != ada.user_id
    key = {"Authorization": f"Bearer {body['apiKey']}"}
    (only,) = told(await client.get("/api-keys", headers=key), 200)
    assert only["keyPrefix"] == body["keyPrefix"]

    # Nor does the password lead to Mallory's, nor what the operator does for the address.
    issued = await accounts.exchange_password(
        hall, email="ada@example.com", password="correct horse", key_name=None, source_address="x"
    )
    assert (issued.user_id, issued.organization_id) == (ada.user_id, ada.organization_id)
    with pytest.raises(Invalid, match="Several accounts are meant"):
        await list_keys(hall, email="ada@example.com")
    assert [user.email for user, _ in await list_users(hall)] == [
        "ada@example.com",
        "ADA@example.com",
    ]


async def test_registering_twice_makes_two_accounts(put_up: Put, hall: Hall) -> None:
    client = put_up()
    customers: set[str] = set()
    for _ in range(2):
        registration = await begun(client)
        await press(client, registration)
        body = told(await client.get(f"/register/{registration['token']}"), 200)
        customers.add(body["customerId"])
    assert len(customers) == 2
    with pytest.raises(InvalidCredentials):
        await accounts.exchange_password(
            hall,
            email=BODY["email"],
            password="guess a word",
            key_name=None,
            source_address="x",
        )


async def test_a_closed_hall_says_so(put_up: Put, letters: Post) -> None:
    client = put_up(registration=Registration.CLOSED)
    assert "no registrations" in told(await client.post("/register", json=BODY), 403)
    assert letters.letters == []


async def test_an_invitation_opens_one_account(put_up: Put, hall: Hall, letters: Post) -> None:
    client = put_up(registration=Registration.INVITE)
    invitation = await accounts.invite(hall)
    assert "by invitation" in told(await client.post("/register", json=BODY), 403)
    wrong = {**BODY, "invitation": "inv_wrong"}
    assert "unknown" in told(await client.post("/register", json=wrong), 403)
    assert letters.letters == []
    first, second = [await begun(client, invitation=invitation) for _ in range(2)]
    await press(client, first)
    await press(client, second)
    told(await client.get(f"/register/{first['token']}"), 200)
    assert "used meanwhile" in told(await client.get(f"/register/{second['token']}"), 403)
    assert len(await list_users(hall)) == 1
    told(await client.post("/register", json={**BODY, "invitation": invitation}), 403)


async def test_what_ended_is_forgotten_after_a_day(put_up: Put, hall: Hall, clock: Clock) -> None:
    from hiringhall.actions import housekeeping

    client = put_up()
    registration = await begun(client)
    path = f"/register/{registration['token']}"
    clock.advance(24 * 3600)
    await housekeeping.forget_old(hall)
    told(await client.get(path), 410)
    clock.advance(1_000)
    await housekeeping.forget_old(hall)
    told(await client.get(path), 404)


async def test_a_registered_customer_has_a_team_and_play_money(put_up: Put, hall: Hall) -> None:
    client = put_up()
    registration = await begun(client)
    await press(client, registration)
    body = told(await client.get(f"/register/{registration['token']}"), 200)
    new = Customer(client, await authenticate(hall, body["apiKey"]), body["apiKey"])
    (team,) = await new.get("/teams")
    assert team["name"] == "Default"
    await new.post("/api/v1/tasks", {"title": "x", "description": "y"})
