"""What somebody writes runs nowhere: every page with texts that are scripts, kept or sent."""

from collections.abc import AsyncIterator

import httpx
import pytest

from hiringhall.actions import accounts
from hiringhall.doors.front import Front
from hiringhall.hall import Hall
from tests.doors.conftest import BASE_URL, Worker
from tests.doors.native.conftest import Caller
from tests.doors.pages.conftest import PASSWORD, Person
from tests.doors.pages.reading import Page
from tests.doors.sweep.browsers import FIELDS, address_of, pages, theirs_of, token_of
from tests.doors.sweep.world import World, make_world

pytestmark = pytest.mark.anyio

PAYLOAD = (
    "pwned</title></textarea></script><script>alert(1)</script>"
    '"><img src=x onerror=alert(2)><svg onload=alert(3)>'
    "[a](javascript:alert(4)) ![b](https://evil.example/c.png) {{ 7 * 7 }} {% raw %}"
)
"""Out of every place that a text can stand in: an element, an attribute, Markdown, a template."""

QUERY = (
    *("next", "kept", "invitation", "token", "state", "search", "engagement", "before", "after"),
    *("skip", "known", "changed", "asked", "booked", "check", "thread", "column", "run"),
    *("by", "as", "part", "category"),
)


@pytest.fixture
async def world(hall: Hall, http: httpx.AsyncClient, worker: Worker, admin: Caller) -> World:
    made = await make_world(hall, http, worker, admin, text=PAYLOAD)
    await accounts.set_password(hall, email="owner@example.com", password=PASSWORD)
    await accounts.make_admin(hall, email="owner@example.com")
    return made


@pytest.fixture
async def browser(front: Front) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(front.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


@pytest.fixture
async def owner(world: World, browser: httpx.AsyncClient) -> Person:
    person = Person(browser, "owner@example.com")
    await person.signs_in()
    return person


def check(said: httpx.Response, note: str) -> Page:
    """Nothing in it is of somebody's making but text."""
    assert said.status_code < 500 or said.status_code == 503, f"{note}: {said.status_code}"
    if said.headers.get("content-disposition", "").startswith("attachment"):
        assert said.headers["content-type"].startswith("text/plain"), note
        assert said.headers["x-content-type-options"] == "nosniff", note
        assert "sandbox; default-src 'none'" in said.headers["content-security-policy"], note
        return Page("")
    page = Page(said.text)
    assert "".join(page.scripts).strip() == "", note
    for one in page.elements:
        assert one.tag not in ("iframe", "object", "embed", "base", "style"), note
        for name, value in one.attributes.items():
            assert not name.startswith("on"), f"{note}: {one}"
            assert name not in ("style", "srcdoc"), f"{note}: {one}"
            if name in ("src", "href", "action", "hx-get", "data-live"):
                assert not value.lower().lstrip().startswith(("javascript:", "data:")), note
            if name == "formaction":
                assert value.startswith("/app/"), f"{note}: {one}"
            if name == "src":
                assert value.startswith("/assets/"), f"{note}: {one}"
    assert "c.png) 49" not in page.words, f"{note}: a template of theirs was filled in"
    return page


async def test_what_is_kept_is_text_on_every_page(world: World, owner: Person) -> None:
    shown = 0
    for visited in pages("GET"):
        if visited.route.path.endswith("/events"):
            continue  # a stream, which does not end: its lines are those of the task's page
        for theirs in theirs_of(world) if visited.names_a_thing else theirs_of(world)[:1]:
            path = address_of(visited, theirs)
            said = await owner.http.get(path, headers={"Accept": "text/html"})
            page = check(said, path)
            assert said.status_code == 200 or "pwned" not in page.words, path
            shown += "pwned" in page.words
    assert shown > 25, "the texts are there to be seen"


async def test_what_is_sent_along_is_text_on_every_page(world: World, owner: Person) -> None:
    query = dict.fromkeys(QUERY, PAYLOAD)
    theirs = theirs_of(world)[0]
    for visited in pages("GET"):
        if not visited.route.path.endswith("/events"):
            path = address_of(visited, theirs)
            said = await owner.http.get(path, params=query, headers={"Accept": "text/html"})
            check(said, path)
            assert "evil.example" not in said.headers.get("location", "")


async def test_what_is_typed_comes_back_as_text(world: World, owner: Person) -> None:
    typed = dict.fromkeys(FIELDS, PAYLOAD)
    theirs = theirs_of(world)[0]
    came_back = 0
    for visited in pages("POST"):
        if visited.route.path == "/signout" or "people/{user_id}" in visited.route.path:
            continue
        path = address_of(visited, theirs)
        data = {**typed, "csrf": await token_of(owner.http)}
        said = await owner.http.post(path, data=data, headers={"Accept": "text/html"})
        came_back += "pwned" in check(said, path).words
        # Not sent for want of a token: shown again whole.
        said = await owner.http.post(
            path, data={**typed, "csrf": ""}, headers={"Sec-Fetch-Site": "same-origin"}
        )
        check(said, path)
    assert came_back > 5
