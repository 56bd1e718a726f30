"""Notes between processes that share a PostgreSQL database."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from hiringhall.signals import Signals
from hiringhall.store.database import Database, open_database
from hiringhall.store.postgres import messenger as module
from hiringhall.store.postgres.messenger import Messenger
from tests.support.halls import PATIENCE_S

pytestmark = pytest.mark.anyio


class Side:
    """One process of two: its signals, and how often it was told that it may have missed some."""

    def __init__(self, url: str) -> None:
        self.signals = Signals()
        self.renewals = 0
        self.renewed = asyncio.Event()
        self.messenger = Messenger(url, self.signals.hear, self._renew)
        self.signals.outwards = self.messenger.send

    def _renew(self) -> None:
        self.renewals += 1
        self.renewed.set()
        self.signals.hear_all()

    async def until_renewed(self, times: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.renewals < times:
                self.renewed.clear()
                await self.renewed.wait()


@pytest.fixture
async def sides(postgres_url: str) -> AsyncIterator[tuple[Side, Side]]:
    """Two that hear each other already."""
    here, there = Side(postgres_url), Side(postgres_url)
    for side in (here, there):
        await side.until_renewed(1)
    yield here, there
    for side in (here, there):
        await side.messenger.close()


async def test_who_listens_on_one_server_wakes_at_a_change_on_another(
    sides: tuple[Side, Side],
) -> None:
    here, there = sides
    stops: list[str] = []
    there.signals.follow("stop", stops.append)
    with there.signals.listening("task-1") as one, there.signals.listening("task-2") as other:
        here.signals.notify("stop run-7")
        here.signals.notify("task-1")
        assert await one.wait(PATIENCE_S)
        assert not await other.wait(0)
    assert stops == ["run-7"]


async def test_what_a_process_says_itself_it_hears_once(sides: tuple[Side, Side]) -> None:
    here, there = sides
    heard: list[str] = []
    here.signals.follow("runs", heard.append)
    here.signals.notify("runs")
    assert heard == [""]
    with here.signals.listening("back") as listener:
        there.signals.follow("runs", lambda _: there.signals.notify("back"))
        here.signals.notify("runs again")
        assert await listener.wait(PATIENCE_S)
    assert heard == ["", "again"]


async def test_a_lost_connection_is_made_anew_and_wakes_everybody(
    sides: tuple[Side, Side], postgres_url: str
) -> None:
    here, there = sides
    connection = await asyncpg.connect(postgres_url)
    with there.signals.listening("task-1") as listener:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await there.until_renewed(2)
        assert await listener.wait(PATIENCE_S)
        await here.until_renewed(2)
        here.signals.notify("task-1")
        assert await listener.wait(PATIENCE_S)
    await connection.close()


async def test_many_notes_go_in_payloads_that_postgresql_takes(sides: tuple[Side, Side]) -> None:
    here, there = sides
    heard: set[str] = set()
    all_heard = asyncio.Event()

    def hear(rest: str) -> None:
        heard.add(rest)
        if len(heard) == 1_000:
            all_heard.set()

    there.signals.follow("note", hear)
    for number in range(1_000):
        here.signals.notify(f"note {number:0>100}")
    async with asyncio.timeout(PATIENCE_S):
        await all_heard.wait()


async def test_too_many_to_tell_are_told_as_one(
    sides: tuple[Side, Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = sides
    monkeypatch.setattr(module, "MOST_WAITING", 10)
    for number in range(50):
        here.signals.notify(f"note {number}")
    await there.until_renewed(2)


@pytest.mark.parametrize("note", ["", "a,b", "*", "it's", "x" * 201])
async def test_what_is_no_note_is_refused(sides: tuple[Side, Side], note: str) -> None:
    with pytest.raises(ValueError, match="a note is"):
        sides[0].messenger.send(note)


async def test_notes_wait_while_the_server_cannot_be_reached() -> None:
    """Nothing listens at that port: sending does not raise, and closing does not hang."""
    messenger = Messenger("postgresql://nobody@127.0.0.1:9/none", lambda _: None, lambda: None)
    messenger.send("runs")
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_S):
        await messenger.close()


async def test_there_are_no_others_on_sqlite(sqlite_url: str) -> None:
    database: Database = await open_database(sqlite_url)
    assert database.messenger(lambda _: None, lambda: None) is None
    await database.close()
