"""Brings the tables of a database to this version of the hall, with Alembic.

Alembic is imported only when there is something to do. Each start that migrates is one
transaction: all of it is there afterwards, or none.
"""

import io
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hiringhall.store.errors import SchemaMismatch, StoreError
from hiringhall.store.migrations import HEAD

if TYPE_CHECKING:
    from alembic.config import Config

VERSION = "SELECT version_num FROM alembic_version"

# Alembic hands its versions what they work on through variables of a module.
_one_at_a_time = threading.Lock()


def check(version: str | None) -> None:
    """Raise `SchemaMismatch` unless the tables are of this version: for who may not change them."""
    if version != HEAD:
        raise SchemaMismatch(
            f"the tables are of version {version or 'none'}, and this hall's is {HEAD}: "
            "start the newer of the two on this database first"
        )


def migrate_sqlite(connection: sqlite3.Connection, version: str | None) -> None:
    """Migrate on a connection that is in no transaction.

    Raises `SchemaMismatch`, or `StoreError` when a migration fails.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import StaticPool

    if version is None and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise SchemaMismatch("the file is a database of something else: the tables are not ours")
    settings = config(version)
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    try:
        # SQLAlchemy rolls back when it takes up a connection and when it lets go of it.
        with engine.connect() as settings.attributes["connection"]:
            _migrate_sqlite(connection, settings)
    except DBAPIError as error:
        raise StoreError(f"the tables cannot be brought to version {HEAD}: {error.orig}") from error
    except sqlite3.Error as error:
        raise StoreError(f"the tables cannot be brought to version {HEAD}: {error}") from error


def _migrate_sqlite(connection: sqlite3.Connection, settings: "Config") -> None:
    from alembic import command

    # Tables are recreated under the eyes of those that refer to them; and inside of a transaction
    # this pragma does nothing.
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN IMMEDIATE")
    try:
        with _one_at_a_time:
            command.upgrade(settings, "head")
        if broken := connection.execute("PRAGMA foreign_key_check").fetchall():
            raise StoreError(f"migrating would leave rows that refer to none: {broken[0]}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute("PRAGMA foreign_keys = ON")


def postgres_script(version: str | None) -> str:
    """The SQL that brings PostgreSQL from `version` here, to be run in one transaction.

    Raises `SchemaMismatch`.
    """
    from alembic import command

    script = io.StringIO()
    settings = config(version, output_buffer=script)
    with _one_at_a_time:
        command.upgrade(settings, f"{version}:head" if version else "head", sql=True)
    return script.getvalue()


def config(version: str | None = None, **options: Any) -> "Config":
    """Alembic's settings. Raises `SchemaMismatch` for a version that this hall does not know."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    settings = Config(**options)
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    settings.set_main_option("path_separator", "os")
    settings.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    known = {script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()}
    if version is not None and version not in known:
        raise SchemaMismatch(
            f"the tables are of version {version}, which this hall does not know (its own is "
            f"{HEAD}): a newer hall made them. Start that one, or restore an older backup"
        )
    return settings
