"""Databases for the tests of the store's engine, with the table of `samples.py` in them."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hiringhall.store.database import Database, open_database
from tests.store import samples
from tests.support.databases import Cluster


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> Iterator[str]:
    """A migrated database on PostgreSQL, for what is that server's own."""
    name = postgres_cluster.create()
    yield postgres_cluster.url(name)
    postgres_cluster.drop(name)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite file, for what is that database's own."""
    copy = tmp_path / "hall.db"
    shutil.copyfile(sqlite_template, copy)
    return f"sqlite://{copy}"


@pytest.fixture
async def samples_url(database_url: str) -> str:
    """A database that nobody has open, on each of the two servers."""
    await samples.create(database_url)
    return database_url


@pytest.fixture
async def store(samples_url: str) -> AsyncIterator[Database]:
    """The same, open."""
    database = await open_database(samples_url)
    yield database
    await database.close()
