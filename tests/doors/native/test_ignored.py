"""Fields that nobody reads: named in the answer, and refused for whoever wants that."""

import json

import pytest

from tests.doors.native.conftest import Caller

pytestmark = pytest.mark.anyio

STRICT = {"Prefer": 'respond-async, handling="strict"'}
TASK = {
    "title": "A page",
    "description": "With a hero.",
    "engagement": "proposals",
    "price_cents": 500,
}


@pytest.mark.promise("NA-IGNORED")
async def test_a_mistyped_field_is_named(poster: Caller) -> None:
    body = {**TASK, "price_cent": 5, "tags": ["a"], "inputs": [{"text": "x", "link": "y"}], "é": 1}
    made = await poster.ask("POST", "/tasks", json=body)
    assert made.status_code == 201, made.text
    assert made.headers["ignored-fields"] == "price_cent, inputs[0].link, %C3%A9"
    known = await poster.ask("POST", "/tasks", json={**TASK, "role": None})
    assert "ignored-fields" not in known.headers
    many = {**TASK, **{f"n{n}": n for n in range(100)}}
    named = (await poster.ask("POST", "/tasks", json=many)).headers["ignored-fields"]
    assert named.split(", ") == [f"n{n}" for n in range(20)]


@pytest.mark.promise("NA-STRICT")
async def test_whoever_asks_for_it_has_it_refused(poster: Caller) -> None:
    before = len((await poster.get("/tasks"))["items"])
    typed = {**TASK, "inputs": [{"text": "x", "link": "y"}], "price_cent": 5}
    refused = await poster.ask("POST", "/tasks", json=typed, headers=STRICT)
    assert refused.status_code == 400
    assert refused.json()["fields"] == {
        "inputs[0].link": "is not known", "price_cent": "is not known",
    }  # fmt: skip
    assert len((await poster.get("/tasks"))["items"]) == before
    good = await poster.ask("POST", "/tasks", json=TASK, headers=STRICT)
    assert (good.status_code, good.headers["preference-applied"]) == (201, "handling=strict")
    lenient = await poster.ask(
        "POST", "/tasks", json=typed, headers={"Prefer": "handling=lenient, x=handling=strict1"}
    )
    assert lenient.status_code == 201


@pytest.mark.parametrize("deep", ["[" * 5_000 + "]" * 5_000, '{"a":' * 5_000 + "1" + "}" * 5_000])
async def test_what_is_passed_over_is_never_a_fault(poster: Caller, deep: str) -> None:
    body = f'{json.dumps(TASK)[:-1]}, "more": {deep}}}'
    answered = await poster.ask("POST", "/tasks", content=body.encode())
    assert answered.status_code == 400
