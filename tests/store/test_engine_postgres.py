"""What is PostgreSQL's own: its pool, its conflicts, and connections that are lost."""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from hiringhall.store.database import Tx
from hiringhall.store.errors import (
    DatabaseBusy,
    DatabaseClosed,
    DatabaseUnavailable,
    OutcomeUnknown,
    StoreError,
)
from hiringhall.store.postgres.connection import connect
from hiringhall.store.postgres.database import PostgresDatabase, open_postgres
from hiringhall.store.postgres.pool import Pool
from hiringhall.store.statements import Statement
from tests.store import samples
from tests.store.samples import RAISE, add, ids

pytestmark = pytest.mark.anyio

PID = Statement(
    text("SELECT pg_backend_pid() AS n").columns(samples.samples.c.n), name="test.backend_pid"
)


@pytest.fixture
async def url(postgres_url: str) -> str:
    """A database of the test's own, which nobody is connected to."""
    await samples.create(postgres_url)
    return postgres_url


@pytest.fixture
async def store(url: str) -> AsyncIterator[PostgresDatabase]:
    database = await open_postgres(url, pool_size=4)
    yield database
    await database.close()


@asynccontextmanager
async def somebody_else(url: str) -> AsyncGenerator[Any]:
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def until(asks: Any, question: str) -> None:
    """Wait until a question to the server is answered with true."""
    async with asyncio.timeout(60):
        while not await asks.fetchval(question):  # noqa: ASYNC110  the server calls nobody
            await asyncio.sleep(0.005)


def from_another_thread(url: str, command: str) -> None:
    """Run a command while this thread, and with it the event loop, stands still."""
    thread = threading.Thread(
        target=asyncio.run, args=(samples.script_past_the_store(url, command),)
    )
    thread.start()
    thread.join()


async def backend_pid(tx: Tx) -> int:
    row = await tx.one(PID)
    assert row is not None
    return row.n


async def test_a_deadlock_is_resolved_by_running_again(url: str, store: PostgresDatabase) -> None:
    runs: list[int] = []

    async def crossing(tx: Tx) -> None:
        runs.append(1)
        await tx.run(RAISE, id="a", seen=0)
        await tx.run(RAISE, id="b", seen=0)

    await store.write(lambda tx: add(tx, "a"))
    await store.write(lambda tx: add(tx, "b"))
    async with somebody_else(url) as other, somebody_else(url) as third:
        # Only the hall's session looks for deadlocks, so only it is the victim.
        await other.execute("SET deadlock_timeout = '1h'")
        await other.execute("BEGIN; UPDATE samples SET n = 5 WHERE id = 'b'")
        write = asyncio.create_task(store.write(crossing))
        await until(third, "SELECT count(*) = 1 FROM pg_locks WHERE NOT granted")
        await other.execute("UPDATE samples SET n = 5 WHERE id = 'a'; COMMIT")
    await write
    assert len(runs) == 2


async def test_a_conflict_that_stays_is_told(store: PostgresDatabase) -> None:
    conflict = Statement(
        text("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = 'serialization_failure'; END $$"),
        name="test.conflict",
    )
    runs: list[int] = []

    async def body(tx: Tx) -> None:
        runs.append(1)
        try:
            await tx.run(conflict)
        except StoreError:
            # Whatever the body makes of it: the transaction failed for a reason that may pass.
            raise ValueError from None

    with pytest.raises(StoreError, match="again"):
        await store.write(body)
    assert len(runs) > 3


async def test_a_connection_lost_before_commit_is_replaced(
    url: str, store: PostgresDatabase
) -> None:
    pids: list[int] = []

    async def body(tx: Tx) -> None:
        pids.append(await backend_pid(tx))
        await add(tx, "a")
        if len(pids) == 1:
            from_another_thread(url, f"SELECT pg_terminate_backend({pids[0]}, 60000)")
        await add(tx, "b")

    await store.write(body)
    assert len(set(pids)) == 2
    assert await ids(store) == ["a", "b"]


@pytest.mark.parametrize("way", ["read", "scan", "write"])
async def test_every_connection_lost_is_not_noticed_by_callers(
    url: str, store: PostgresDatabase, way: str
) -> None:
    """As when the server is started anew."""
    run: Callable[[Any], Any] = getattr(store, way)
    before = set(await asyncio.gather(*(run(backend_pid) for _ in range(4))))
    from_another_thread(
        url,
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
        " WHERE application_name = 'hiringhall' AND datname = current_database()",
    )
    after = await asyncio.gather(*(run(backend_pid) for _ in range(4)))
    assert not before & set(after)


