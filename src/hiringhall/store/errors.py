"""What can go wrong between the hall and its database; no driver's error leaves the store."""

from pathlib import Path
from typing import Literal, TypeAlias

from hiringhall.domain.errors import Unavailable

ConstraintKind: TypeAlias = Literal["unique", "foreign_key", "check", "not_null", "trigger"]


class StoreError(Exception):
    """The database could not do what was asked; the message is a plain sentence."""


class StatementError(StoreError):
    """A statement is declared in a way, or called with parameters, that cannot be meant."""


class InvalidValue(StoreError):
    """A value that the column cannot hold: NUL in a text, a number beyond 64 bits, a wrong type."""


class ConstraintViolated(StoreError):
    """A row that the schema forbids.

    `constraint` is the name in `tables`, or None where the database does not tell (SQLite
    names neither a foreign key nor the trigger that refused); `table` likewise.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: ConstraintKind,
        constraint: str | None = None,
        table: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind: ConstraintKind = kind
        self.constraint = constraint
        self.table = table


class TransactionMisused(StoreError):
    """A `Tx` was used after its end, by two at once, or for what it is not."""


class TransactionBroken(TransactionMisused):
    """A statement of this transaction failed before; nothing of it will be kept."""


class ForeignAwait(TransactionMisused):
    """The body of a transaction awaited something else than its `Tx`."""


class LoopHeld(StoreError):
    """A read held the event loop for too long (only raised where the guard is on: in tests)."""


class DatabaseClosed(StoreError):
    """The database was closed before the work was begun."""


class DatabaseInUse(StoreError):
    """Another process owns the SQLite file; `pid` is None where it did not say."""

    def __init__(self, path: Path, pid: int | None) -> None:
        holder = f"process {pid}" if pid is not None else "another process"
        super().__init__(
            f"{path} is in use by {holder}: one process owns a SQLite database. "
            "Stop that one first, or use PostgreSQL for several."
        )
        self.path = path
        self.pid = pid


class DatabaseUnavailable(StoreError, Unavailable):
    """The database cannot be reached, or the connection was lost; nothing was changed.

    Its text is for the operator's log; `message`, for whoever called, names no host.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.message = "The hall's database is not available now; try again in a moment"


class DatabaseBusy(DatabaseUnavailable):
    """No connection came free, or no lock was had, in the time allowed; nothing was changed."""


class TransactionConflict(StoreError):
    """Two transactions kept standing in each other's way; this one was undone, many times over."""


class OutcomeUnknown(StoreError):
    """The connection was lost while COMMIT was under way: it may have been kept, or not."""


class SchemaMismatch(StoreError):
    """The tables are of another version of the hall than this one."""
