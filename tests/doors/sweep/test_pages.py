"""Whose pages are whose: every page and every form, for strangers, other people and forgers."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from hiringhall.actions import accounts
from hiringhall.doors.front import Front
from hiringhall.hall import Hall
from tests.doors.conftest import BASE_URL, Worker
from tests.doors.native.conftest import Caller
from tests.doors.pages.conftest import PASSWORD, Person
from tests.doors.sweep.browsers import (
    FIELDS,
    UNKNOWN,
    Visited,
    address_of,
    fields_of_templates,
    filled,
    pages,
    theirs_of,
    token_of,
)
from tests.doors.sweep.cases import BIDS
from tests.doors.sweep.world import CANARY, World, make_world

pytestmark = pytest.mark.anyio

REFUSED = {303, 400, 401, 402, 403, 404, 409, 410, 429, 503}
LEFT_OUT = re.compile(r'name="(once|csrf)" value="[^"]*"|019[0-9a-f]{5}-[0-9a-f-]{27}')
HEADERS = {"Accept": "text/html"}


@pytest.fixture
async def world(hall: Hall, http: httpx.AsyncClient, worker: Worker, admin: Caller) -> World:
    return await make_world(hall, http, worker, admin)


@pytest.fixture
async def browser(front: Front) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(front.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


@pytest.fixture
async def eve(browser: httpx.AsyncClient) -> Person:
    """Somebody with an account, and nothing to do with the world."""
    return await Person(browser).signs_up("eve")


async def owner_of(world: World, hall: Hall, browser: httpx.AsyncClient) -> Person:
    """The owner of the world, at a browser."""
    await accounts.set_password(hall, email="owner@example.com", password=PASSWORD)
    person = Person(browser, "owner@example.com")
    await person.signs_in()
    return person


def test_every_field_of_every_form_is_filled_in() -> None:
    assert fields_of_templates() - FIELDS.keys() == set()


def check(said: httpx.Response, world: World, theirs: dict[str, str], note: str) -> None:
    assert said.status_code < 500 or said.status_code == 503, note
    assert CANARY not in said.text, note
    given = set(theirs.values())
    for kind, listed in world.ids.items():
        for one in listed:
            assert one in given or one not in said.text, f"{note}: tells the {kind}"


async def test_whoever_is_not_signed_in_is_led_to_the_door(
    hall: Hall, world: World, browser: httpx.AsyncClient
) -> None:
    before = await world.rows(hall)
    theirs = theirs_of(world)[0]
    for visited in pages():
        if not visited.is_private:
            continue
        path, note = address_of(visited, theirs), str(visited)
        if visited.route.method == "GET":
            said = await browser.get(path, headers=HEADERS)
            assert said.headers["location"].startswith("/signin?next="), note
        else:
            data = {**filled(theirs), "csrf": await token_of(browser)}
            said = await browser.post(path, data=data, headers=HEADERS)
            assert said.status_code == 401, note
            assert "Sign in" in said.text, note
        check(said, world, theirs, note)
    assert await world.rows(hall) == before


async def test_nobody_sees_or_does_anything_of_somebody_elses(
    hall: Hall, world: World, eve: Person
) -> None:
    before = await world.rows(hall)
    for visited in pages():
        if visited.route.path in ("/signout", "/app/settings/password"):
            continue
        for theirs in theirs_of(world) if visited.names_a_thing else theirs_of(world)[:1]:
            said = await _visit(eve, visited, theirs)
            note = f"{visited}: {said.status_code}"
            check(said, world, theirs, note)
            if not visited.names_a_thing:
                continue
            assert said.status_code in REFUSED, note
            if said.status_code == 409 and visited.route.path.endswith(BIDS):
                # All could see it while it was on offer, and hear that it is taken now.
                assert theirs["task"] in world.ids["offered"], note
                continue
            unknown = await _visit(eve, visited, dict.fromkeys(theirs, UNKNOWN))
            assert _told(said, theirs) == _told(unknown, theirs), note
    assert await world.rows(hall) == before


async def _visit(person: Person, visited: Visited, theirs: dict[str, str]) -> httpx.Response:
    path = address_of(visited, theirs)
    if visited.route.method == "GET":
        return await person.http.get(path, headers=HEADERS)
    data = {**filled(theirs), "csrf": await token_of(person.http)}
    return await person.http.post(path, data=data, headers=HEADERS)


def _told(said: httpx.Response, theirs: dict[str, str]) -> tuple[int, str]:
    text = said.text
    for one in (*theirs.values(), UNKNOWN):
        text = text.replace(one, "")
    return said.status_code, LEFT_OUT.sub("", text)


@pytest.mark.parametrize("token", ["", "a" * 43])
async def test_no_form_from_elsewhere_does_anything_for_whoever_may(
    hall: Hall, world: World, browser: httpx.AsyncClient, token: str
) -> None:
    """With the cookie of whom it all belongs to, from another site and from this one."""
    await owner_of(world, hall, browser)
    before = await world.rows(hall)
    for visited in pages("POST"):
        for site in ("cross-site", "same-site", "same-origin"):
            for theirs in theirs_of(world)[:2]:
                said = await browser.post(
                    address_of(visited, theirs),
                    data={**filled(theirs), "csrf": token},
                    headers={**HEADERS, "Sec-Fetch-Site": site},
                )
                note = f"{visited} from {site}: {said.status_code}"
                assert said.status_code == 403, note
                again = site == "same-origin" and visited.is_private
                words = "Send it again?" if again else "Nothing was changed"
                assert words in said.text, note
    assert await world.rows(hall) == before
    assert (await browser.get("/app")).status_code == 200, "still signed in"


async def test_a_member_does_not_run_the_hall(
    hall: Hall, world: World, browser: httpx.AsyncClient
) -> None:
    owner = await owner_of(world, hall, browser)
    before = await world.rows(hall)
    for visited in pages():
        if visited.route.path.startswith("/app/admin"):
            for theirs in theirs_of(world)[:2]:
                said = await _visit(owner, visited, theirs)
                assert said.status_code in (403, 404), f"{visited}: {said.status_code}"
    assert await world.rows(hall) == before