async def test_a_connection_lost_during_commit_leaves_the_outcome_unknown(
    url: str, store: PostgresDatabase
) -> None:
    runs: list[int] = []

    async def body(tx: Tx) -> None:
        runs.append(await backend_pid(tx))
        await add(tx, "a")

    async with somebody_else(url) as other:
        await other.execute(
            "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;"
            "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON samples"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()"
        )
        write = asyncio.create_task(store.write(body))
        await until(other, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        await other.execute("DROP TABLE IF EXISTS nothing")
        await other.fetchval("SELECT pg_terminate_backend($1)", runs[0])
        with pytest.raises(OutcomeUnknown):
            await write
    assert len(runs) == 1, "an unknown outcome is not tried again"


async def test_a_cancelled_query_ends_at_the_server(url: str, store: PostgresDatabase) -> None:
    sleep = Statement(
        text("SELECT 1 AS n FROM pg_sleep(60)").columns(samples.samples.c.n), name="test.sleep"
    )
    sleeping = "FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    async with somebody_else(url) as other:
        for way in (store.read, store.scan, store.write):
            caller = asyncio.create_task(way(lambda tx: tx.one(sleep)))
            await until(other, f"SELECT count(*) = 1 {sleeping}")
            caller.cancel()
            with pytest.raises(asyncio.CancelledError):
                await caller
            await until(other, f"SELECT count(*) = 0 {sleeping}")
    await store.write(lambda tx: add(tx, "a"))


async def test_an_unreachable_server_is_told_without_the_password() -> None:
    with pytest.raises(DatabaseUnavailable) as unreachable:
        await open_postgres("postgresql://hall:hush@127.0.0.1:1/hall")
    with pytest.raises(StoreError) as unreadable:
        await open_postgres("postgresql://hall:hush@hush:hush/hall")
    for caught in (unreachable, unreadable):
        assert "hush" not in str(caught.value)


async def test_waiting_for_a_connection_has_its_bound(url: str) -> None:
    pool = Pool(lambda: connect(url), size=1, wait_s=0.05)
    first = await pool.take()
    with pytest.raises(DatabaseBusy, match="none of 1 connections"):
        await pool.take()
    pool.give(first)
    assert await pool.take() is first
    pool.give(first)
    await pool.close()


async def test_a_connection_goes_to_who_waits_longest(url: str) -> None:
    pool = Pool(lambda: connect(url), size=1, wait_s=60)
    first = await pool.take()
    waiting = [asyncio.create_task(pool.take()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    pool.give(first)
    assert await waiting[1] is first
    # Handed over and cancelled in the same turn: it must not be lost.
    pool.give(first)
    waiting[2].cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting[2]
    assert await pool.take() is first
    pool.give(first)
    await pool.close()


async def test_room_goes_to_who_waits(url: str) -> None:
    pool = Pool(lambda: connect(url), size=1, wait_s=60)
    first = await pool.take()
    waiting = asyncio.create_task(pool.take())
    await asyncio.sleep(0)
    pool.cut(first)
    second = await waiting
    assert second is not first
    pool.give(second)
    await pool.close()


async def test_a_connection_that_cannot_be_opened_leaves_room() -> None:
    pool = Pool(lambda: connect("postgresql://127.0.0.1:1/hall"), size=1, wait_s=60)
    for _ in range(3):
        with pytest.raises(DatabaseUnavailable):
            await pool.take()
    await pool.close()


async def test_closing_waits_for_what_is_lent(url: str) -> None:
    pool = Pool(lambda: connect(url), size=2, wait_s=60)
    lent = await pool.take()
    pool.give(await pool.take())
    closing = asyncio.create_task(pool.close())
    await asyncio.sleep(0.01)
    assert not closing.done()
    with pytest.raises(DatabaseClosed):
        await pool.take()
    pool.give(lent)
    await closing
    assert lent.is_closed()


async def test_a_caller_cancelled_while_a_connection_opens_leaves_it_to_the_next(url: str) -> None:
    opened: list[Any] = []

    async def counted() -> Any:
        connection = await connect(url)
        opened.append(connection)
        return connection

    pool = Pool(counted, size=1, wait_s=60)
    caller = asyncio.create_task(pool.take())
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    connection = await pool.take()
    assert opened == [connection]
    pool.give(connection)
    await pool.close()
