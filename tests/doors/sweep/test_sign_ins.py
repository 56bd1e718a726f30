"""What a browser's sign-in opens of the doors for programs: the native one, for pages of ours."""

from collections.abc import Mapping

import httpx
import pytest

from hiringhall.actions import accounts, joining, members
from hiringhall.domain.members import MemberRole
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.queries.sign_ins import actor_of, signed_in
from tests.doors.conftest import BASE_URL, Worker
from tests.doors.native.conftest import Caller
from tests.doors.pages.conftest import PASSWORD, Person
from tests.doors.sweep.asking import (
    DOORS,
    REFUSED,
    UNKNOWN,
    ask,
    ids_of,
    routes,
    shows_nothing,
    told_of,
)
from tests.doors.sweep.cases import BIDS
from tests.doors.sweep.world import World, make_world

pytestmark = pytest.mark.anyio

OURS = {
    "Origin": BASE_URL,
    "Sec-Fetch-Site": "same-origin",
    "Content-Type": "application/json",
}
"""What a browser and a script of a page of ours say."""

OWNERS = {
    "native PATCH /members/{user_id}",
    "native DELETE /members/{user_id}",
    "native POST /invitations",
    "native DELETE /invitations/{invitation_id}",
}
"""What a member may not do in an organization of theirs."""

