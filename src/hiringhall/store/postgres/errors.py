"""How PostgreSQL's errors, and asyncpg's own, are told in the store's words."""

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
from asyncpg import exceptions as pg  # pyright: ignore[reportMissingTypeStubs]

from hiringhall.store.errors import (
    ConstraintKind,
    ConstraintViolated,
    DatabaseBusy,
    DatabaseUnavailable,
    InvalidValue,
    StatementError,
    StoreError,
    TransactionConflict,
)
from hiringhall.store.statements import Plan

DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,  # and with it TimeoutError and every lost connection
    UnicodeError,
    OverflowError,
)
"""What a call of the driver can raise, but for cancellation."""


_CONFLICTS = (
    pg.SerializationError,
    pg.DeadlockDetectedError,
    # Another process changed the tables since the statement was prepared.
    pg.InvalidCachedStatementError,
)
_LOST = (
    pg.PostgresConnectionError,
    pg.AdminShutdownError,
    pg.CrashShutdownError,
    pg.CannotConnectNowError,
    pg.DatabaseDroppedError,
    pg.IdleInTransactionSessionTimeoutError,
    asyncpg.InternalClientError,
    OSError,
)
_KINDS: tuple[tuple[type[Exception], ConstraintKind], ...] = (
    (pg.UniqueViolationError, "unique"),
    (pg.ForeignKeyViolationError, "foreign_key"),
    (pg.CheckViolationError, "check"),
    (pg.NotNullViolationError, "not_null"),
    # What the hall's own triggers raise.
    (pg.IntegrityConstraintViolationError, "trigger"),
)


def is_lost(error: BaseException) -> bool:
    """Whether the connection is of no more use."""
    # asyncpg has no class of its own for using what it knows to be closed.
    return isinstance(error, _LOST) or (
        isinstance(error, asyncpg.InterfaceError) and "connection is closed" in str(error)
    )


def store_error(error: Exception, plan: Plan | None = None) -> StoreError:
    """The driver's error in the store's words, without the values it quotes."""
    told = f"statement {plan.name}: {_said(error)}" if plan else _said(error)
    for cls, kind in _KINDS:
        if isinstance(error, cls):
            return ConstraintViolated(
                told,
                kind=kind,
                constraint=getattr(error, "constraint_name", None),
                table=getattr(error, "table_name", None),
            )
    if isinstance(error, _CONFLICTS):
        return TransactionConflict(told)
    if isinstance(error, (pg.LockNotAvailableError, pg.TooManyConnectionsError)):
        return DatabaseBusy(told)
    if isinstance(error, TimeoutError):
        return DatabaseBusy("PostgreSQL did not answer in time")
    if isinstance(error, pg.ReadOnlySQLTransactionError):
        return StatementError(told)
    if is_lost(error):
        return DatabaseUnavailable(f"PostgreSQL cannot be reached: {told}")
    if isinstance(error, (pg.DataError, UnicodeError, OverflowError)):
        return InvalidValue(told)
    return StoreError(told)


def _said(error: Exception) -> str:
    # A PostgresError prints its DETAIL too, and with it the row.
    said = str(error.args[0]) if isinstance(error, asyncpg.PostgresError) else str(error)
    if said.startswith("invalid input for query argument"):
        # asyncpg's own, which goes on with the value and ends with the reason in brackets.
        place, _, rest = said.partition(": ")
        return f"{place} ({rest.rpartition(' (')[2]}"
    return said or type(error).__name__
