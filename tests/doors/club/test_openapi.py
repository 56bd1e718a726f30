"""The Club door's OpenAPI document: it says what the door does, and the door does that."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import requests
from hypothesis import given
from hypothesis import strategies as st

from hiringhall.actions import accounts, keys
from hiringhall.doors.club.door import DOOR
from hiringhall.doors.kit import openapi
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
from tests.support.fuzzing import generated, send, session, statuses_of
from tests.support.halls import sign_up
from tests.support.market import claimed, funded, handed_in
from tests.support.served import served_hall

DOCUMENT = openapi(DOOR, version="test")
EXAMPLES = 16
CREATE = {
    "title": "Label texts",
    "description": "A hundred of them.",
    "instructions": "One word for each.",
    "payout_cents": 1,
}


@dataclass
class Prepared:
    """Keys of one organization, each within its rates, and none; its tasks, some handed in."""

    keys: list[str | None]
    tasks: list[str]
    handed_in: list[str]


async def prepare(hall: Hall) -> Prepared:
    issued = await accounts.create_user(hall, email="client@example.org", name="Client")
    assert issued is not None
    client, maker = await authenticate(hall, issued.secret), await sign_up(hall, "maker")
    secrets = [(await keys.mint_key(hall, actor=client, name=f"{n}"))[1] for n in range(5)]
    tasks = [(await funded(hall, client)).id for _ in range(3)]
    handed: list[str] = []
    for _ in range(2 * EXAMPLES):
        task = await claimed(hall, client, maker, price_cents=10)
        await handed_in(hall, maker, task)
        handed.append(task.id)
    return Prepared([*secrets, None], [*tasks, handed[0]], handed)


def test_no_generated_request_breaks_the_door(database_url: str, tmp_path: Path) -> None:
    """Requests made from the document, right ones and wrong ones, get documented answers."""
    with (
        served_hall(tmp_path, database_url=database_url, local_runs=0) as served,
        session() as client,
    ):
        prepared = served.do(prepare(served.app.hall))
        check = partial(check_operation, f"{served.url}/club", prepared, client)
        statuses = statuses_of(DOCUMENT, check)
    assert len(statuses) == len(DOOR.routes)
    for label, seen in statuses.items():
        assert {200, 201} & seen, f"{label} was never answered well: {seen}"
        assert 429 not in seen, f"{label} was asked too often to say anything of it"


def check_operation(
    url: str, prepared: Prepared, client: requests.Session, strategy: Any, seen: set[int]
) -> None:
    @generated(EXAMPLES)
    @given(case=strategy, pick=st.integers(0, 7), key=st.sampled_from(prepared.keys))
    def check(case: Any, pick: int, key: str | None) -> None:
        known = prepared.handed_in if case.path.endswith("/feedback") else prepared.tasks
        if pick and "task_id" in (case.path_parameters or {}):
            case.path_parameters["task_id"] = known[pick % len(known)]
        if pick % 2 and case.method == "POST" and isinstance(case.body, dict):
            case.body = {"rating": pick % 5 + 1} if "task_id" in case.path_parameters else CREATE
        if pick % 2 and case.query:
            case.query = {name: said for name, said in case.query.items() if name == "limit"}
        send(case, url, client, seen, key=key)

    check()


def test_every_route_says_what_it_reads_answers_and_refuses() -> None:
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            assert operation["security"] == [{"bearer": []}]
            assert {"401", "429", "500"} <= responses.keys()
            assert ("404" in responses) == ("{" in path)
            assert ("402" in responses) == (method == "post" and "{" not in path)
            for status, response in responses.items():
                schema = response["content"]["application/json"]["schema"]["$ref"]
                assert status[0] == "2" or schema.endswith("/ErrorAnswer")
