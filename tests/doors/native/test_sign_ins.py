"""The native door for whoever is signed in at the pages: what a sign-in opens, and until when."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from hiringhall.doors import streams
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import openapi
from hiringhall.doors.native.door import DOOR
from hiringhall.doors.server import Server
from tests.doors.conftest import BASE_URL, OpenFront, Visitor
from tests.doors.native.conftest import PATH, Caller
from tests.doors.pages.conftest import Person
from tests.support.streams import PATIENCE_S, EventStream

pytestmark = pytest.mark.anyio

OURS = {"Origin": BASE_URL, "Sec-Fetch-Site": "same-origin"}
POST: dict[str, Any] = {"title": "Label these", "description": "One word for each text."}


@pytest.fixture
async def person(http: httpx.AsyncClient) -> Person:
    """Somebody who is signed in."""
    return await Person(http).signs_up("pat")


@pytest.mark.promise("NA-SESSION")
async def test_a_script_of_a_page_does_what_a_key_does(person: Person) -> None:
    """As `fetch` sends it: the origin by itself, JSON, and nothing of a key."""
    caller = Caller(person.http)
    me = await caller.get("/me")
    assert (me["kind"], me["user"]["email"]) == ("user", "pat@example.com")
    once = {**OURS, "Idempotency-Key": "one"}
    made = await caller.post("/tasks", POST, 201, headers=once)
    again = await caller.ask("POST", "/tasks", json=POST, headers=once)
    assert (again.headers["idempotency-replayed"], again.json()) == ("true", made)
    assert [one["id"] for one in (await caller.get("/tasks"))["items"]] == [made["id"]]
    bare = {**OURS, "Content-Type": "application/json; charset=utf-8"}
    gone = await caller.ask("POST", f"/tasks/{made['id']}/cancel", headers=bare)
    assert (gone.status_code, gone.json()["state"]) == (200, "cancelled")
    assert gone.headers["cache-control"] == "no-store"
    assert gone.headers["vary"] == "Authorization, Cookie"
    assert "set-cookie" not in gone.headers
    said = (await person.get(f"/app/tasks/{made['id']}")).words
    assert "Label these" in said


@pytest.mark.promise("NA-SESSION")
async def test_a_key_stands_over_the_cookie_even_one_that_opens_nothing(
    person: Person, maker: Caller
) -> None:
    me = await replace(maker, http=person.http).get("/me")
    assert me["organization"]["id"] == maker.id
    for wrong in ("Bearer at_live_" + "x" * 43, "Bearer ", "", "Basic cGF0OnB3", "Bearer nxw_x"):
        said = await person.http.get(f"{PATH}/me", headers={"Authorization": wrong, **OURS})
        assert said.status_code == 401, wrong


@pytest.mark.promise("NA-SESSION-FORGED")
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": BASE_URL}, 201),
        (OURS, 201),
        ({}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 403),
        ({"Origin": "https://hall.test"}, 201),
        ({"Origin": "http://hall.test:80"}, 403),
        ({"Origin": "http://hall.test.evil.example"}, 403),
        ({"Origin": "http://hall.test@evil.example"}, 403),
        ({"Origin": "javascript://hall.test"}, 403),
        ({**OURS, "Content-Type": "application/jsonp"}, 403),
    ],
)
async def test_what_changes_something_comes_from_a_page_of_this_hall(
    person: Person, headers: dict[str, str], status: int
) -> None:
    said = await Caller(person.http).ask("POST", "/tasks", json=POST, headers=headers)
    assert said.status_code == status, said.text
    if status == 403:
        assert said.headers["content-type"] == "application/problem+json"
        assert said.json()["code"] in ("foreign_origin", "json_only")


@pytest.mark.promise("NA-SESSION-FORGED")
async def test_by_https_it_is_the_other_cookie_and_an_origin_of_https(
    desk: Desk, front_of: OpenFront
) -> None:
    """Behind a proxy that speaks for the hall and calls it by another name."""
    front = front_of(replace(desk, public_url="https://hall.example/below"))
    transport = httpx.ASGITransport(front.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://inside.test") as http:
        person = await Person(http).signs_up("pat")
        assert [*http.cookies] == ["__Host-hall"]
        for origin, status in (
            ("https://hall.example", 201),
            ("https://inside.test", 201),
            ("http://hall.example", 403),
            ("http://inside.test", 403),
        ):
            said = await Caller(http).ask("POST", "/tasks", json=POST, headers={"Origin": origin})
            assert said.status_code == status, origin
        secret = http.cookies["__Host-hall"]
        http.cookies.clear()
        http.cookies.set("hall", secret, domain="inside.test")
        assert (await Caller(person.http).ask("GET", "/me")).status_code == 401


@pytest.mark.promise("NA-SESSION")
async def test_its_streams_end_with_it(
    server: Server, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.01)
    monkeypatch.setattr(streams, "CHECK_S", 0.0)
    headers = {"Accept": "text/event-stream", "Cookie": f"hall={person.http.cookies['hall']}"}
    async with (
        httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_S, trust_env=False) as client,
        client.stream("GET", f"{PATH}/events", headers=headers) as response,
    ):
        stream = EventStream(response)
        await Caller(person.http).post("/tasks", POST, 201, headers=OURS)
        assert [one["type"] for one in await stream.events(1)] == ["task_created"]
        await person.sends("/app", "/signout")
        async with asyncio.timeout(30):
            while await stream.piece() is not None:
                pass


@pytest.mark.promise("NA-OPENAPI")
def test_the_document_names_both_ways_to_prove_oneself() -> None:
    document = openapi(DOOR, version="test")
    schemes = document["components"]["securitySchemes"]
    assert schemes["session"]["in"] == "cookie"
    assert schemes["session"]["name"] == "__Host-hall"
    asked = document["paths"]["/tasks"]["post"]
    assert asked["security"] == [{"bearer": []}, {"session": []}]
    assert "403" in asked["responses"]


@pytest.mark.promise("NA-SESSION")
async def test_a_stranger_is_told_nothing_new(stranger: Visitor) -> None:
    for cookie in ("", "hall=", "hall=short", f"other={'x' * 43}"):
        said = await stranger.http.get(f"{PATH}/me", headers={"Cookie": cookie})
        assert said.status_code == 401
        assert said.headers["www-authenticate"] == "Bearer"
