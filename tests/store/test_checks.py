"""Checks beside other changes to the same task, where two transactions can be under way at once."""

import asyncio

import asyncpg
import pytest

from hiringhall.actions.market import delivering
from hiringhall.actions.market.checking import CheckToDo, finish_check, take_check
from hiringhall.domain.checks import CheckKind, CheckMethod, CheckResult, Verdict
from hiringhall.hall import Rules
from hiringhall.store.database import open_database
from tests.support.halls import PATIENCE_S, Clock, QuietEngine, make_hall, sign_up
from tests.support.market import claimed

pytestmark = pytest.mark.anyio

PASSED = CheckResult(Verdict.PASSED, 90, CheckMethod.RULES, "It fits.")
SOMEBODY_WAITS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.mark.parametrize("has_model", [False, True])
async def test_a_check_waits_for_a_change_of_its_task_only_where_a_manager_goes_by_it(
    postgres_url: str, has_model: bool
) -> None:
    """Whoever has a task in hand for long holds up no check of what was handed in for it."""
    database = await open_database(postgres_url)
    rules = Rules(manager_has_model=has_model)
    hall = make_hall(database, clock=Clock(), engine=QuietEngine(), rules=rules)
    buyer, worker = await sign_up(hall, "buyer"), await sign_up(hall, "worker")
    task = await claimed(hall, buyer, worker)
    await delivering.deliver(hall, actor=worker, task_id=task.id, text="Label: positive.")

    def finishing(todo: CheckToDo | None) -> asyncio.Future[bool]:
        assert todo is not None
        return asyncio.ensure_future(finish_check(hall, check=todo.check, result=PASSED))

    taken = [await take_check(hall), await take_check(hall)]
    connection = await asyncpg.connect(postgres_url)
    # Within a transaction the server tells of its activity as it was at the first look.
    onlooker = await asyncpg.connect(postgres_url)
    async with connection.transaction():
        await connection.execute("SELECT FROM tasks WHERE id = $1 FOR UPDATE", task.id)
        ends = {todo.check.kind: finishing(todo) for todo in taken if todo is not None}
        free = [end for kind, end in ends.items() if not has_model or kind is CheckKind.FORMAT]
        async with asyncio.timeout(PATIENCE_S):
            assert await asyncio.gather(*free) == [True] * len(free)
            while has_model and not await onlooker.fetchval(SOMEBODY_WAITS):
                pass
        assert ends[CheckKind.COHERENCE].done() is not has_model
    assert await asyncio.gather(*ends.values()) == [True, True]
    await onlooker.close()
    await connection.close()
    await database.close()
