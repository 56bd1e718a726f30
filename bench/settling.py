"""A process that holds and releases money: as the hall does, or bare, as the floor beside it.

    python -m bench.settling prepare DATABASE_URL COUNT
    python -m bench.settling hall|bare DATABASE_URL PREPARED.json

It takes jobs, each a line of JSON, and answers with a line.
"""

import asyncio
import itertools
import os
import sqlite3
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import msgspec
import uvloop

from bench.cycles import PAIRS, Cycle, Prepared, Recorded, cycles, multiply, prepare
from hiringhall.domain import ids
from hiringhall.queries.audit import audit_all
from hiringhall.store import tables
from hiringhall.store.database import open_database

Waiting: TypeAlias = tuple[list[Recorded], dict[str, str], asyncio.Future[None]]
OneCycle: TypeAlias = Callable[[int], Awaitable[None]]


class Job(msgspec.Struct):
    """The cycles from `first` on, `at_once` of them under way at any time."""

    first: int
    count: int
    at_once: int


class Done(msgspec.Struct):
    """What a job took: wall-clock, and this process's own CPU."""

    wall_s: float
    cpu_s: float


async def make_ready(url: str, count: int) -> None:
    """Open accounts, record a cycle, and make so many tasks; says what there is."""
    database = await open_database(url)
    try:
        prepared = await prepare(database)
    finally:
        await database.close()
    statement = multiply([column.name for column in tables.tasks.columns], count, prepared)
    if url.startswith("sqlite://"):
        connection = sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None)
        connection.execute(statement)
        connection.close()
    else:
        server = await asyncpg.connect(url)
        await server.execute(statement)
        await server.execute("VACUUM ANALYZE")
        await server.close()
    _say(prepared)


async def as_the_hall(url: str, prepared: Prepared) -> None:
    """Carry jobs out by the hall's own functions; at the end the books are checked."""
    database = await open_database(url)
    async for job in _jobs():
        numbers = range(job.first, job.first + job.count)
        made = await cycles(database, prepared, numbers)

        async def one_cycle(number: int, job: Job = job, made: list[Cycle] = made) -> None:
            cycle = made[number - job.first]
            await database.write(cycle.hold)
            await database.write(cycle.release)

        _say(await _carry_out(one_cycle, job))
    audited = await audit_all(database)
    assert audited.ledger.ok, audited.ledger.problems
    await database.close()


class Bare:
    """The recorded statements on a connection of sqlite3, with a group commit and nothing else."""

    def __init__(self, path: str, prepared: Prepared) -> None:
        self._connection = sqlite3.connect(
            path, isolation_level=None, cached_statements=512, check_same_thread=False
        )
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._prepared = prepared
        self._waiting: list[Waiting] = []
        self._committing = False

    async def one_cycle(self, number: int) -> None:
        """Both halves, each on the disk before the next."""
        values = {
            "{task}": self._prepared.task_id(number),
            "{poster}": self._prepared.posters[number % PAIRS],
            "{worker}": self._prepared.workers[number % PAIRS],
        }
        for statements in self._prepared.transactions:
            done = asyncio.get_running_loop().create_future()
            self._waiting.append((statements, values, done))
            if not self._committing:
                self._committing = True
                asyncio.get_running_loop().call_soon(self._begin)
            await done

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            for sql, arguments in self._statements(waiting):
                self._connection.execute(sql, arguments).fetchall()
        except sqlite3.Error as error:
            for *_, done in waiting:
                done.set_exception(error)
            return
        loop = asyncio.get_running_loop()
        commit = loop.run_in_executor(None, self._connection.execute, "COMMIT")
        commit.add_done_callback(lambda _: self._end([done for *_, done in waiting]))

    def _statements(self, waiting: list[Waiting]) -> Iterator[tuple[str, list[Any]]]:
        yield "BEGIN IMMEDIATE", []
        for statements, values, _ in waiting:
            for one in statements:
                yield one.sql, [_filled(argument, values) for argument in one.arguments]

    def _end(self, waiting: list[asyncio.Future[None]]) -> None:
        for done in waiting:
            done.set_result(None)
        self._committing = False
        if self._waiting:
            self._committing = True
            asyncio.get_running_loop().call_soon(self._begin)


def _filled(argument: Any, values: dict[str, str]) -> Any:
    if not isinstance(argument, str) or "{" not in argument:
        return argument
    for name, value in values.items():
        argument = argument.replace(name, value)
    while "{new}" in argument:
        argument = argument.replace("{new}", ids.uuid7(time.time_ns() // 1000, os.urandom(10)), 1)
    return argument


async def bare(url: str, prepared: Prepared) -> None:
    """Carry jobs out with the same statements and nothing else."""
    one_cycle = Bare(url.removeprefix("sqlite://"), prepared).one_cycle
    async for job in _jobs():
        _say(await _carry_out(one_cycle, job))


async def _carry_out(one_cycle: OneCycle, job: Job) -> Done:
    left: Iterator[int] = iter(range(job.first, job.first + job.count))

    async def one_after_another() -> None:
        for number in left:
            await one_cycle(number)

    begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one_after_another() for _ in range(job.at_once)))
    return Done(time.perf_counter() - begun_s, time.process_time() - begun_cpu_s)


async def _jobs() -> AsyncGenerator[Job]:
    for _ in itertools.count():
        line = await asyncio.to_thread(sys.stdin.buffer.readline)
        if not line:
            return
        yield msgspec.json.decode(line, type=Job)


def _say(what: msgspec.Struct) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.buffer.flush()


def main(what: str, url: str, told: str) -> None:
    """Do what is asked."""
    if what == "prepare":
        uvloop.run(make_ready(url, int(told)))
        return
    prepared = msgspec.json.decode(Path(told).read_bytes(), type=Prepared)
    uvloop.run({"hall": as_the_hall, "bare": bare}[what](url, prepared))


if __name__ == "__main__":
    main(*sys.argv[1:])
