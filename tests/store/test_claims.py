"""Claims beside other changes to the same task, where two transactions can be under way at once."""

import asyncio

import asyncpg
import pytest

from hiringhall.actions.runs import outcomes, working
from hiringhall.domain.runs import Run
from hiringhall.hall import Rules
from hiringhall.store import queue
from hiringhall.store.database import open_database
from tests.support.halls import Clock, QuietEngine, make_hall, post, sign_up

pytestmark = pytest.mark.anyio


async def test_a_claim_passes_over_a_task_that_is_being_changed(postgres_url: str) -> None:
    """Else it and a cancelling would wait for each other, until PostgreSQL ends one of them."""
    database = await open_database(postgres_url)
    hall = make_hall(database, clock=Clock(), engine=QuietEngine())

    async def claim() -> str | None:
        run = await working.claim_next_run(
            hall, node_id="node", lease_s=30, runtimes=hall.staffing.ready
        )
        return None if run is None else run.task_id

    ada = await sign_up(hall)
    older, newer = [(await post(hall, ada)).id for _ in range(2)]
    connection = await asyncpg.connect(postgres_url)
    async with connection.transaction():
        await connection.execute("SELECT FROM tasks WHERE id = $1 FOR UPDATE", older)
        assert await claim() == newer
        assert await claim() is None
    assert await claim() == older
    await connection.close()
    await database.close()


async def test_many_claimers_at_once_never_exceed_a_teams_limit(postgres_url: str) -> None:
    """Each has a connection of its own, so that they really are under way at once."""
    database = await open_database(postgres_url, pool_size=24)
    hall = make_hall(database, clock=Clock(), engine=QuietEngine(), rules=Rules(team_runs=3))
    for name in ("ada", "bob", "eve"):
        actor = await sign_up(hall, name)
        for _ in range(12):
            await post(hall, actor)
    held: list[Run] = []
    most_seen: set[int] = set()
    taken: list[str] = []

    async def claimer(node_id: str) -> None:
        for _ in range(8):
            run = await working.claim_next_run(
                hall, node_id=node_id, lease_s=30, runtimes=hall.staffing.ready
            )
            if run is not None:
                held.append(run)
                taken.append(run.id)
            counted = await database.scan(queue.at_work)
            most_seen.add(max(counted.of_team.values(), default=0))
            if len(held) > 6:
                ended = held.pop(0)
                await working.start_run(hall, token=ended.token)
                await outcomes.deliver(hall, token=ended.token, text="Done.")

    await asyncio.gather(*(claimer(f"node-{number}") for number in range(20)))
    assert max(most_seen) == 3
    assert len(taken) == len(set(taken)) > 9
    await database.close()
