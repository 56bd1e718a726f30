"""Claims beside other changes to the same task, where two transactions can be under way at once."""

import asyncpg
import pytest

from hiringhall.actions.runs import working
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
