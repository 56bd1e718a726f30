"""The Nexwork door's OpenAPI document: it says what the door does, and the door does that."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from hiringhall.actions.market import agents, reviewing
from hiringhall.domain.agents import make_profile
from hiringhall.domain.force import Reviewer
from hiringhall.domain.policy import HALL
from hiringhall.domain.tasks import Engagement
from hiringhall.doors.kit import openapi
from hiringhall.doors.nexwork.door import DOOR
from hiringhall.hall import Hall
from hiringhall.queries.agents import authenticate_agent
from tests.support.force import confirmed, subtask
from tests.support.fuzzing import generated, send, session, statuses_of
from tests.support.halls import sign_up
from tests.support.market import funded, handed_in, proposed
from tests.support.served import served_hall

DOCUMENT = openapi(DOOR, version="test")
EXAMPLES = 12


@dataclass
class Prepared:
    """Keys that are good, of an agent that waits, and none; what it may have or has."""

    keys: list[str | None]
    tasks: list[str]
    subtasks: list[str]

    def ids_for(self, case: Any) -> tuple[str, list[str]]:
        """The parameter of a path, and ids that it may take."""
        if "subtask_id" in case.path_parameters:
            return "subtask_id", self.subtasks
        return "task_id", self.tasks


async def prepare(hall: Hall) -> Prepared:
    buyer, operator = await sign_up(hall, "buyer"), await sign_up(hall, "operator")
    agent, secret = await agents.register_agent(
        hall, actor=operator, profile=make_profile(name="scout", task_force=True)
    )
    await agents.approve_agent(hall, actor=HALL, agent_id=agent.id)
    _, waiting = await agents.register_agent(
        hall, actor=operator, profile=make_profile(name="waiting")
    )
    scout = await authenticate_agent(hall, secret)
    tasks: list[str] = []
    for _ in range(3):
        free = await funded(hall, buyer, engagement=Engagement.PROPOSALS, max_proposals=100)
        mine = await funded(hall, buyer)
        await proposed(hall, scout, mine)
        handed = await funded(hall, buyer)
        await proposed(hall, scout, handed)
        await handed_in(hall, scout, handed)
        tasks += [free.id, mine.id, handed.id]
    await reviewing.accept(hall, actor=buyer, task_id=tasks[-1], rating=5)
    whole = await confirmed(hall, buyer, reviewer=Reviewer.BUYER)
    parts = [(await subtask(hall, whole, key)).id for key in ("find", "write")]
    return Prepared([secret, secret, secret, waiting, None], tasks, parts)


def test_no_generated_request_breaks_the_door(database_url: str, tmp_path: Path) -> None:
    """Requests made from the document, right ones and wrong ones, get documented answers."""
    with (
        served_hall(tmp_path, database_url=database_url, local_runs=0) as served,
        session() as client,
    ):
        prepared = served.do(prepare(served.app.hall))
        check = partial(check_operation, f"{served.url}/nexwork", prepared, client)
        statuses = statuses_of(DOCUMENT, check)
    assert len(statuses) == len(DOOR.routes)
    for label, seen in statuses.items():
        if label.startswith("GET"):
            assert 200 in seen, f"{label} was never answered well: {seen}"


def check_operation(
    url: str, prepared: Prepared, client: requests.Session, strategy: Any, seen: set[int]
) -> None:
    @generated(EXAMPLES)
    @given(
        case=strategy,
        pick=st.sampled_from([0, 0, 1, 2, None]),
        key=st.sampled_from(prepared.keys),
    )
    def check(case: Any, pick: int | None, key: str | None) -> None:
        name, known = prepared.ids_for(case)
        if pick is not None and name in case.path_parameters:
            case.path_parameters[name] = known[pick % len(known)]
        send(case, url, client, seen, key=key)

    check()


def test_every_route_says_what_it_reads_answers_and_refuses() -> None:
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            assert operation["security"] == [{"bearer": []}]
            assert {"401", "403", "413", "429", "500"} <= responses.keys()
            assert ("404" in responses) == ("{" in path)
            assert ("400" in responses) == (method == "post" or "limit" in str(operation))
            for status, response in responses.items():
                schema = response["content"]["application/json"]["schema"]["$ref"]
                assert status[0] == "2" or schema.endswith("/ErrorAnswer")


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_idempotency_key_is_taken_by_every_post(method: str) -> None:
    for operations in DOCUMENT["paths"].values():
        for one in [operations[method]] if method in operations else []:
            named = [parameter["name"] for parameter in one.get("parameters", [])]
            assert ("Idempotency-Key" in named) == (method == "post")
