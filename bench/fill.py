"""Databases with a thousand or a million tasks: prototypes lived by the hall, multiplied by SQL."""

import asyncio
import hashlib
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import asyncpg
import msgspec
from sqlalchemy import Table

from bench.lives import LIVES, live_all
from hiringhall.store import tables

BYTES_PER_TASK = 4_500
"""What a task takes in the file with its events, runs and indexes; for judging the room."""

_SAMPLE = 5_000
_STEP_MS = 60_000
"""Between one copy of the prototypes and the next: a million are five weeks of a busy hall."""

_MULTIPLIED = (
    tables.tasks,
    tables.questions,
    tables.plans,
    tables.deliverables,
    tables.events,
    tables.runs,
)
_OWN_IDS = {
    *("id", "task_id", "run_id", "previous_run_id"),
    *("question_id", "deliverable_id", "plan_id"),
}

_MADE_FROM = (
    *Path(tables.__file__).parent.glob("migrations/versions/*.py"),
    Path(tables.__file__),
    *(Path(__file__).with_name(f"{name}.py") for name in ("fill", "lives")),
)


class Population(msgspec.Struct):
    """Who and what is in a filled database: keys by organization, and some of the tasks."""

    keys: dict[str, str]
    sample: list[tuple[str, str]]
    """Tasks drawn at random, each with its organization."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled SQLite file, to be copied."""

    path: Path
    population: Population

    def copy_to(self, path: Path) -> str:
        """Copy the file, down to the disk; the copy's URL."""
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.path, path)
        with path.open("rb") as copy:
            # Not while something is measured.
            os.fsync(copy.fileno())
        return f"sqlite://{path}"


def room_bytes(tasks: int) -> int:
    """What the bench needs for so many: the file and its copies, three at most at a time."""
    return 4 * tasks * BYTES_PER_TASK


class Cache:
    """Filled SQLite files, kept by what they were made from; what is out of date is removed."""

    def __init__(self, folder: Path) -> None:
        made_from = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(_MADE_FROM)))
        self._stem = made_from.hexdigest()[:12]
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.iterdir():
            if not left.name.startswith(self._stem):
                _remove(left)

    def filled_file(self, tasks: int) -> Filled:
        """A file with so many tasks, made where it is not there."""
        name = f"{self._stem}-{tasks}"
        path, told = self._folder / f"{name}.db", self._folder / f"{name}.json"
        if not (path.exists() and told.exists()):
            with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=self._folder) as folder:
                unfinished = Path(folder) / path.name
                told.write_bytes(msgspec.json.encode(_fill_sqlite(unfinished, tasks)))
                unfinished.replace(path)
        return Filled(path, msgspec.json.decode(told.read_bytes(), type=Population))


def _remove(left: Path) -> None:
    shutil.rmtree(left) if left.is_dir() else left.unlink()


def _fill_sqlite(path: Path, tasks: int) -> Population:
    keys = asyncio.run(live_all(f"sqlite://{path}"))
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -262144"):
            connection.execute(f"PRAGMA {pragma}")
        for statement in multiply(tasks, "sqlite"):
            connection.execute(statement)
        sample = connection.execute(_DRAW).fetchall()
    finally:
        connection.close()
    return Population(keys, sample)


def fill_postgres(url: str, tasks: int) -> Population:
    """Fill an empty PostgreSQL database."""

    async def fill() -> Population:
        keys = await live_all(url)
        connection = await asyncpg.connect(url)
        try:
            for statement in multiply(tasks, "postgresql"):
                await connection.execute(statement)
            await connection.execute("VACUUM ANALYZE")
            rows = await connection.fetch(_DRAW)
        finally:
            await connection.close()
        return Population(keys, [(row[0], row[1]) for row in rows])

    return asyncio.run(fill())


_DRAW = f"SELECT id, organization_id FROM tasks ORDER BY random() LIMIT {_SAMPLE}"  # noqa: S608


def multiply(tasks: int, dialect: Literal["sqlite", "postgresql"]) -> Iterator[str]:
    """The statements that make so many tasks out of the prototypes, which count too.

    Each copy is older than they are by a step more: its times are moved, and so is the moment in
    its ids (UUIDv7), while the rest of each id stays as drawn. Oldest first, so that the indexes
    grow as they do in life.
    """
    for table in _MULTIPLIED:
        yield f"CREATE TEMP TABLE prototype_{table.name} AS SELECT * FROM {table.name}"  # noqa: S608
    now_ms, copies = time.time_ns() // 1_000_000, tasks // len(LIVES) - 1
    if copies < 1:
        return
    for table in _MULTIPLIED:
        names = [column.name for column in table.columns if not _is_counted(table, column.name)]
        values = [
            _moved(name, f"{now_ms} - c.behind * {_STEP_MS}", now_ms, dialect) for name in names
        ]
        yield (
            f"INSERT INTO {table.name} ({', '.join(names)})"  # noqa: S608
            " WITH RECURSIVE c(behind) AS"
            f" (SELECT {copies} UNION ALL SELECT behind - 1 FROM c WHERE behind > 1)"
            f" SELECT {', '.join(values)} FROM c CROSS JOIN prototype_{table.name} p"
        )


def _is_counted(table: Table, name: str) -> bool:
    return table is tables.events and name == "id"


def _moved(name: str, at_ms: str, now_ms: int, dialect: Literal["sqlite", "postgresql"]) -> str:
    if name.endswith("_at_us"):
        return f"p.{name} - ({now_ms} - ({at_ms})) * 1000"
    if name not in _OWN_IDS:
        return f"p.{name}"
    if dialect == "sqlite":
        moment = f"printf('%08x-%04x', ({at_ms}) >> 16, ({at_ms}) & 65535)"
        return f"{moment} || substr(p.{name}, 14)"
    moment = f"lpad(to_hex({at_ms}), 12, '0')"
    return f"substr({moment}, 1, 8) || '-' || substr({moment}, 9) || substr(p.{name}, 14)"