FORGED: Mapping[str, Mapping[str, str]] = {
    "another site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "a neighbour": {"Origin": "http://evil.hall.test", "Sec-Fetch-Site": "same-site"},
    "another port": {"Origin": f"{BASE_URL}:8001", "Sec-Fetch-Site": "same-site"},
    "a frame of no origin": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "an old browser, elsewhere": {"Origin": "https://evil.example"},
    "two words": {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    "the other two": {"Origin": BASE_URL, "Sec-Fetch-Site": "cross-site"},
    "a typed address": {"Sec-Fetch-Site": "none"},
    "no word at all": {},
    "a form": {**OURS, "Content-Type": "application/x-www-form-urlencoded"},
    "a plain text": {**OURS, "Content-Type": "text/plain"},
    "no type": {**OURS, "Content-Type": ""},
}


@pytest.fixture
async def world(hall: Hall, http: httpx.AsyncClient, worker: Worker, admin: Caller) -> World:
    return await make_world(hall, http, worker, admin)


@pytest.fixture
async def eve(http: httpx.AsyncClient) -> Person:
    """Somebody who is signed in, and has nothing to do with the world."""
    return await Person(http).signs_up("eve")


@pytest.fixture
async def owner(world: World, hall: Hall, http: httpx.AsyncClient) -> Person:
    """The owner of the world, signed in."""
    await accounts.set_password(hall, email="owner@example.com", password=PASSWORD)
    person = Person(http, "owner@example.com")
    await person.signs_in()
    return person


async def member_of(hall: Hall, owner: Actor) -> str:
    """The secret of somebody who has joined the owner's organization, as they are signed in."""
    told: list[str] = []

    def say(secret: str) -> str:
        told.append(secret)
        return secret

    await members.invite_member(
        hall, actor=owner, email="mia@example.com", role=MemberRole.MEMBER, say=say
    )
    return await joining.join_signed_in(
        hall, invitation=told[0], name="Mia", password=PASSWORD, source_address="192.0.2.1"
    )


async def actor_at(hall: Hall, http: httpx.AsyncClient) -> Actor:
    return actor_of(await signed_in(hall, secret=http.cookies["hall"]))


@pytest.mark.parametrize("name", [one for one in DOORS if one != "native"])
async def test_no_other_door_takes_it(name: str, hall: Hall, world: World, owner: Person) -> None:
    before = await world.rows(hall)
    for asked in routes(name):
        if not asked.case.needs_key:
            continue
        said = await ask(owner.http, asked, OURS, ids_of(asked, world)[0])
        assert said.status_code == 401, f"{asked}: {said.status_code} {said.text[:300]}"
    assert await world.rows(hall) == before


@pytest.mark.promise("NA-SESSION")
async def test_nobody_gets_at_what_is_somebody_elses_by_it(
    hall: Hall, world: World, eve: Person
) -> None:
    before = await world.rows(hall)
    for asked in routes("native"):
        for theirs in ids_of(asked, world):
            said = await ask(eve.http, asked, OURS, theirs)
            note = f"{asked}: {said.status_code} {said.text[:300]}"
            shows_nothing(said, world, theirs, note)
            assert said.status_code != 401 or not asked.case.needs_key, note
            if not asked.route.parameters:
                continue
            assert not asked.case.needs_key or said.status_code in REFUSED, note
            if said.status_code == 409 and asked.route.path.endswith(BIDS):
                assert theirs["task"] in world.ids["offered"], note
                continue
            unknown = await ask(eve.http, asked, OURS, dict.fromkeys(theirs, UNKNOWN))
            assert told_of(said, theirs) == told_of(unknown, {"": UNKNOWN}), note
    assert await world.rows(hall) == before


@pytest.mark.promise("NA-SESSION")
async def test_one_that_is_over_opens_nothing(hall: Hall, world: World, owner: Person) -> None:
    secret = owner.http.cookies["hall"]
    await owner.sends("/app", "/signout")
    owner.http.cookies.set("hall", secret, domain="hall.test")
    before = await world.rows(hall)
    for asked in routes("native"):
        if asked.case.needs_key:
            said = await ask(owner.http, asked, OURS, ids_of(asked, world)[0])
            assert said.status_code == 401, f"{asked}: {said.status_code}"
    assert await world.rows(hall) == before


@pytest.mark.promise("NA-SESSION-FORGED")
async def test_no_page_of_elsewhere_does_anything_with_it(
    hall: Hall, world: World, owner: Person
) -> None:
    before = await world.rows(hall)
    for asked in routes("native"):
        if not asked.case.needs_key:
            continue
        reads = asked.route.method == "GET"
        for who, forged in FORGED.items():
            site = forged.get("Sec-Fetch-Site", "none")
            if reads and site in ("none", "same-origin"):
                continue
            said = await ask(owner.http, asked, forged, ids_of(asked, world)[0])
            note = f"{asked} from {who}: {said.status_code} {said.text[:300]}"
            assert said.status_code == 403, note
            assert said.json()["code"] in ("foreign_origin", "json_only"), note
            shows_nothing(said, world, ids_of(asked, world)[0], note)
    assert await world.rows(hall) == before
    assert (await owner.http.get("/hall/v1/me")).status_code == 200, "still signed in"


@pytest.mark.promise("NA-SESSION")
async def test_it_has_the_rights_of_whoever_is_signed_in_and_no_more(
    hall: Hall, world: World, owner: Person
) -> None:
    """An owner does not run the hall, and a member is no owner."""
    secret = await member_of(hall, await actor_at(hall, owner.http))
    before = await world.rows(hall)
    for asked in routes("native"):
        if asked.route.path.startswith("/admin") or asked.route.path == "/ledger/check":
            for theirs in ids_of(asked, world):
                said = await ask(owner.http, asked, OURS, theirs)
                assert said.status_code in (403, 404), f"{asked}: {said.status_code}"
    assert (await owner.http.get("/hall/v1/invitations")).status_code == 200
    owner.http.cookies.set("hall", secret, domain="hall.test")
    me = (await owner.http.get("/hall/v1/me")).json()
    assert (me["user"]["email"], me["organization"]["id"]) == (
        "mia@example.com",
        world.ids["organization"][0],
    )
    asked_of = [one for one in routes("native") if str(one) in OWNERS]
    assert len(asked_of) == len(OWNERS)
    for asked in asked_of:
        said = await ask(owner.http, asked, OURS, ids_of(asked, world)[0])
        assert said.status_code == 403, f"{asked}: {said.status_code} {said.text}"
    assert await world.rows(hall) == before
