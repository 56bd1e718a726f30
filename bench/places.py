"""The two databases to measure on: each makes filled ones and tells what was written in them."""

import asyncio
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import asyncpg

from bench.fill import Cache, Population, fill_postgres, room_bytes
from bench.processes import Server, start_floor, start_hall
from bench.racing import Racer
from tests.support.postgres import start_server

SLACK_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class Made:
    """A filled database, and the folder for whoever serves it."""

    folder: Path
    url: str
    population: Population

    def hall(self, *, slots: int = 0, script: Path | None = None) -> Server:
        """A hall on it, in a process of its own; with no `slots` its runs stay queued."""
        return start_hall(self.folder, self.url, slots=slots, script=script)

    def floor(self) -> Server:
        """The floor on it, likewise."""
        return start_floor(self.folder, self.url)

    def racer(self, server: Server) -> Racer:
        """A server on it, ready to be asked."""
        return Racer(server, self.population)


class Place(Protocol):
    """One of the two databases."""

    name: str

    def why_not(self, tasks: int) -> str:
        """Why a database of that many tasks is not to be had here; empty when it is."""
        ...

    def make(self, name: str, tasks: int) -> Made:
        """A database of its own, filled."""
        ...

    def rows(self, made: Made, statement: str) -> list[Any]:
        """What a statement finds in it, while others write there."""
        ...


class SqlitePlace:
    """Files on the disk where the results are kept, which is a real one wherever /tmp may be."""

    name = "SQLite"

    def __init__(self, work: Path, cache: Cache) -> None:
        self._work = work
        self._cache = cache

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        pass

    def why_not(self, tasks: int) -> str:
        free_bytes, needed_bytes = shutil.disk_usage(self._work).free, room_bytes(tasks)
        if free_bytes >= needed_bytes + SLACK_BYTES:
            return ""
        return f"{needed_bytes / 1e9:.0f} GB are needed in {self._work.parent}"

    def make(self, name: str, tasks: int) -> Made:
        filled = self._cache.filled_file(tasks)
        folder = self._work / f"sqlite-{name}"
        return Made(folder, filled.copy_to(folder / "hall.db"), filled.population)

    def rows(self, made: Made, statement: str) -> list[Any]:
        path = made.url.removeprefix("sqlite://")
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()


class PostgresPlace:
    """A server of the bench's own, with fsync; gone with it."""

    name = "PostgreSQL"

    def __init__(self, work: Path) -> None:
        self._work = work
        self._server = start_server(durable=True)
        self._templates: dict[int, tuple[str, Population]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._server.stop()

    def why_not(self, tasks: int) -> str:
        if tasks <= 10_000:
            return ""
        return "how many rows the server holds is no matter for the hall's own process"

    def make(self, name: str, tasks: int) -> Made:
        if tasks not in self._templates:
            template = f"template_{tasks}"
            self._run(f"CREATE DATABASE {template}")
            self._templates[tasks] = template, fill_postgres(self._url(template), tasks)
        template, population = self._templates[tasks]
        self._run(f"CREATE DATABASE bench_{name} TEMPLATE {template}")
        return Made(self._work / f"postgres-{name}", self._url(f"bench_{name}"), population)

    def rows(self, made: Made, statement: str) -> list[Any]:
        return self._run(statement, made.url)

    def _url(self, database: str) -> str:
        return urlsplit(self._server.url)._replace(path=f"/{database}").geturl()

    def _run(self, statement: str, url: str | None = None) -> list[Any]:
        async def run() -> list[Any]:
            connection = await asyncpg.connect(url or self._server.url)
            try:
                return await connection.fetch(statement)
            finally:
                await connection.close()

        return asyncio.run(run())
