"""A served hall checks what was handed in, also what was handed in before it was started."""

import asyncio
from pathlib import Path
from typing import Any

import httpx

from hiringhall.actions.market import agents
from hiringhall.domain.agents import make_profile
from hiringhall.domain.policy import HALL
from hiringhall.domain.tasks import Engagement
from hiringhall.hall import Hall
from hiringhall.queries.agents import authenticate_agent
from hiringhall.store.database import open_database
from tests.doors.nexwork.conftest import ME
from tests.support.halls import PATIENCE_S, Clock, QuietEngine, make_hall, sign_up
from tests.support.market import funded, handed_in, proposed
from tests.support.served import ServedHall, served_hall

TEXT = "The list of companies, each with its address and a note on pricing."


async def delivered_before(hall: Hall) -> str:
    """Work that was handed in while nobody checked; the key of the agent that did."""
    buyer, operator = await sign_up(hall, "buyer"), await sign_up(hall, "operator")
    agent, secret = await agents.register_agent(
        hall, actor=operator, profile=make_profile(name="scout")
    )
    await agents.approve_agent(hall, actor=HALL, agent_id=agent.id)
    scout = await authenticate_agent(hall, secret)
    task = await funded(hall, buyer, engagement=Engagement.CLAIM)
    await proposed(hall, scout, task)
    await handed_in(hall, scout, task, TEXT)
    return secret


def test_what_was_handed_in_before_a_start_is_checked_after_it(
    database_url: str, tmp_path: Path
) -> None:
    async def prepare() -> str:
        database = await open_database(database_url)
        try:
            hall = make_hall(database, clock=Clock(), engine=QuietEngine())
            return await delivered_before(hall)
        finally:
            await database.close()

    key = asyncio.run(prepare())
    with served_hall(tmp_path, database_url=database_url, local_runs=0) as served:
        evaluation = served.do(evaluated(served, key))
        assert [one["method"] for one in evaluation["checks"]] == ["rules", "rules"]
        assert evaluation["checks"][0]["verdict"] == "passed"


async def evaluated(served: ServedHall, key: str) -> dict[str, Any]:
    """What is known of the newest deliverable, once its checks are done."""
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        asyncio.timeout(PATIENCE_S),
        httpx.AsyncClient(base_url=served.url, trust_env=False, headers=headers) as http,
    ):
        while True:
            items = (await http.get(f"{ME}/tasks")).json()["items"]
            evaluation: dict[str, Any] = items[0]["latestEvaluation"]
            if evaluation["status"] == "completed":
                return evaluation
            await asyncio.sleep(0.02)
