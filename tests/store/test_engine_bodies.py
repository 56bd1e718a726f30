"""A body awaits its transaction alone: anything else ends it, and harms nobody."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hiringhall.store.database import Database, Tx
from hiringhall.store.errors import (
    ForeignAwait,
    TransactionMisused,
)
from tests.store.samples import (
    IDS,
    add,
    ids,
)

pytestmark = pytest.mark.anyio


async def _sleep(_store: Database, _tx: Tx) -> None:
    await asyncio.sleep(0)


async def _gather(_store: Database, tx: Tx) -> None:
    await asyncio.gather(tx.all(IDS), tx.all(IDS))


async def _read(store: Database, _tx: Tx) -> None:
    await store.read(lambda tx: tx.all(IDS))


async def _scan(store: Database, _tx: Tx) -> None:
    await store.scan(lambda tx: tx.all(IDS))


async def _write(store: Database, _tx: Tx) -> None:
    await store.write(lambda tx: add(tx, "inner"))


async def _stubborn(_store: Database, _tx: Tx) -> None:
    while True:
        try:
            await asyncio.sleep(0)
        finally:
            await asyncio.sleep(0)


async def _swallowing(_store: Database, _tx: Tx) -> None:
    try:
        await asyncio.sleep(0)
    except ForeignAwait:
        return


_FOREIGN = [_sleep, _gather, _read, _scan, _write, _stubborn, _swallowing]


@pytest.mark.parametrize("foreign", _FOREIGN)
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
async def test_a_body_awaits_its_transaction_alone(
    store: Database, foreign: Callable[[Database, Tx], Awaitable[None]]
) -> None:
    async def body(tx: Tx) -> None:
        await add(tx, "a")
        await foreign(store, tx)
        await add(tx, "b")

    neighbours = [store.write(lambda tx, i=i: add(tx, f"n{i}")) for i in range(4)]
    outcomes = await asyncio.gather(
        *neighbours[:2], store.write(body), *neighbours[2:], return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [type(None)] * 2 + [ForeignAwait] + [
        type(None)
    ] * 2
    assert await ids(store) == ["n0", "n1", "n2", "n3"]
    for way in (store.read, store.scan):
        # Where a scan has a thread of its own, asyncio refuses before the store does.
        with pytest.raises((ForeignAwait, RuntimeError)):
            await way(lambda tx: foreign(store, tx))  # pyright: ignore[reportArgumentType]
        assert len(await ids(store)) == 4, "it left a connection of no use"


async def test_a_transaction_is_not_entered_by_another_task(store: Database) -> None:
    strays: list[asyncio.Task[Any]] = []

    async def body(tx: Tx) -> None:
        strays.append(asyncio.get_running_loop().create_task(add(tx, "stray")))
        await add(tx, "a")

    await store.write(body)
    with pytest.raises(TransactionMisused):
        await strays[0]
    assert await ids(store) == ["a"]
