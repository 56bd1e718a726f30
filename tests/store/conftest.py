"""Databases for the tests of the store's engine, with the table of `samples.py` in them."""

from collections.abc import AsyncIterator

import pytest

from hiringhall.store.database import Database, open_database
from tests.store import samples


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
