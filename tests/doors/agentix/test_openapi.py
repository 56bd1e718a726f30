"""The door's OpenAPI document: it says what the door does, and the door does what it says."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from hiringhall.actions import registrations, roles, teams
from hiringhall.actions.runs import external
from hiringhall.actions.tasks.change import drop_task
from hiringhall.actions.tasks.running import run_task
from hiringhall.domain.policy import Actor
from hiringhall.doors.agentix.door import DOOR
from hiringhall.doors.agentix.words import ref
from hiringhall.doors.kit import openapi
from hiringhall.hall import Hall
from hiringhall.queries import runs
from hiringhall.queries import teams as team_queries
from hiringhall.queries.accounts import authenticate
from tests.doors.agentix.conftest import Customer
from tests.support.fuzzing import generated, send, session, statuses_of
from tests.support.halls import begin, open_account, post
from tests.support.served import served_hall
from tests.support.teams import put_up

DOCUMENT = openapi(DOOR, version="test")
EXAMPLES = 10
BEYOND = {"runtime", "model", "models", "permissions", "memoryMib", "processes", "diskMib"}
PROPER: dict[str, dict[str, Any]] = {
    "/roles": {"name": "x", "systemPrompt": "x", "timeout": 60},
    "/tasks": {"title": "x"},
    "/tasks/{task_id}/subtasks": {"title": "x"},
}
NAMES_OTHERS = {"dependencies", "parentTaskId", "cursor"}
PLAIN = {"teamId", "actor", "data"}
NO_THROTTLE: dict[str, Any] = {
    "registrations_per_hour": 1_000_000,
    "registrations_per_email": 1_000_000,
}


@dataclass
class Prepared:
    """Somebody's key, and what there is to ask for, by the name of the path's parameter.

    `tasks` are those that can be given a word, by the word that ends the path.
    """

    key: str
    known: dict[str, list[str]]
    service_key: str
    report: dict[str, str]
    tasks: dict[str, list[str]]

    def known_for(self, path: str) -> dict[str, list[str]]:
        """What there is to ask for at a path."""
        tasks = self.tasks.get(path.rpartition("/")[2])
        return self.known if tasks is None else {**self.known, "task_id": tasks}


async def prepare(hall: Hall) -> Prepared:
    account, rival = await open_account(hall), await open_account(hall, "bob")
    actor = await authenticate(hall, account.secret)
    known: dict[str, list[str]] = {"token": [], "team_id": [], "role_id": [], "task_id": []}
    for owner in (actor, actor, await authenticate(hall, rival.secret)):
        team = await teams.create_team(hall, actor=owner, name="x")
        kinds = await team_queries.roles_of(hall, actor=owner, team_id=team.id)
        known["team_id"].append(ref("team", team.id))
        known["role_id"] += [ref("role", role.id) for role in kinds]
        for _ in range(3):
            known["task_id"].append(ref("task", (await put_up(hall, owner, team)).id))
    words: dict[str, list[str]] = {"run": [], "resume": []}
    for word, tasks in words.items():
        team = await teams.create_team(hall, actor=actor, name=word)
        for _ in range(8):
            task = await put_up(hall, actor, team)
            if word == "resume":
                await run_task(hall, actor=actor, task_id=task.id)
                await drop_task(hall, actor=actor, task_id=task.id)
            tasks.append(ref("task", task.id))
    for number in range(9):
        token = await registrations.begin(hall, name="x", email="x@example.com", source_address="x")
        if number % 3 == 0:
            await registrations.confirm(hall, token=token)
        known["token"].append(token)
    known["name"] = ["supervised", "autopilot"]
    await post(hall, actor)
    known["worker_id"] = [ref("worker", (await begin(hall)).id)]
    key, report = await lease_outside(hall, actor)
    return Prepared(account.secret, known, key, report, words)


async def lease_outside(hall: Hall, actor: Actor) -> tuple[str, dict[str, str]]:
    """The key of a worker elsewhere, and the ids that its report names."""
    default, *_ = await team_queries.list_teams(hall, actor=actor)
    await roles.create_role(
        hall, actor=actor, team_id=default.id, name="far", system_prompt="x", runtime="external"
    )
    task = await post(hall, actor, role="far")
    (run,) = (await runs.runs_of_tasks(hall, task_ids=[task.id]))[task.id]
    lease = await external.lease_run(hall, actor=actor, run_id=run.id)
    assert lease.service_key is not None
    report = {"worker_id": ref("worker", run.id), "task_id": ref("task", task.id)}
    return lease.service_key, report


def test_no_generated_request_breaks_the_door(database_url: str, tmp_path: Path) -> None:
    """Requests made from the document, right ones and wrong ones, get documented answers."""
    options: dict[str, Any] = {
        "github_api_url": "http://127.0.0.1:9",
        "local_runs": 0,
        **NO_THROTTLE,
    }
    with (
        served_hall(tmp_path, database_url=database_url, **options) as served,
        session() as client,
    ):
        prepared = served.do(prepare(served.app.hall))
        reading = {
            f"{one.method} {one.path}" for one in DOOR.routes if one.who or one.body or one.query
        }
        check = partial(check_operation, served.url, prepared, client)
        statuses = statuses_of(DOCUMENT, check, reading=reading)
    assert len(statuses) == len(DOOR.routes)
    for label, seen in statuses.items():
        if "{key_id}" not in label and "activity" not in label:
            assert any(status < 300 for status in seen), f"{label} never went well: {seen}"


def aim(case: Any, pick: int, prepared: Prepared) -> str:
    """Have a drawn request speak of what is there, mostly; the key that it is made with."""
    for name, known in prepared.known_for(case.path).items():
        if pick and name in case.path_parameters:
            case.path_parameters[name] = known[pick % len(known)]
    if pick and "teamId" in (case.query or {}):
        case.query["teamId"] = prepared.known["team_id"][pick % 3]
    if pick % 2 and case.query:
        case.query = {name: said for name, said in case.query.items() if name not in NAMES_OTHERS}
    hook = case.path.startswith("/webhooks")
    if pick and isinstance(case.body, dict):
        case.body = aimed(case.body, case.path, pick, prepared) | (prepared.report if hook else {})
    return prepared.service_key if hook else prepared.key


def aimed(body: dict[str, Any], path: str, pick: int, prepared: Prepared) -> dict[str, Any]:
    if "teamId" in body:
        body["teamId"] = prepared.known["team_id"][pick % 3]
    if pick % 2:
        # A runtime that is drawn is one that this hall has not, a task one that is not there.
        body = {name: said for name, said in body.items() if name not in BEYOND | NAMES_OTHERS}
        body |= PROPER.get(path, {})
    if pick % 2 and path == "/events":
        body = {name: said for name, said in body.items() if name in PLAIN}
        body["type"] = "progress"
    return body


def check_operation(
    url: str, prepared: Prepared, client: requests.Session, strategy: Any, seen: set[int]
) -> None:
    @generated(EXAMPLES)
    @given(
        case=strategy,
        pick=st.sampled_from([1, 1, 3, 3, 7, 7, 0, 2, 4, 5]),
        with_key=st.sampled_from([True, True, True, False]),
    )
    def check(case: Any, pick: int, *, with_key: bool) -> None:
        key = aim(case, pick, prepared)
        # GitHub is not there in this test, and 502 is what the door says then.
        send(case, url, client, seen, key=key if with_key else None, may_fail=(502,))

    check()


@pytest.mark.anyio
async def test_the_document_is_served_where_clients_look(ceo: Customer) -> None:
    for path, server in (("/openapi.json", "/agentix"), ("/agentix/openapi.json", "/agentix")):
        document = await ceo.get(path)
        assert document["servers"] == [{"url": server}]
        assert document["paths"] == DOCUMENT["paths"]


def test_every_route_says_what_it_reads_answers_and_refuses() -> None:
    public = {"/register", "/register/{token}", "/register/{token}/confirm", "/skills/ceo"}
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            assert operation["description"]
            assert {"413", "500"} <= responses.keys()
            needs_key = path not in public and not path.startswith("/playbook-templates")
            assert ("security" in operation) == needs_key, path
            if needs_key:
                assert "401" in responses
            if "{" in path:
                assert "404" in responses, path
            if {"{team_id}", "{role_id}", "{key_id}", "{task_id}"} & set(path.split("/")):
                assert "403" in responses, path
            if operation.get("requestBody"):
                assert "400" in responses, (method, path)


def test_an_idempotency_key_is_documented_where_it_is_taken() -> None:
    taking = {
        path
        for path, operations in DOCUMENT["paths"].items()
        for one in operations.get("post", {}).get("parameters", [])
        if one["name"] == "Idempotency-Key"
    }
    assert {"/api-keys", "/teams", "/roles", "/tasks", "/tasks/{task_id}/run"} <= taking
    assert taking & {"/register", "/register/{token}/confirm"} == set()
