"""How every connection to the SQLite file is opened, and how its errors are told."""

import re
import sqlite3
from pathlib import Path
from typing import Literal

from sqlalchemy import Index, Table, UniqueConstraint

from hiringhall.store import schema
from hiringhall.store.dialects import HEX_TO_BYTES
from hiringhall.store.errors import (
    ConstraintKind,
    ConstraintViolated,
    DatabaseBusy,
    DatabaseUnavailable,
    InvalidValue,
    StoreError,
)
from hiringhall.store.statements import Plan

_OLDEST = (3, 35, 0)
_CACHED_STATEMENTS = 512
_CACHE_KIB = 64 * 1024
_LOG_KEPT_BYTES = 64 * 1024 * 1024

_BOTH = (
    # Every acknowledged transaction is on the disk: measured at 0.97 times the rate of NORMAL.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # Else `INSERT OR REPLACE` removes rows without asking the triggers that forbid it.
    "PRAGMA recursive_triggers = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",
    f"PRAGMA cache_size = -{_CACHE_KIB}",
    f"PRAGMA journal_size_limit = {_LOG_KEPT_BYTES}",
)

DRIVER_ERRORS = (sqlite3.Error, OverflowError, UnicodeError)
"""What running a statement can raise: the driver's errors, and Python's own for odd values."""


def connect(
    path: Path, use: Literal["write", "read", "read_only"], *, busy_timeout_s: float
) -> sqlite3.Connection:
    """Open a connection that begins no transaction by itself.

    "read" refuses to write though the file may be written; "read_only" opens it so. Raises
    `StoreError`.
    """
    if sqlite3.sqlite_version_info < _OLDEST:
        raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or newer is needed")
    mode = "ro" if use == "read_only" else "rw"
    try:
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode={mode}",
            uri=True,
            timeout=busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=_CACHED_STATEMENTS,
        )
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be opened: {error}") from error
    try:
        _prepare(connection, writes=use == "write")
    except sqlite3.Error as error:
        connection.close()
        raise StoreError(f"{path} cannot be used as a database: {error}") from error
    except StoreError:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, *, writes: bool) -> None:
    connection.create_function(HEX_TO_BYTES, 1, bytes.fromhex, deterministic=True)
    if writes:
        (journal,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if journal != "wal":
            raise StoreError("the database is on a file system that can keep no write-ahead log")
    for pragma in _BOTH:
        connection.execute(pragma)
    if not writes:
        connection.execute("PRAGMA query_only = ON")


def version_of(connection: sqlite3.Connection) -> str | None:
    """The version of the tables, or None where there are none."""
    try:
        row = connection.execute(schema.VERSION).fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise store_error(error) from None
    return row[0] if row else None


def is_busy(error: BaseException) -> bool:
    """Whether another process holds the lock that was asked for."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def store_error(error: Exception, plan: Plan | None = None) -> StoreError:
    """The driver's error in the store's words."""
    where = f"statement {plan.name}: " if plan else ""
    if isinstance(error, sqlite3.IntegrityError):
        return _violation(error, plan, where)
    if isinstance(error, (OverflowError, UnicodeError, sqlite3.DataError)):
        return InvalidValue(f"{where}{error}")
    if _is_unbindable(error):
        return InvalidValue(f"{where}{error}")
    if is_busy(error):
        return DatabaseBusy(f"{where}another process is writing to the database file")
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISK:
        return DatabaseUnavailable(f"{where}the database file cannot be used: {error}")
    return StoreError(f"{where}{error}")


def _is_unbindable(error: Exception) -> bool:
    return isinstance(error, sqlite3.InterfaceError | sqlite3.ProgrammingError) and (
        "binding parameter" in str(error)
    )


_DISK = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
}
_KINDS: dict[int, ConstraintKind] = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: "unique",
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: "unique",
    sqlite3.SQLITE_CONSTRAINT_ROWID: "unique",
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: "foreign_key",
    sqlite3.SQLITE_CONSTRAINT_CHECK: "check",
    sqlite3.SQLITE_CONSTRAINT_NOTNULL: "not_null",
    sqlite3.SQLITE_CONSTRAINT_TRIGGER: "trigger",
}


def _violation(error: sqlite3.IntegrityError, plan: Plan | None, where: str) -> StoreError:
    kind = _KINDS.get(error.sqlite_errorcode)
    if kind is None:
        return InvalidValue(f"{where}{error}")
    _, _, subject = str(error).partition("constraint failed: ")
    table, constraint = None, None
    if kind == "check":
        constraint = subject
    elif named := re.fullmatch(r"index '(.+)'", subject):
        constraint = named[1]
    elif subject and kind != "trigger":
        # Columns are all that SQLite tells of a key: "users.email, users.name".
        table = subject.partition(".")[0]
        columns = {part.rpartition(".")[2] for part in subject.split(", ")}
        if kind == "unique":
            constraint = _unique_name(plan, table, columns)
    return ConstraintViolated(f"{where}{error}", kind=kind, constraint=constraint, table=table)


def _unique_name(plan: Plan | None, table_name: str, columns: set[str]) -> str | None:
    target = getattr(plan.element if plan else None, "table", None)
    if not isinstance(target, Table):
        return None
    table = target.metadata.tables.get(table_name)
    if table is None:
        return None
    keys = [part for part in table.constraints if isinstance(part, UniqueConstraint)]
    indexes: list[Index] = [index for index in table.indexes if index.unique]
    for key in (table.primary_key, *keys, *indexes):
        if {column.name for column in key.columns} == columns:
            return str(key.name) if key.name else None
    return None
