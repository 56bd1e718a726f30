"""The one writer of a SQLite file: many actions share a commit, and none harms another."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from hiringhall.store.database import Database, Tx, open_database
from hiringhall.store.errors import (
    ConstraintViolated,
    DatabaseUnavailable,
    LoopHeld,
    StoreError,
    TransactionMisused,
)
from hiringhall.store.sqlite import writer
from hiringhall.store.sqlite.database import SqliteDatabase
from hiringhall.store.statements import Statement
from tests.store import samples
from tests.store.samples import COUNT, IDS, add, ids

pytestmark = pytest.mark.anyio


class Refused(Exception):
    """What an action of a test raises."""


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine too, what is queued together is committed together."""
    monkeypatch.setattr(writer, "BATCH_S", 60.0)


@pytest.fixture
async def path(sqlite_url: str) -> Path:
    """A SQLite file that nobody has open."""
    await samples.create(sqlite_url)
    return samples.sqlite_path(sqlite_url)


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteDatabase]:
    database = await open_database(f"sqlite://{path}")
    assert isinstance(database, SqliteDatabase)
    yield database
    await database.close()


@pytest.fixture
def commands(store: SqliteDatabase) -> list[str]:
    """What the writer says to SQLite, as it says it."""
    said: list[str] = []
    writer_connection(store).set_trace_callback(said.append)
    return said


def writer_connection(store: SqliteDatabase) -> sqlite3.Connection:
    assert store._writer is not None
    return store._writer._connection


async def test_many_actions_share_a_commit(store: SqliteDatabase, commands: list[str]) -> None:
    await asyncio.gather(*(store.write(lambda tx, i=i: add(tx, f"{i:03}")) for i in range(100)))
    assert len(await ids(store)) == 100
    assert commands.count("COMMIT") == 1


async def test_one_action_needs_no_savepoint(store: SqliteDatabase, commands: list[str]) -> None:
    await store.write(lambda tx: add(tx, "a"))
    assert [word.split()[0] for word in commands] == ["BEGIN", "INSERT", "COMMIT"]


async def test_a_failure_leaves_its_neighbours_alone(
    store: SqliteDatabase, commands: list[str]
) -> None:
    async def body(tx: Tx, i: int) -> int:
        await add(tx, f"{i:03}")
        if i % 3 == 1:
            raise Refused
        if i % 3 == 2:
            await add(tx, f"{i:03}x", n=-1)
        return i

    outcomes = await asyncio.gather(
        *(store.write(lambda tx, i=i: body(tx, i)) for i in range(60)), return_exceptions=True
    )
    kinds = [int, Refused, ConstraintViolated]
    assert [type(outcome) for outcome in outcomes] == [kinds[i % 3] for i in range(60)]
    assert await ids(store) == [f"{i:03}" for i in range(0, 60, 3)]
    assert commands.count("COMMIT") == 1


@pytest.mark.parametrize("then", ["return", "raise"])
async def test_a_lost_batch_is_run_again_one_by_one(
    path: Path, store: SqliteDatabase, commands: list[str], then: str
) -> None:
    """RAISE(ROLLBACK) ends the whole transaction, neighbours' rows and all, like a full disk."""
    writer_connection(store).execute(
        "CREATE TRIGGER boom BEFORE INSERT ON samples WHEN NEW.note = 'boom'"
        " BEGIN SELECT RAISE(ROLLBACK, 'boom'); END"
    )
    runs: list[str] = []

    async def body(tx: Tx, name: str, note: str | None) -> str:
        runs.append(name)
        await add(tx, name, note=note)
        if name == "refused":
            raise Refused
        return name

    async def loses(tx: Tx) -> str:
        runs.append("boom")
        try:
            await add(tx, "boom", note="boom")
        except ConstraintViolated:
            if then == "raise":
                raise
        return "kept"

    outcomes = await asyncio.gather(
        store.write(lambda tx: body(tx, "a", None)),
        store.write(lambda tx: body(tx, "refused", None)),
        store.write(loses),
        store.write(lambda tx: body(tx, "b", None)),
        return_exceptions=True,
    )
    assert outcomes[0] == "a"
    assert isinstance(outcomes[1], Refused)
    assert isinstance(outcomes[2], StoreError)
    assert outcomes[3] == "b"
    assert await ids(store) == ["a", "b"]
    assert runs == ["a", "refused", "boom", "a", "refused", "boom", "b"]
    with closing(sqlite3.connect(path)) as other:
        assert [row[0] for row in other.execute("SELECT id FROM samples ORDER BY id")] == ["a", "b"]


