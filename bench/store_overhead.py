"""What a `Tx` costs beside the bare driver: one-row reads, durable one-row writes, both databases.

    python -m bench.store_overhead [--json FILE]

Ratios are medians over interleaved rounds of CPU time per operation: on a shared machine times
swing, ratios of neighbours less so. Both sides commit durably, to the same disk.
"""

import argparse
import asyncio
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import uvloop
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, bindparam, select, update

from hiringhall.store.database import Database, Tx, open_database
from hiringhall.store.statements import Statement
from tests.support.postgres import start_server

ROUNDS = 15
ROWS = 10_000
TOGETHER = 64

_rows = Table(
    "bench_rows",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
)
_BY_ID = Statement(select(_rows).where(_rows.c.id == bindparam("id")), name="bench.by_id")
_RAISE = Statement(
    update(_rows).where(_rows.c.id == bindparam("id")).values(n=_rows.c.n + 1), name="bench.raise"
)
_CREATE = "CREATE TABLE bench_rows (id TEXT PRIMARY KEY, n BIGINT, title TEXT, body TEXT)"

Operation: TypeAlias = Callable[[], Awaitable[object]]


async def _measure(bare: Operation, ours: Operation, count: int) -> dict[str, float]:
    """CPU µs per call on each side, the ratio, and the wall-clock median in µs."""
    cpu: dict[str, list[float]] = {"bare": [], "ours": []}
    wall: dict[str, list[float]] = {"bare": [], "ours": []}
    for round_number in range(ROUNDS + 1):
        for name, operation in (("bare", bare), ("ours", ours)):
            begun_cpu, begun = time.process_time(), time.perf_counter()
            for _ in range(count):
                await operation()
            if round_number:  # the first one warms up
                cpu[name].append((time.process_time() - begun_cpu) / count * 1e6)
                wall[name].append((time.perf_counter() - begun) / count * 1e6)
    ratios = [ours / bare for bare, ours in zip(cpu["bare"], cpu["ours"], strict=True)]
    return {
        "bare_cpu_us": statistics.median(cpu["bare"]),
        "ours_cpu_us": statistics.median(cpu["ours"]),
        "cpu_ratio": statistics.median(ratios),
        "bare_wall_us": statistics.median(wall["bare"]),
        "ours_wall_us": statistics.median(wall["ours"]),
    }


def _through(database: Database, key: str) -> tuple[Operation, Operation]:
    async def get(tx: Tx) -> Any:
        return await tx.one(_BY_ID, id=key)

    async def put(tx: Tx) -> int:
        return await tx.run(_RAISE, id=key)

    return lambda: database.read(get), lambda: database.write(put)


class BareGroupCommit:
    """The least that commits durably without holding the loop: no savepoint, no failure allowed."""

    def __init__(
        self, connection: sqlite3.Connection, change: str, key: tuple[object, ...]
    ) -> None:
        self._connection, self._change, self._key = connection, change, key
        self._loop = asyncio.get_running_loop()
        self._waiting: list[asyncio.Future[None]] = []

    async def put(self) -> None:
        """Change the row; it is on the disk on return."""
        if not self._waiting:
            self._loop.call_soon(self._begin)
        done = self._loop.create_future()
        self._waiting.append(done)
        await done

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._connection.execute("BEGIN IMMEDIATE")
        for _ in waiting:
            self._connection.execute(self._change, self._key)
        commit = self._loop.run_in_executor(None, self._connection.execute, "COMMIT")
        commit.add_done_callback(lambda _: [done.set_result(None) for done in waiting])


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncGenerator[tuple[Database, sqlite3.Connection]]:
    """The database, and a bare connection to a copy of the same rows with the same pragmas."""
    path = folder / "hall.db"
    await (await open_database(f"sqlite://{path}")).close()
    for name in ("hall.db", "bare.db"):
        connection = sqlite3.connect(
            folder / name, isolation_level=None, cached_statements=512, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_CREATE)
        connection.execute("BEGIN")
        rows = [(str(i), i, "t" * 40, "b" * 200) for i in range(ROWS)]
        connection.executemany("INSERT INTO bench_rows VALUES (?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
        if name == "hall.db":
            connection.close()
    database = await open_database(f"sqlite://{path}")
    yield database, connection
    await database.close()
    connection.close()


async def _on_sqlite(folder: Path) -> dict[str, dict[str, float]]:
    results: dict[str, dict[str, float]] = {}
    async with _sqlite(folder) as (database, connection):
        our_get, our_put = _through(database, "77")
        query, change = _BY_ID.sqlite.sql, _RAISE.sqlite.sql
        key = _BY_ID.sqlite.bind({"id": "77"})

        async def get() -> Any:
            return connection.execute(query, key).fetchone()

        bare = BareGroupCommit(connection, change, key)

        async def together(put: Operation) -> None:
            await asyncio.gather(*(put() for _ in range(TOGETHER)))

        results["sqlite read"] = await _measure(get, our_get, 2000)
        results["sqlite write, alone"] = await _measure(bare.put, our_put, 60)
        results[f"sqlite write, {TOGETHER} at once"] = await _measure(
            lambda: together(bare.put), lambda: together(our_put), 10
        )
    return results


async def _on_postgresql(url: str) -> dict[str, dict[str, float]]:
    results: dict[str, dict[str, float]] = {}
    connection = await asyncpg.connect(url, max_cached_statement_lifetime=0)
    await connection.execute(_CREATE)
    await connection.execute(
        "INSERT INTO bench_rows SELECT i::text, i, repeat('t', 40), repeat('b', 200)"
        " FROM generate_series(0, $1::bigint - 1) AS i",
        ROWS,
    )
    database = await open_database(url)
    our_get, our_put = _through(database, "77")
    query, change = _BY_ID.postgresql.sql, _RAISE.postgresql.sql

    async def get() -> Any:
        return await connection.fetchrow(query, "77")

    async def put() -> None:
        await connection.execute("BEGIN")
        await connection.execute(change, "77")
        await connection.execute("COMMIT")

    results["postgresql read"] = await _measure(get, our_get, 500)
    results["postgresql write"] = await _measure(put, our_put, 60)
    await database.close()
    await connection.close()
    return results


async def measure() -> dict[str, dict[str, float]]:
    """Every case, by name."""
    with tempfile.TemporaryDirectory(prefix="hiringhall-bench-") as folder:
        results = await _on_sqlite(Path(folder))
    server = start_server(durable=True)
    try:
        results |= await _on_postgresql(server.url)
    finally:
        server.stop()
    return results


def main() -> None:
    """Print a table; write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="a file to write the figures to")
    wanted = parser.parse_args()
    results = uvloop.run(measure())
    print(f"{'':28}{'CPU':>8}{'bare':>10}{'ours':>10}   wall: bare{'ours':>10}")
    for name, figures in results.items():
        print(
            f"{name:28}{figures['cpu_ratio']:7.2f}x{figures['bare_cpu_us']:7.0f} µs"
            f"{figures['ours_cpu_us']:7.0f} µs{figures['bare_wall_us']:10.0f} µs"
            f"{figures['ours_wall_us']:7.0f} µs"
        )
    if wanted.json:
        wanted.json.parent.mkdir(parents=True, exist_ok=True)
        wanted.json.write_text(json.dumps(results, indent=2))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
