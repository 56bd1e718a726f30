"""Whose things are whose: every route of every door, with every wrong key and somebody's ids.

A route without a case fails the suite (`cases.py`).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from hiringhall.domain import ids
from hiringhall.doors import files, work
from hiringhall.doors.agentix import door as agentix
from hiringhall.doors.agentwork import routes as agentwork
from hiringhall.doors.club import door as club
from hiringhall.doors.kit import Door, Route
from hiringhall.doors.mcp import door as mcp
from hiringhall.doors.native import door as native
from hiringhall.doors.nexwork import door as nexwork
from hiringhall.hall import Hall
from tests.doors.conftest import Worker
from tests.doors.native.conftest import Caller
from tests.doors.sweep.cases import BIDS, CASES, Case
from tests.doors.sweep.world import CANARY, Keys, World, intruder_keys, make_world

pytestmark = pytest.mark.anyio

DOORS: dict[str, tuple[Door[Any], str]] = {
    "agentwork": (agentwork.DOOR, "/agentwork"),
    "club": (club.DOOR, "/club"),
    "nexwork": (nexwork.DOOR, "/nexwork"),
    "agentix": (agentix.DOOR, "/agentix"),
    "native": (native.DOOR, native.PATH),
    "work": (work.DOOR, ""),
    "mcp": (mcp.DOOR, ""),
    "files": (files.DOOR, ""),
}
"""Each door, and where it stands."""

KINDS = {"worker": "run"}
"""What a parameter is called where that is not what it is."""

NOT_SWEPT = {"assets", "health", "pages", "skills"}
"""What is nobody's, and the pages, which take a cookie: `test_pages.py` sweeps them."""

UNKNOWN = "019c9000-0000-7000-8000-000000000000"
LEFT_OUT = re.compile(rb'"(request_id|requestId|instance)":"[^"]*"')
REFUSED = {400, 401, 403, 404, 409, 410, 422, 503}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request by one of the wrong keys."""

    door: str
    route: Route[Any]
    case: Case
    at: str

    def __str__(self) -> str:
        return f"{self.door} {self.route.method} {self.route.path}"


def routes(name: str) -> Iterator[Asked]:
    door, at = DOORS[name]
    for route in door.routes:
        if not route.hidden:
            case = CASES[name][f"{route.method} {route.path}"]
            yield Asked(name, route, case, at)


@pytest.mark.parametrize("name", DOORS)
def test_every_route_has_a_case(name: str) -> None:
    there = {f"{one.method} {one.path}" for one in DOORS[name][0].routes if not one.hidden}
    assert there == CASES[name].keys()


@pytest.fixture
async def world(hall: Hall, http: httpx.AsyncClient, worker: Worker, admin: Caller) -> World:
    return await make_world(hall, http, worker, admin)


@pytest.fixture
async def keys(hall: Hall, http: httpx.AsyncClient, admin: Caller, world: World) -> Keys:
    return await intruder_keys(hall, http, admin)


@pytest.mark.parametrize("name", DOORS)
async def test_nobody_gets_at_what_is_somebody_elses(
    name: str, hall: Hall, http: httpx.AsyncClient, world: World, keys: Keys
) -> None:
    before = await world.rows(hall)
    wrong = {"none": None, "bad": _like(keys.customer), "revoked": keys.revoked}
    strange = {
        "customer": keys.customer,
        "agent": keys.agent,
        "pending agent": keys.pending_agent,
        "service": keys.service,
    }
    for asked in routes(name):
        for who, key in {**wrong, **strange}.items():
            for theirs in _ids(asked, world):
                said = await _ask(http, asked, key, theirs)
                note = f"{asked} by {who}: {said.status_code} {said.text[:300]}"
                _shows_nothing(said, world, theirs, note)
                if who in wrong and asked.case.needs_key:
                    assert said.status_code == 401, note
                if asked.route.parameters:
                    assert not asked.case.needs_key or said.status_code in REFUSED, note
                unknown = await _ask(http, asked, key, dict.fromkeys(theirs, UNKNOWN))
                if said.status_code == 409 and asked.route.path.endswith(BIDS):
                    # All could see it while it was on offer, and hear that it is taken now.
                    assert theirs["task"] in world.ids["offered"], note
                elif name != "agentix":
                    # Whether it exists is nobody's business. Seed 004 alone says 403.
                    assert _told(said, theirs) == _told(unknown, {"": UNKNOWN}), note
    assert await world.rows(hall) == before


async def test_a_cursor_opens_nobody_elses_list(
    http: httpx.AsyncClient, world: World, keys: Keys
) -> None:
    """What a list says of its next page is worth nothing in other hands."""
    for path in ("/tasks", "/statement", "/events"):
        own = await world.owner.ask("GET", f"{path}?limit=1")
        assert own.status_code == 200
        cursor = own.json()["next_cursor"]
        assert cursor is not None, path
        for key in (keys.customer, keys.agent):
            parameter = "after" if path == "/events" else "cursor"
            said = await Caller(http, key).ask("GET", f"{path}?{parameter}={cursor}")
            assert said.status_code in (200, 400, 403), said.text
            assert CANARY not in said.text


def _ids(asked: Asked, world: World) -> list[dict[str, str]]:
    """Somebody's ids, kind by kind; each of several tasks by turns."""
    most = max(len(listed) for listed in world.ids.values())
    count = most if "{task_id}" in asked.route.path else 1
    return [
        {kind: listed[at % len(listed)] for kind, listed in world.ids.items()} | {"payout": UNKNOWN}
        for at in range(count)
    ]


async def _ask(
    http: httpx.AsyncClient, asked: Asked, key: str | None, theirs: dict[str, str]
) -> httpx.Response:
    path = asked.route.path
    for parameter in asked.route.parameters:
        kind = parameter.removesuffix("_id")
        value = theirs.get(KINDS.get(kind, kind), "get_task" if kind == "tool" else UNKNOWN)
        path = path.replace(f"{{{parameter}}}", _spelt(asked.door, kind, value))
    told = json.dumps([asked.case.body, asked.case.query])
    for kind, value in theirs.items():
        spoken = "worker" if kind == "run" else kind
        told = told.replace(f"<{kind}>", _spelt(asked.door, spoken, value))
    body, query = json.loads(told)
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return await http.request(
        asked.route.method, f"{asked.at}{path}", json=body, params=query or None, headers=headers
    )


def _spelt(door: str, kind: str, value: str) -> str:
    """An id as the door writes it."""
    if door != "agentix" or kind not in ("team", "task", "worker"):
        return value
    return ids.ref_of(kind, value)


def _shows_nothing(said: httpx.Response, world: World, theirs: dict[str, str], note: str) -> None:
    """Neither a word nor an id of what is somebody else's, beyond what was asked with."""
    assert said.status_code < 500 or said.status_code == 503, note
    assert CANARY not in said.text, note
    given = set(theirs.values())
    for kind, listed in world.ids.items():
        for one in listed:
            assert one in given or one not in said.text, f"{note}: tells the {kind}"
    for secret in world.secrets:
        assert secret not in said.text, note


def _told(said: httpx.Response, given: dict[str, str]) -> tuple[int, bytes]:
    text = LEFT_OUT.sub(b"", said.content)
    for one in given.values():
        text = text.replace(one.encode(), b"")
    return said.status_code, text if said.status_code >= 400 else b""


def _like(key: str) -> str:
    """A key that looks right and opens nothing."""
    return key[:-4] + ("AAAA" if not key.endswith("AAAA") else "BBBB")
