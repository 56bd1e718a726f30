"""The native door does what its OpenAPI document says, whatever is asked of it."""

from pathlib import Path
from typing import Any, cast

import pytest
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

from hiringhall.actions import roles
from hiringhall.doors.agentix.words import ref
from hiringhall.doors.kit import openapi
from hiringhall.doors.native.door import DOOR, PATH
from hiringhall.hall import Hall
from hiringhall.queries import runs
from hiringhall.queries import teams as team_queries
from hiringhall.queries.accounts import authenticate
from tests.support.halls import open_account, post
from tests.support.served import served_hall

DOCUMENT = openapi(DOOR, version="test")
EXAMPLES = 15
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    allow_header_conformance,
]


async def prepare(hall: Hall) -> tuple[str, list[str]]:
    """Somebody's key, and the runs that there are: elsewhere, under both names, and here."""
    account = await open_account(hall)
    actor = await authenticate(hall, account.secret)
    default, *_ = await team_queries.list_teams(hall, actor=actor)
    await roles.create_role(
        hall, actor=actor, team_id=default.id, name="far", system_prompt="x", runtime="external"
    )
    for role in ("far", "far", None):
        await post(hall, actor, role=role)
    found = await runs.runs_of_team(hall, actor=actor, team_id=default.id)
    return account.secret, [name for run in found for name in (run.id, ref("worker", run.id))]


def test_no_generated_request_breaks_the_door(database_url: str, tmp_path: Path) -> None:
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    options: dict[str, Any] = {"local_runs": 0, "runtime": "rehearsal"}
    with (
        served_hall(tmp_path, database_url=database_url, **options) as served,
        requests.Session() as session,
    ):
        session.trust_env = False
        key, known = served.do(prepare(served.app.hall))
        statuses: dict[str, set[int]] = {}
        for found in schema.get_all_operations():
            operation = cast("Any", found).ok()
            seen = statuses.setdefault(operation.label, set())
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                strategy = operation.as_strategy(mode)
                check_operation(strategy, f"{served.url}{PATH}", key, known, session, seen)
    assert len(statuses) == len(DOOR.routes)
    for label, seen in statuses.items():
        assert any(status < 300 for status in seen), f"{label} never went well: {seen}"


def check_operation(
    strategy: Any, url: str, key: str, known: list[str], session: requests.Session, seen: set[int]
) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(
        case=strategy, pick=st.integers(0, 7), with_key=st.sampled_from([True, True, True, False])
    )
    def check(case: Any, pick: int, *, with_key: bool) -> None:
        if pick and "run_id" in case.path_parameters:
            case.path_parameters["run_id"] = known[pick % len(known)]
        if with_key:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {key}"}
        response = case.call(base_url=url, session=session)
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    check()


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_refusals_are_problem_details(path: str) -> None:
    for operation in DOCUMENT["paths"][path].values():
        for status, response in operation["responses"].items():
            kind = "application/problem+json" if int(status) >= 400 else "application/json"
            assert list(response["content"]) == [kind]
