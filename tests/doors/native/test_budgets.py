"""Budgets at the native door: what owners hold their organization's and their teams' models to."""

from typing import Any

import pytest

from hiringhall.actions.budgets import set_cap
from hiringhall.actions.keys import mint_key
from hiringhall.domain.compute import CapScope
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from tests.doors.native.conftest import Caller, told
from tests.support.halls import member_of

pytestmark = pytest.mark.anyio


async def put(caller: Caller, path: str, cap: Any, status: int = 200) -> Any:
    return told(await caller.ask("PUT", path, json={"cap_micros": cap}), status)


@pytest.mark.promise("NA-CAPS")
async def test_owners_hold_their_models_to_less_than_the_hall_does(
    poster: Caller, owner: Actor, hall: Hall
) -> None:
    await set_cap(hall, email="ada@example.com", scope=CapScope.ORGANIZATION, cap_micros=9_000_000)
    assert await poster.get("/budget") == {
        "currency": "usd",
        "cap_micros": 9_000_000,
        "hall_cap_micros": 9_000_000,
        "owners_cap_micros": None,
        "spent_micros": 0,
        "reserved_micros": 0,
        "calls": 0,
    }
    said = await put(poster, "/budget", 4_000_000)
    assert (said["cap_micros"], said["hall_cap_micros"]) == (4_000_000, 9_000_000)
    assert await put(poster, "/budget", 4_000_000) == said == await poster.get("/budget")
    refused = await put(poster, "/budget", 9_000_001, 400)
    assert refused["fields"] == {"cap_micros": "above the hall's"}
    for wrong in (-1, 10**15 + 1, "much", 0.5, True):
        await put(poster, "/budget", wrong, 400)
    told(await poster.ask("PUT", "/budget", json={}), 400)
    team = (await poster.get("/teams"))["items"][0]["id"]
    said = await put(poster, f"/teams/{team}/budget", 0)
    assert (said["cap_micros"], said["hall_cap_micros"]) == (0, None)
    assert (await put(poster, f"/teams/{team}/budget", None))["cap_micros"] is None
    changes = await poster.get("/budget/changes")
    assert [
        (one["team_id"], one["set_for"], one["was_micros"], one["cap_micros"], one["user_id"])
        for one in changes["items"]
    ] == [
        (team, "owners", 0, None, owner.user_id),
        (team, "owners", None, 0, owner.user_id),
        (None, "owners", None, 4_000_000, owner.user_id),
        (None, "hall", None, 9_000_000, None),
    ]
    part = await poster.get("/budget/changes?limit=3")
    rest = await poster.get(f"/budget/changes?limit=3&cursor={part['next_cursor']}")
    assert [*part["items"], *rest["items"]] == changes["items"]


@pytest.mark.promise("NA-CAPS-OWNERS")
async def test_a_member_who_is_no_owner_sees_budgets_and_sets_none(
    poster: Caller, maker: Caller, owner: Actor, hall: Hall
) -> None:
    _, secret = await mint_key(hall, actor=await member_of(hall, owner), name="mate")
    mate = Caller(poster.http, secret)
    team = (await mate.get("/teams"))["items"][0]["id"]
    for path in ("/budget", f"/teams/{team}/budget"):
        refused = await put(mate, path, 1, 403)
        assert "Only an owner" in refused["detail"]
        assert (await mate.get(path))["owners_cap_micros"] is None
    await put(maker, f"/teams/{team}/budget", 1, 404)
    await maker.get(f"/teams/{team}/budget", 404)
    assert (await maker.get("/budget/changes"))["items"] == []
