"""Whose things are whose: every route of every door, with every wrong key and somebody's ids.

A route without a case fails the suite (`cases.py`).
"""

import httpx
import pytest

from hiringhall.hall import Hall
from tests.doors.conftest import Worker
from tests.doors.native.conftest import Caller
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
from tests.doors.sweep.cases import BIDS, CASES
from tests.doors.sweep.world import CANARY, Keys, World, intruder_keys, make_world

pytestmark = pytest.mark.anyio


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
            for theirs in ids_of(asked, world):
                said = await ask(http, asked, by(key), theirs)
                note = f"{asked} by {who}: {said.status_code} {said.text[:300]}"
                shows_nothing(said, world, theirs, note)
                if who in wrong and asked.case.needs_key:
                    assert said.status_code == 401, note
                if asked.route.parameters:
                    assert not asked.case.needs_key or said.status_code in REFUSED, note
                unknown = await ask(http, asked, by(key), dict.fromkeys(theirs, UNKNOWN))
                if said.status_code == 409 and asked.route.path.endswith(BIDS):
                    # All could see it while it was on offer, and hear that it is taken now.
                    assert theirs["task"] in world.ids["offered"], note
                elif name != "agentix":
                    # Whether it exists is nobody's business. Seed 004 alone says 403.
                    assert told_of(said, theirs) == told_of(unknown, {"": UNKNOWN}), note
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


def by(key: str | None) -> dict[str, str]:
    """The headers of a call with a key, or without one."""
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def _like(key: str) -> str:
    """A key that looks right and opens nothing."""
    return key[:-4] + ("AAAA" if not key.endswith("AAAA") else "BBBB")
