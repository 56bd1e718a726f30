"""Reads on the event loop: they share a snapshot, see what they must, and are in nobody's way."""

import asyncio

import pytest

from hiringhall.store.database import Database, open_database
from tests.store import samples
from tests.store.samples import BY_ID, COUNT, add

pytestmark = pytest.mark.anyio


async def count(store: Database) -> int:
    row = await store.read(lambda tx: tx.one(COUNT))
    assert row is not None
    return row.n


async def test_whoever_knows_of_a_commit_reads_it(store: Database) -> None:
    """However many others read in the same turns of the loop."""

    async def write_and_look(writer: int) -> None:
        for number in range(10):
            name = f"{writer}-{number}"
            await store.write(lambda tx, name=name: add(tx, name))
            assert await store.read(lambda tx, name=name: tx.one(BY_ID, id=name)) is not None

    async def look() -> None:
        seen = 0
        for _ in range(100):
            now = await count(store)
            assert now >= seen
            seen = now
            await asyncio.sleep(0)

    await asyncio.gather(*map(write_and_look, range(5)), *(look() for _ in range(5)))
    assert await count(store) == 50


async def test_what_another_process_writes_is_seen_a_turn_later(sqlite_url: str) -> None:
    await samples.create(sqlite_url)
    sqlite = await open_database(sqlite_url)
    assert await count(sqlite) == 0
    await samples.script_past_the_store(sqlite_url, "INSERT INTO samples (id, n) VALUES ('a', 7)")
    await asyncio.sleep(0)
    assert await count(sqlite) == 1
    await sqlite.close()
