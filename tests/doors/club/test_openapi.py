"""The Club door's OpenAPI document: it says what the door does, and the door does that."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hiringhall.actions import accounts, keys
from hiringhall.doors.club.door import DOOR
from hiringhall.doors.kit import openapi
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
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
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    allow_header_conformance,
]


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
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    with (
        served_hall(tmp_path, database_url=database_url, local_runs=0) as served,
        requests.Session() as session,
    ):
        session.trust_env = False
        prepared = served.do(prepare(served.app.hall))
        statuses: dict[str, set[int]] = {}
        for found in schema.get_all_operations():
            operation = cast("Any", found).ok()
            seen = statuses.setdefault(operation.label, set())
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                check_operation(
                    operation.as_strategy(mode), f"{served.url}/club", prepared, session, seen
                )
    assert len(statuses) == len(DOOR.routes)
    for label, seen in statuses.items():
        assert {200, 201} & seen, f"{label} was never answered well: {seen}"
        assert 429 not in seen, f"{label} was asked too often to say anything of it"


def check_operation(
    strategy: Any, url: str, prepared: Prepared, session: requests.Session, seen: set[int]
) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=SLOW,
    )
    @given(case=strategy, pick=st.integers(0, 7), key=st.sampled_from(prepared.keys))
    def check(case: Any, pick: int, key: str | None) -> None:
        known = prepared.handed_in if case.path.endswith("/feedback") else prepared.tasks
        if pick and "task_id" in (case.path_parameters or {}):
            case.path_parameters["task_id"] = known[pick % len(known)]
        if pick % 2 and case.method == "POST" and isinstance(case.body, dict):
            case.body = {"rating": pick % 5 + 1} if "task_id" in case.path_parameters else CREATE
        if pick % 2 and case.query:
            case.query = {name: said for name, said in case.query.items() if name == "limit"}
        if key is not None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {key}"}
        response = case.call(base_url=url, session=session)
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

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
