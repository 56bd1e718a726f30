"""A fresh, migrated database for each test, on SQLite and on PostgreSQL.

A test that takes `database_url` (or a fixture made from it) runs once on each. Both come out of a
template that is migrated once per test process, so that a test pays for a copy and no more.
"""

import asyncio
import contextlib
import fcntl
import itertools
import os
import re
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg
import pytest

from hiringhall.store.database import Database, open_database
from hiringhall.store.errors import StatementError
from hiringhall.store.statements import declared
from tests.support.postgres import start_server

DIALECTS = ("sqlite", "postgresql")
TEST_DATABASE_URL = "HIRINGHALL_TEST_DATABASE_URL"
LOOP_GUARD_S = 0.05
"""CPU time in one stretch: 12 ms were the most seen on a busy machine, with the statements of a
first use compiled in it; hashing a password takes more."""

_T = TypeVar("_T")


@pytest.fixture(params=DIALECTS)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database of the test's own: migrated, empty, and gone afterwards."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        copy = request.getfixturevalue("tmp_path") / "database" / template.name
        copy.parent.mkdir()
        shutil.copyfile(template, copy)
        yield f"sqlite://{copy}"
    else:
        cluster: Cluster = request.getfixturevalue("postgres_cluster")
        name = cluster.create()
        yield cluster.url(name)
        cluster.drop(name)


@pytest.fixture(scope="session")
def compiled_statements() -> None:
    """Every statement compiled: what is done once in a process is no test's time on the loop."""
    for statement in declared():
        # What cannot be compiled is there for a test that says so.
        with contextlib.suppress(StatementError):
            _ = statement.sqlite, statement.postgresql


@pytest.fixture
async def database(database_url: str, compiled_statements: None) -> AsyncIterator[Database]:
    """The test's own database, open; a transaction that holds the event loop fails its test."""
    opened = await open_database(database_url, loop_guard_s=LOOP_GUARD_S)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file with nobody in it, to be copied."""
    path = tmp_path_factory.mktemp("sqlite-template") / "hall.db"
    asyncio.run(_migrate(f"sqlite://{path}"))
    log = path.with_name(f"{path.name}-wal")
    assert not log.exists() or log.stat().st_size == 0, "the template's log was not folded in"
    return path


@pytest.fixture(scope="session")
def postgres_cluster(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Cluster]":
    """The PostgreSQL server of this test run, with this process's template on it."""
    cluster = Cluster(os.environ.get(TEST_DATABASE_URL) or _shared_server(tmp_path_factory))
    yield cluster
    cluster.close()


class Cluster:
    """Makes and drops databases on one PostgreSQL server, for one test process."""

    def __init__(self, maintenance_url: str) -> None:
        self._maintenance_url = maintenance_url
        self._names = itertools.count()
        # A loop of its own, run only from here: fixtures are synchronous, asyncpg is not.
        self._loop = asyncio.new_event_loop()
        self._connection: asyncpg.Connection = self._run(asyncpg.connect(maintenance_url))
        self._prefix = f"hall_test_{self._run(self._connection.fetchval(_UNIQUE))}"
        self._template = f"{self._prefix}_template"
        self._execute(f'CREATE DATABASE "{self._template}"')
        asyncio.run(_migrate(self.url(self._template)))

    def url(self, name: str) -> str:
        """The URL of the database `name` on this server."""
        return urlsplit(self._maintenance_url)._replace(path=f"/{name}").geturl()

    def create(self) -> str:
        """Make a migrated database and return its name."""
        name = f"{self._prefix}_{next(self._names)}"
        # Copying files costs half of replaying the log, where nothing has to be synced.
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}" STRATEGY FILE_COPY')
        return name

    def drop(self, name: str) -> None:
        """Remove the database `name`, even while somebody is connected to it."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def close(self) -> None:
        """Remove the template and let go of the server."""
        self.drop(self._template)
        self._run(self._connection.close())
        self._loop.close()

    def _execute(self, statement: str) -> None:
        self._run(self._connection.execute(statement))

    def _run(self, step: "Coroutine[Any, Any, _T]") -> _T:
        return self._loop.run_until_complete(step)


_UNIQUE = "select substr(replace(gen_random_uuid()::text, '-', ''), 1, 12)"


async def _migrate(url: str) -> None:
    await (await open_database(url)).close()


def _shared_server(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Start the run's one server, or find it: all processes of a run share it.

    Its owner is the process that outlives all others of the run, not the one that came first.
    """
    folder, owner_pid = tmp_path_factory.getbasetemp(), os.getpid()
    if re.fullmatch(r"gw\d+", os.environ.get("PYTEST_XDIST_WORKER", "")):
        folder, owner_pid = folder.parent, os.getppid()
    noted = folder / "postgres.url"
    with (folder / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not noted.exists():
            noted.write_text(start_server(owner_pid=owner_pid).url)
    return noted.read_text()
