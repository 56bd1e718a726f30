"""The feed on PostgreSQL, where ids do not become visible in their order."""

import asyncio

import asyncpg
import pytest

from hiringhall.actions import feed as feed_actions
from hiringhall.actions.tasks import answer
from hiringhall.hall import Hall
from hiringhall.store import sequencing
from hiringhall.store.database import Tx, open_database
from tests.support.feeds import Follower, all_of, check_order, count, organization_of
from tests.support.halls import Clock, QuietEngine, make_hall, post, sign_up

pytestmark = pytest.mark.anyio


async def test_an_event_that_turns_up_late_is_not_lost(postgres_url: str) -> None:
    """A lower id can be in a transaction that ends after a higher one's."""
    database = await open_database(postgres_url)
    clock = Clock()
    hall = make_hall(database, clock=clock, engine=QuietEngine())
    ada = await sign_up(hall)
    task = await post(hall, ada)
    connection = await asyncpg.connect(postgres_url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        "INSERT INTO events (organization_id, task_id, number, type, actor, state, waiting_for,"
        " data, at_us) SELECT organization_id, task_id, 3, 'waiting_changed', 'hall', state,"
        ' waiting_for, \'{"text": "late"}\', at_us FROM events WHERE task_id = $1 AND number = 2',
        task.id,
    )
    await post(hall, ada)
    before = await all_of(hall, ada)
    assert len(before) == 4
    # As long as a transaction may be under way, the hall goes on looking for what it wrote.
    clock.advance(feed_actions.LONGEST_TRANSACTION_US / 1_000_000 - 1)
    await post(hall, ada)
    assert len(await all_of(hall, ada)) == 6
    await transaction.commit()
    after = await all_of(hall, ada)
    assert after[:4] == before
    assert [one.type for one in after[6:]] == ["waiting_changed"]
    check_order(after)

    async def head(tx: Tx) -> sequencing.Head:
        return await sequencing.lock_head(tx, organization_of(ada))

    assert (await database.write(head)).settled_id == 0
    # After that what has a place is behind it, and is looked at no more.
    for _ in range(3):
        clock.advance(feed_actions.LONGEST_TRANSACTION_US / 1_000_000 + 1)
        assert await all_of(hall, ada) == after
    settled = await database.write(head)
    assert settled.settled_id == settled.newest_id
    await connection.close()
    await database.close()


async def test_readers_and_writers_on_two_servers(postgres_url: str) -> None:
    """Each with connections of its own: many transactions are under way at once."""
    halls: list[Hall] = []
    for _ in range(2):
        database = await open_database(postgres_url)
        halls.append(make_hall(database, clock=Clock(), engine=QuietEngine()))
    ada = await sign_up(halls[0])
    followers = [Follower(hall, ada, 7) for hall in halls]

    async def write(hall: Hall) -> None:
        for _ in range(15):
            task = await post(hall, ada)
            await answer.cancel_task(hall, actor=ada, task_id=task.id)

    async def follow(follower: Follower) -> None:
        while len(follower.seen) < 6 * 3 * 15:
            await follower.look()

    async with asyncio.timeout(60):
        await asyncio.gather(
            *(write(hall) for hall in halls for _ in range(3)),
            *(follow(follower) for follower in followers),
        )
    for follower in followers:
        check_order(follower.seen)
        assert len(follower.seen) == await count(halls[0], ada) == 270
    assert followers[0].seen == followers[1].seen
    for hall in halls:
        await hall.database.close()
