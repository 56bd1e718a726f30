"""The Nexwork door itself: who comes in, which door answers, and what every answer carries."""

import asyncio
import re
from dataclasses import replace
from datetime import datetime

import httpx
import pytest

from hiringhall.actions.market import agents
from hiringhall.domain.agents import make_profile
from hiringhall.domain.policy import HALL, Actor
from hiringhall.doors.desk import Desk
from hiringhall.hall import Hall
from tests.doors.conftest import BASE_URL, OpenFront, Visitor
from tests.doors.nexwork.conftest import (
    DELIVERY,
    ME,
    PROPOSAL,
    TASKS,
    Agent,
    enrolled,
    offered,
    refused,
)
from tests.support.halls import Clock, sign_up

pytestmark = pytest.mark.anyio

UNKNOWN = f"{TASKS}/019c936e-3800-7014-91dd-418d04139373"
ROUTES = [
    ("GET", TASKS, None),
    ("GET", UNKNOWN, None),
    ("POST", f"{UNKNOWN}/propose", PROPOSAL),
    ("POST", f"{UNKNOWN}/deliver", DELIVERY),
    ("GET", ME, None),
    ("GET", f"{ME}/tasks", None),
    ("GET", f"{ME}/earnings", None),
]


@pytest.mark.promise("NX-BASE")
@pytest.mark.parametrize("at", ["", "/nexwork"])
async def test_the_door_is_at_the_root_and_below_its_name(
    scout: Agent, hall: Hall, buyer: Actor, at: str
) -> None:
    task = await offered(hall, buyer)
    scout.at = at
    assert [one["id"] for one in (await scout.get(TASKS))["tasks"]] == [task.id]
    assert (await scout.get(f"{ME}/"))["name"] == "scout"
    await scout.propose(task.id)


@pytest.mark.promise("NX-BASE")
async def test_the_keys_beginning_alone_chooses_the_door_of_tasks(
    scout: Agent, ada: Visitor, stranger: Visitor
) -> None:
    assert "meta" in await scout.get(TASKS)
    theirs = await ada.get(TASKS)
    assert "meta" not in theirs.json()
    assert "Authorization" in theirs.headers["vary"]
    stranger.key = "nxw_wrong"
    refused((await stranger.get(TASKS)).json(), "UNAUTHORIZED")
    stranger.key = None
    assert set((await stranger.get(TASKS)).json()) == {"status_code", "detail"}
    refused((await stranger.get(ME)).json(), "UNAUTHORIZED")


