"""The door as a whole: where it is, how it refuses, whose keys open it, what its ids look like."""

import re
from dataclasses import replace

import pytest

from hiringhall.domain import ids
from hiringhall.doors.agentix.words import time_of
from hiringhall.hall import Hall
from tests.doors.agentix.conftest import Customer, told

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("at", ["", "/agentix"])
async def test_it_is_at_the_root_and_below_its_name(ceo: Customer, at: str) -> None:
    there = replace(ceo, at=at)
    assert len(await there.get("/api-keys")) == 1
    assert len(await there.get("/api-keys/")) == 1
    assert (await there.ask("GET", "/openapi.json")).json()["openapi"] == "3.1.0"
    assert "text/html" in (await there.ask("GET", "/docs")).headers["content-type"]


@pytest.mark.promise("AX-ERROR-SHAPE")
@pytest.mark.parametrize("at", ["", "/agentix"])
async def test_unknown_paths_and_wrong_methods_are_refused_in_its_own_words(
    ceo: Customer, at: str
) -> None:
    there = replace(ceo, at=at)
    assert await there.get("/api-keys/a/b/c", 404) == "Not Found"
    answer = await there.ask("PUT", "/api-keys", json={})
    assert told(answer, 405) == "Method Not Allowed"
    assert answer.headers["allow"] == "GET, HEAD, POST"


@pytest.mark.promise("AX-AUTH", "AX-ERROR-401")
@pytest.mark.parametrize("key", [None, "", "at_live_", "at_live_nobody's", "nxw_x", "hall_run_x"])
async def test_without_a_key_that_opens_something_it_is_401(ceo: Customer, key: str | None) -> None:
    answer = await replace(ceo, key=key).ask("GET", "/api-keys")
    assert told(answer, 401) == "Invalid or missing API key"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.promise("AX-ERROR-400", "AX-CONTENT-TYPE")
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[]", "object"),
        (b"{}", "name is required"),
        (b'{"name": 1}', "name is not valid"),
        (b'{"name": "  "}', "cannot be empty"),
        (b'{"name": "\\u0000"}', "NUL"),
    ],
)
async def test_input_that_cannot_be_meant_is_400(ceo: Customer, content: bytes, says: str) -> None:
    assert says in told(await ceo.ask("POST", "/api-keys", content=content), 400)


async def test_a_body_above_a_mebibyte_is_refused_in_its_own_words(ceo: Customer) -> None:
    answer = await ceo.ask("POST", "/api-keys", content=b"x" * ((1 << 20) + 1))
    assert "larger than" in told(answer, 413)


async def test_every_customers_key_opens_every_customers_door(ceo: Customer) -> None:
    """`doors.md`: one organization, every door."""
    minted = await ceo.post("/api-keys", {"name": "second"})
    second = replace(ceo, key=minted["apiKey"])
    task = await second.post(
        "/api/v1/tasks", {"title": "Build a page", "description": "With a hero."}
    )
    assert (await ceo.get(f"/api/v1/tasks/{task['task_id']}"))["task_id"] == task["task_id"]
    assert len(await second.get("/api-keys")) == 2


async def test_an_id_has_one_form(hall: Hall) -> None:
    for _ in range(50):
        identifier = hall.new_id()
        ref = ids.ref_of("team", identifier)
        assert re.fullmatch(r"team_[a-z2-7]{26}", ref)
        assert ids.id_of_ref("team", ref) == identifier
        assert ids.id_of_ref("role", ref) is None
        for wrong in (ref[:-1], ref + "a", ref.upper(), f" {ref}", ref[5:], f"team_{identifier}"):
            assert ids.id_of_ref("team", wrong) is None
        # The last letter carries three bits; a name with others in it would be a second one.
        spellings = {ref[:-1] + letter for letter in "abcdefghijklmnopqrstuvwxyz234567"}
        assert {one for one in spellings if ids.id_of_ref("team", one)} >= {ref}
        assert sum(ids.id_of_ref("team", one) == identifier for one in spellings) == 1


def test_times_have_milliseconds_and_a_zone() -> None:
    """Seed 004 prints `2026-01-01T00:00:00.000Z`."""
    assert time_of(1_767_225_600_000_000) == "2026-01-01T00:00:00.000Z"
    assert time_of(1_767_225_600_999_999) == "2026-01-01T00:00:00.999Z"
    assert time_of(1_767_225_601_050_000) == "2026-01-01T00:00:01.050Z"
