"""Rates that are held exactly although two servers take the requests."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from hiringhall.actions.market import agents
from hiringhall.domain.agents import make_profile
from hiringhall.domain.policy import HALL
from tests.nodes.conftest import Halls
from tests.nodes.processes import Machines
from tests.support.halls import open_account

pytestmark = pytest.mark.anyio

NEXWORK, CLUB = "/nexwork/api/v1/agents/me", "/club/api/agent/v1/tasks"
REGISTER = "/agentix/register"
LABEL = {"title": "x", "description": "y", "instructions": "z", "payout_cents": 100}
ASKING = {"name": "scout", "email": "scout@example.com"}


async def agents_key(halls: Halls) -> str:
    profile = make_profile(name="scout")
    agent, secret = await agents.register_agent(halls.hall, actor=halls.ada, profile=profile)
    await agents.approve_agent(halls.hall, actor=HALL, agent_id=agent.id)
    return secret


async def customers_key(halls: Halls) -> str:
    return (await open_account(halls.hall, "bob")).secret


@pytest.mark.parametrize(
    ("path", "key_of", "most"), [(NEXWORK, agents_key, 30), (CLUB, customers_key, 100)]
)
async def test_two_servers_hold_one_rate(
    halls: Halls,
    machines: Machines,
    path: str,
    key_of: Callable[[Halls], Awaitable[str]],
    most: int,
) -> None:
    key = await key_of(halls)
    rate = {"AGENT_REQUESTS_PER_MINUTE": "30", "LOCAL_RUNS": "0"}
    servers = [await machines.serve(name, **rate) for name in ("one", "two")]
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(trust_env=False, timeout=60, headers=headers) as http:
        addresses = [str(one.said["url"]) for one in servers]
        answers = await asyncio.gather(
            *(http.get(f"{addresses[number % 2]}{path}") for number in range(most + 40))
        )
    statuses = [one.status_code for one in answers]
    assert sorted(statuses) == [200] * most + [429] * 40
    for turn in (0, 1):
        assert 200 in statuses[turn::2], "one of them answered nothing"


@pytest.mark.parametrize(
    ("path", "body", "most", "done"), [(CLUB, LABEL, 50, 201), (REGISTER, ASKING, 5, 202)]
)
async def test_two_servers_hold_what_is_done_in_an_hour(
    halls: Halls, machines: Machines, path: str, body: dict[str, object], most: int, done: int
) -> None:
    key = await customers_key(halls)
    servers = [await machines.serve(name, LOCAL_RUNS="0") for name in ("one", "two")]
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(trust_env=False, timeout=60, headers=headers) as http:
        addresses = [str(one.said["url"]) for one in servers]
        answers = await asyncio.gather(
            *(http.post(f"{addresses[number % 2]}{path}", json=body) for number in range(most + 20))
        )
    assert sorted(one.status_code for one in answers) == [done] * most + [429] * 20