async def test_a_full_disk_is_told_to_who_filled_it(store: SqliteDatabase) -> None:
    connection = writer_connection(store)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 8}")

    outcomes = await asyncio.gather(
        store.write(lambda tx: add(tx, "a")),
        store.write(lambda tx: add(tx, "large", data=bytes(1 << 20))),
        store.write(lambda tx: add(tx, "b")),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [
        type(None),
        DatabaseUnavailable,
        type(None),
    ]
    assert await ids(store) == ["a", "b"]


async def test_a_failed_commit_is_told_to_who_made_it_fail(
    store: SqliteDatabase, commands: list[str]
) -> None:
    writer_connection(store).execute(
        "CREATE TABLE promises (id TEXT REFERENCES samples (id) DEFERRABLE INITIALLY DEFERRED)"
    )
    promise = Statement(text("INSERT INTO promises VALUES (:id)"), name="test.promise")

    outcomes = await asyncio.gather(
        store.write(lambda tx: add(tx, "a")),
        store.write(lambda tx: tx.run(promise, id="nobody")),
        store.write(lambda tx: tx.run(promise, id="a")),
        return_exceptions=True,
    )
    assert outcomes[0] is None
    assert isinstance(outcomes[1], ConstraintViolated)
    assert outcomes[1].kind == "foreign_key"
    assert outcomes[2] == 1
    assert await ids(store) == ["a"]
    await store.write(lambda tx: add(tx, "b"))


async def test_a_refusal_is_told_after_the_commit(
    store: SqliteDatabase, commands: list[str]
) -> None:
    """It may rest on a row of a neighbour, which is not there before."""
    told: list[int] = []

    async def refused() -> None:
        async def body(tx: Tx) -> None:
            row = await tx.one(COUNT)
            assert row is not None
            assert row.n == 1
            raise Refused

        with pytest.raises(Refused):
            await store.write(body)
        told.append(commands.count("COMMIT"))

    await asyncio.gather(store.write(lambda tx: add(tx, "a")), refused())
    assert told == [1]


async def test_a_body_cannot_end_its_transaction(store: SqliteDatabase) -> None:
    for word in ("COMMIT", "ROLLBACK"):
        end = Statement(text(word), name=f"test.{word}")

        async def body(tx: Tx, end: Statement = end, word: str = word) -> None:
            await add(tx, word)
            await tx.run(end)

        with pytest.raises(TransactionMisused):
            await store.write(body)
        await store.write(lambda tx, word=word: add(tx, f"after {word}"))


async def test_a_cancelled_caller_leaves_a_committed_row(store: SqliteDatabase) -> None:
    before = asyncio.create_task(store.write(lambda tx: add(tx, "a")))
    caller = asyncio.create_task(store.write(lambda tx: add(tx, "b")))
    after = asyncio.create_task(store.write(lambda tx: add(tx, "c")))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.gather(before, after)
    assert caller.cancelled()
    assert await ids(store) == ["a", "b", "c"]


async def test_a_long_queue_is_committed_in_parts(
    store: SqliteDatabase, commands: list[str]
) -> None:
    turns: list[int] = []

    async def count_turns() -> None:
        while True:
            turns.append(commands.count("COMMIT"))
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    n = 3 * writer.BATCH_SIZE
    await asyncio.gather(*(store.write(lambda tx, i=i: add(tx, f"{i}")) for i in range(n)))
    counting.cancel()
    assert len(await ids(store)) == n
    assert commands.count("COMMIT") >= 3
    assert len(set(turns)) >= 3, "others had no turn between the parts"


async def test_somebody_elses_lock_is_waited_for_off_the_loop(
    path: Path, store: SqliteDatabase
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        write = asyncio.create_task(store.write(lambda tx: add(tx, "a")))
        for _ in range(20):
            assert await ids(store) == []
            await asyncio.sleep(0.001)
        assert not write.done()
        other.execute("ROLLBACK")
    await write
    assert await ids(store) == ["a"]


async def test_closing_finishes_the_queue_and_folds_in_the_log(
    path: Path, store: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BATCH_SIZE", 2)
    writes = [asyncio.create_task(store.write(lambda tx, i=i: add(tx, str(i)))) for i in range(9)]
    await asyncio.sleep(0)
    await store.close()
    await store.close()
    assert await asyncio.gather(*writes) == [None] * 9
    assert not path.with_name("hall.db-wal").exists()
    again = await open_database(f"sqlite://{path}")
    assert len(await ids(again)) == 9
    await again.close()


async def test_a_read_that_holds_the_loop_is_found(path: Path) -> None:
    guarded = await open_database(f"sqlite://{path}", loop_guard_s=0.02)

    async def body(tx: Tx) -> None:
        until_s = time.thread_time() + 0.03
        while time.thread_time() < until_s:
            await tx.all(IDS)

    for way in (guarded.read, guarded.write):
        with pytest.raises(LoopHeld, match=r"use scan\(\)"):
            await way(body)
    await guarded.scan(body)
    await guarded.close()


async def test_a_cancelled_scan_is_interrupted(store: SqliteDatabase) -> None:
    endless = Statement(
        text(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
            " SELECT count(*) AS i FROM n"
        ).columns(samples.samples.c.n),
        name="test.endless",
    )
    begun = threading.Event()

    async def body(tx: Tx) -> None:
        begun.set()
        await tx.all(endless)

    scan = asyncio.create_task(store.scan(body))
    assert await asyncio.to_thread(begun.wait, 60)
    scan.cancel()
    with pytest.raises(asyncio.CancelledError):
        await scan
    # Its thread comes free: were the query still running, closing would wait for ever.
    await asyncio.wait_for(store.close(), 60)


async def test_scans_run_beside_each_other(store: Database) -> None:
    both = threading.Barrier(2, timeout=60)

    async def body(tx: Tx) -> int:
        both.wait()
        row = await tx.one(COUNT)
        assert row is not None
        return row.n

    assert await asyncio.gather(store.scan(body), store.scan(body)) == [0, 0]
