"""Brings the tables on a PostgreSQL server to this version, however many processes try at once."""

import asyncio

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from hiringhall.store import schema
from hiringhall.store.errors import StoreError
from hiringhall.store.migrations import HEAD
from hiringhall.store.postgres.connection import Connection, connect
from hiringhall.store.postgres.errors import DRIVER_ERRORS, store_error

# "hall" in ASCII: whoever holds this advisory lock migrates.
_LOCK = 0x68616C6C


async def version_of(connection: Connection) -> str | None:
    """The version of the tables, or None where there are none."""
    try:
        rows = await connection.fetch(schema.VERSION)
    except asyncpg.UndefinedTableError:
        return None
    except DRIVER_ERRORS as error:
        raise store_error(error) from None
    return rows[0][0] if rows else None


async def migrate(url: str) -> None:
    """Run what is missing in one transaction, under a lock that other processes wait for.

    Raises `SchemaMismatch`, or `StoreError` when a migration fails.
    """
    connection = await connect(url, patient=True)
    try:
        await connection.execute("BEGIN")
        await connection.fetch(f"SELECT pg_advisory_xact_lock({_LOCK})")
        # Asked without an error, which would end the transaction.
        (table,) = (await connection.fetch("SELECT to_regclass('alembic_version') IS NOT NULL"))[0]
        version = await version_of(connection) if table else None
        if version != HEAD:
            script = await asyncio.to_thread(schema.postgres_script, version)
            await connection.execute(script)
        await connection.execute("COMMIT")
    except DRIVER_ERRORS as error:
        told = store_error(error)
        raise StoreError(f"the tables cannot be brought to version {HEAD}: {told}") from error
    finally:
        # Whatever was not committed ends with it.
        await connection.close(timeout=5)