@pytest.mark.promise("NX-AUTH")
@pytest.mark.parametrize(
    "header",
    [None, "Bearer", "Bearer nxw_", "Bearer nxw_wrong", "nxw_wrong", "Basic nxw_wrong",
     "Bearer aw_live_wrong", "Bearer nxw_" + "x" * 5_000],
)  # fmt: skip
async def test_nobody_comes_in_without_a_key(http: httpx.AsyncClient, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for method, path, body in ROUTES:
        answer = await http.request(method, f"/nexwork{path}", headers=headers, json=body)
        assert answer.status_code == 401, path
        refused(answer.json(), "UNAUTHORIZED")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.promise("NX-AUTH")
async def test_a_customers_key_is_no_agents(ada: Visitor) -> None:
    ada.at = "/nexwork"
    assert (await ada.get(TASKS)).status_code == 401


@pytest.mark.promise("NX-KEY", "NX-APPROVAL")
async def test_a_key_is_there_at_once_and_opens_nothing_before_approval(
    http: httpx.AsyncClient, hall: Hall
) -> None:
    operator = await sign_up(hall, "operator")
    agent, secret = await agents.register_agent(
        hall, actor=operator, profile=make_profile(name="scout")
    )
    assert re.fullmatch(r"nxw_[A-Za-z0-9_-]{43}", secret)
    scout = Agent(http, secret)
    for method, path, body in ROUTES:
        answer = await scout.ask(method, path, body)
        assert answer.status_code == 403, path
        error = refused(answer.json(), "FORBIDDEN")
        assert error["details"] == {"approvalState": "pending"}
    await agents.approve_agent(hall, actor=HALL, agent_id=agent.id)
    assert (await scout.get(ME))["status"] == "approved"
    await agents.suspend_agent(hall, actor=HALL, agent_id=agent.id)
    for method, path, body in ROUTES:
        answer = await scout.ask(method, path, body)
        assert refused(answer.json(), "FORBIDDEN")["details"] == {"approvalState": "suspended"}
    _, another = await agents.renew_agent_key(hall, actor=operator, agent_id=agent.id)
    refused(await scout.get(ME, 401), "UNAUTHORIZED")
    await agents.approve_agent(hall, actor=HALL, agent_id=agent.id)
    await Agent(http, another).get(ME)


@pytest.mark.promise("NX-HEADERS")
async def test_every_answer_says_that_it_is_private(
    scout: Agent, http: httpx.AsyncClient, hall: Hall
) -> None:
    waiting = await enrolled(http, hall, "waiting", approved=False)
    answers = [
        await scout.ask("GET", TASKS),
        await scout.ask("HEAD", ME),
        await scout.ask("GET", UNKNOWN),
        await scout.ask("POST", f"{UNKNOWN}/propose", {}),
        await scout.ask("DELETE", TASKS),
        await scout.ask("GET", "/api/v1/agents/nowhere"),
        await waiting.ask("GET", ME),
        await http.get(ME),
    ]
    assert [one.status_code for one in answers] == [200, 200, 404, 400, 405, 404, 403, 401]
    for answer in answers:
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["vary"] == "Authorization"
        assert answer.headers["x-request-id"]
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.promise("NX-ERRORS")
async def test_unknown_paths_and_wrong_methods_are_refused_in_the_envelope(scout: Agent) -> None:
    for path in ("/api/v1/agents", "/api/v1/agents/you", "/api/v1/subtasks", f"{UNKNOWN}/x"):
        refused(await scout.get(path, 404), "NOT_FOUND")
    for method, path in (("DELETE", TASKS), ("PATCH", UNKNOWN), ("GET", f"{UNKNOWN}/propose")):
        answer = await scout.ask(method, path)
        assert answer.status_code == 405
        refused(answer.json(), "METHOD_NOT_ALLOWED")
        assert answer.headers["allow"]
    scout.at = "/nexwork"
    refused(await scout.get("/elsewhere", 404), "NOT_FOUND")


@pytest.mark.promise("NX-STATUS-CODES")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400), (b"", 400), (b"[]", 400), (b"null", 400), (b"\xff", 400),
        (b'{"planText": "\\u0000 and nothing else at all"}', 400),
        (b"[" * 100_000, 400), (b'"' + b"x" * (1 << 20) + b'"', 413),
    ],
    ids=lambda given: str(given)[:12],
)  # fmt: skip
async def test_what_is_no_json_object_is_refused(
    scout: Agent, http: httpx.AsyncClient, body: bytes, status: int
) -> None:
    headers = {"Authorization": f"Bearer {scout.key}"}
    for word in ("propose", "deliver"):
        answer = await http.post(f"{UNKNOWN}/{word}", content=body, headers=headers)
        assert answer.status_code == status
        refused(answer.json(), "VALIDATION_ERROR")


@pytest.mark.promise("NX-MONEY-AND-TIME")
async def test_times_are_iso_8601_in_utc(scout: Agent, hall: Hall, buyer: Actor) -> None:
    task = await offered(hall, buyer)
    for text in (
        (await scout.get(f"{TASKS}/{task.id}"))["deadline"],
        (await scout.get(ME))["createdAt"],
    ):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
        assert datetime.fromisoformat(text).tzinfo is not None


@pytest.mark.promise("NX-RATE")
async def test_no_rate_is_held_until_the_hall_has_one(scout: Agent, hall: Hall) -> None:
    assert hall.rules.agent_requests_per_minute is None
    answers = await asyncio.gather(*(scout.ask("GET", ME) for _ in range(150)))
    assert {one.status_code for one in answers} == {200}


@pytest.mark.promise("NX-RATE")
async def test_a_rate_is_held_exactly_for_each_agent(
    desk: Desk, hall: Hall, front_of: OpenFront, clock: Clock
) -> None:
    strict = replace(hall, rules=replace(hall.rules, agent_requests_per_minute=20))
    transport = httpx.ASGITransport(front_of(replace(desk, hall=strict)).app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        scout = await enrolled(http, hall, "scout")
        other = await enrolled(http, hall, "other")
        answers = await asyncio.gather(*(scout.ask("GET", TASKS) for _ in range(32)))
        assert sorted(one.status_code for one in answers) == [200] * 20 + [429] * 12
        last = await scout.ask("GET", ME)
        refused(last.json(), "RATE_LIMITED")
        wait_s = int(last.headers["retry-after"])
        assert 1 <= wait_s <= 60
        assert last.headers["ratelimit-policy"] == '"default";q=20;w=60'
        await other.get(ME)
        clock.advance(wait_s)
        await scout.get(ME)


async def test_the_door_may_have_a_host_of_its_own(
    desk: Desk, hall: Hall, front_of: OpenFront
) -> None:
    front = front_of(desk, door_hosts={"nexwork": "nx.hall.test"})
    transport = httpx.ASGITransport(front.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://nx.hall.test") as http:
        scout = await enrolled(http, hall, "scout")
        assert (await scout.get(TASKS))["tasks"] == []
        assert (await http.get("/docs")).status_code == 200
