"""The door's OpenAPI document: it says what the door does, and the door does what it says."""

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from hiringhall.actions.tasks.answer import decide_deliverable
from hiringhall.blobs import Blobs
from hiringhall.domain.policy import Actor
from hiringhall.doors.agentwork.routes import DOOR
from hiringhall.doors.kit import openapi
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
from tests.doors.conftest import Visitor, Worker
from tests.support.fuzzing import generated, send, session, statuses_of
from tests.support.halls import open_account, post
from tests.support.served import served_hall

DOCUMENT = openapi(DOOR, version="test")
EXAMPLES = 12
NO_THROTTLE: dict[str, Any] = {
    "registrations_per_hour": 1_000_000,
    "sign_ins_per_hour": 1_000_000,
    "sign_ins_per_email": 1_000_000,
}


@dataclass
class Prepared:
    """Somebody's key, and tasks of theirs in every state."""

    key: str
    tasks: list[str]


async def prepare(hall: Hall, blobs: Blobs) -> Prepared:
    account = await open_account(hall)
    actor: Actor = await authenticate(hall, account.secret)
    worker = Worker(hall, blobs)
    tasks: list[str] = []
    for _ in range(3):
        tasks.append((await post(hall, actor)).id)
        await worker.asks({"type": "text", "question": "What is it for?"})
        tasks.append((await post(hall, actor)).id)
        await worker.messages("Shall I?")
        tasks.append((await post(hall, actor)).id)
        await worker.solves("Done", {"a.txt": b"1"})
        tasks.append((await post(hall, actor, require_spec_approval=True)).id)
        await worker.plans("First the hero")
        tasks.append((await post(hall, actor)).id)
        await worker.gives_up("I could not")
        done = await post(hall, actor)
        tasks.append(done.id)
        await worker.solves("Done")
        await decide_deliverable(hall, actor=actor, task_id=done.id, accepted=True)
        tasks.append((await post(hall, actor)).id)
        await worker.begins()
    return Prepared(account.secret, tasks)


def test_no_generated_request_breaks_the_door(database_url: str, tmp_path: Path) -> None:
    """Requests made from the document, right ones and wrong ones, get documented answers."""
    with (
        served_hall(tmp_path, database_url=database_url, local_runs=0, **NO_THROTTLE) as served,
        session() as client,
    ):
        prepared = served.do(prepare(served.app.hall, served.app.blobs))
        check = partial(check_operation, served.url, prepared, client)
        statuses = statuses_of(DOCUMENT, check)
    assert len(statuses) == len(DOOR.routes)
    for label, seen in statuses.items():
        if label.startswith("GET") or label.endswith("cancel"):
            assert 200 in seen, f"{label} was never answered well: {seen}"


def check_operation(
    url: str, prepared: Prepared, client: requests.Session, strategy: Any, seen: set[int]
) -> None:
    @generated(EXAMPLES)
    @given(
        case=strategy,
        task_id=st.sampled_from([*prepared.tasks, None]),
        with_key=st.sampled_from([True, True, True, False]),
    )
    def check(case: Any, task_id: str | None, *, with_key: bool) -> None:
        if task_id is not None and "task_id" in case.path_parameters:
            case.path_parameters["task_id"] = task_id
        send(case, url, client, seen, key=prepared.key if with_key else None)

    check()


@pytest.mark.anyio
async def test_the_document_is_served_below_the_doors_prefix(stranger: Visitor) -> None:
    for path in ("/agentwork/openapi.json", "/agentwork/openapi.json/"):
        answer = await stranger.get(path)
        assert answer.status_code == 200
        document = answer.json()
        assert document["openapi"] == "3.1.0"
        assert document["servers"] == [{"url": "/agentwork"}]
        assert document["paths"] == DOCUMENT["paths"]
        assert not any("openapi" in one or "docs" in one for one in document["paths"])


@pytest.mark.anyio
async def test_the_page_for_people_names_everything_and_runs_nothing(stranger: Visitor) -> None:
    answer = await stranger.get("/agentwork/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'sha"
    )
    page = answer.text
    assert "<script" not in page
    assert not re.findall(r"""(?:src|href)=['"]?(?:https?:)?//""", page)
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            assert f"{method.upper()} {path}" in page
            assert operation["summary"].replace("'", "&#x27;") in page
    for name in DOCUMENT["components"]["schemas"]:
        assert f"schema-{name}" in page


def test_every_route_says_what_it_reads_answers_and_refuses() -> None:
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            assert operation["description"]
            assert {"413", "500"} <= responses.keys()
            assert ("401" in responses) == ("security" in operation or "api-key" in path)
            assert ("404" in responses) == ("{task_id}" in path)
            if method == "post":
                assert "400" in responses
            for status, response in responses.items():
                schema = response["content"]["application/json"]["schema"]["$ref"]
                wanted = {"5": "InternalErrorAnswer", "4": "ErrorAnswer"}.get(status[0])
                assert wanted is None or schema.endswith(f"/{wanted}")


def test_an_idempotency_key_is_documented_where_it_is_taken() -> None:
    taking = {
        path
        for path, operations in DOCUMENT["paths"].items()
        for one in operations.get("post", {}).get("parameters", [])
        if one["name"] == "Idempotency-Key"
    }
    posts = {path for path, operations in DOCUMENT["paths"].items() if "post" in operations}
    assert posts - taking == {"/api/v1/auth/register"}
