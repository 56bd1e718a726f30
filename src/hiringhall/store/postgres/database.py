"""The hall's database on PostgreSQL: a pooled connection for each transaction."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Literal, TypeGuard, TypeVar

from hiringhall.store import schema
from hiringhall.store.bodies import follow_up
from hiringhall.store.database import Body
from hiringhall.store.errors import (
    DatabaseBusy,
    DatabaseUnavailable,
    OutcomeUnknown,
    StoreError,
    TransactionBroken,
    TransactionConflict,
)
from hiringhall.store.migrations import HEAD
from hiringhall.store.postgres.connection import Connection, connect
from hiringhall.store.postgres.errors import DRIVER_ERRORS, is_lost, store_error
from hiringhall.store.postgres.messenger import Messenger
from hiringhall.store.postgres.migrate import migrate, version_of
from hiringhall.store.postgres.pool import Pool
from hiringhall.store.postgres.tx import PostgresReadTx, PostgresTx, drive

T = TypeVar("T")

POOL_WAIT_S = 10.0
CONFLICT_TRIES = 8
LOSS_PAUSES_S = (0.0, 0.1, 0.3, 1.0)
"""Pauses before each new try after the connection was lost or could not be had."""

_PASSING = (TransactionConflict, DatabaseUnavailable)
_BEGIN_SCAN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresDatabase:
    """`Database` on a server. See `hiringhall.store.database` for what each method promises."""

    def __init__(self, url: str, pool: Pool, *, read_only: bool = False) -> None:
        self._url = url
        self._pool = pool
        self._read_only = read_only

    @property
    def dialect(self) -> Literal["postgresql"]:
        return "postgresql"

    async def write(self, body: Body[T], /) -> T:
        if self._read_only:
            raise StoreError("the database was opened for reading only")
        try:
            return await self._write(body)
        except _PASSING as error:
            return await _persistently(lambda: self._write(body), error)

    async def read(self, body: Body[T], /) -> T:
        try:
            return await self._read(body)
        except _PASSING as error:
            return await _persistently(lambda: self._read(body), error)

    async def scan(self, body: Body[T], /) -> T:
        try:
            return await self._scan(body)
        except _PASSING as error:
            return await _persistently(lambda: self._scan(body), error)

    def messenger(self, heard: Callable[[str], None], renewed: Callable[[], None], /) -> Messenger:
        return Messenger(self._url, heard, renewed)

    async def close(self) -> None:
        await self._pool.close()

    async def _write(self, body: Body[T]) -> T:
        connection = self._pool.take_idle() or await self._pool.take()
        tx = PostgresTx(connection)
        try:
            await _execute(connection, "BEGIN")
            result = await _drive(body, tx)
        except BaseException as error:
            await self._undo(connection, tx, error)
            raise
        await self._commit(connection)
        for call in tx.after:
            follow_up(call)
        return result

    async def _read(self, body: Body[T]) -> T:
        connection = self._pool.take_idle() or await self._pool.take()
        tx = PostgresReadTx(connection)
        try:
            result = await _drive(body, tx)
        except BaseException as error:
            self._put_back(connection, tx, error)
            raise
        self._pool.give(connection)
        return result

    async def _scan(self, body: Body[T]) -> T:
        connection = self._pool.take_idle() or await self._pool.take()
        tx = PostgresReadTx(connection)
        try:
            await _execute(connection, _BEGIN_SCAN)
            result = await _drive(body, tx)
            await _execute(connection, "COMMIT")
        except BaseException as error:
            await self._undo(connection, tx, error)
            raise
        self._pool.give(connection)
        return result

    async def _commit(self, connection: Connection) -> None:
        try:
            status = await connection.execute("COMMIT")
        except DRIVER_ERRORS as error:
            self._pool.cut(connection)
            if is_lost(error) or connection.is_closed():
                raise OutcomeUnknown(
                    "the connection to PostgreSQL was lost during COMMIT: "
                    "it may have been kept, or not"
                ) from error
            raise store_error(error) from None
        except BaseException:
            self._pool.retire(connection)
            raise
        self._pool.give(connection)
        if status != "COMMIT":
            # PostgreSQL answers ROLLBACK, and no error, for a transaction that has failed.
            raise TransactionBroken("the transaction had failed and was rolled back")

    async def _undo(self, connection: Connection, tx: PostgresTx, error: BaseException) -> None:
        """Roll back and put the connection back, or drop it where that cannot be done."""
        if isinstance(error, Exception) and not (tx.busy or _is_loss(error)):
            try:
                await connection.execute("ROLLBACK")
            except DRIVER_ERRORS:
                self._pool.cut(connection)
                return
            except BaseException:
                self._pool.retire(connection)
                raise
        self._put_back(connection, tx, error)

    def _put_back(self, connection: Connection, tx: PostgresTx, error: BaseException) -> None:
        if isinstance(error, asyncio.CancelledError):
            # Its query is being cancelled at the server, by asyncpg.
            self._pool.retire(connection)
        elif tx.busy or _is_loss(error) or connection.is_in_transaction():
            self._pool.cut(connection)
        else:
            self._pool.give(connection)


async def _drive(body: Body[T], tx: PostgresTx) -> T:
    """Run a body to its end. What broke its transaction counts, whatever the body made of it."""
    try:
        result = await drive(body(tx), tx)
    except Exception as error:
        if _may_be_retried(tx.broken_by) and error is not tx.broken_by:
            raise tx.broken_by from error
        raise
    if tx.broken_by is not None:
        if _may_be_retried(tx.broken_by):
            raise tx.broken_by
        raise TransactionBroken("its body went on after an error") from tx.broken_by
    return result


async def _execute(connection: Connection, command: str) -> None:
    try:
        await connection.execute(command)
    except DRIVER_ERRORS as error:
        raise store_error(error) from None


async def _persistently(
    attempt: Callable[[], Awaitable[T]], failure: TransactionConflict | DatabaseUnavailable
) -> T:
    """Try again where nothing was changed and another try may do better."""
    conflicts, losses = 0, 0
    while True:
        if isinstance(failure, TransactionConflict):
            conflicts += 1
            if conflicts == CONFLICT_TRIES:
                raise failure
            # Apart from each other, so that the same two do not meet again.
            pause_s = random.uniform(0, 0.005 * 2**conflicts)  # noqa: S311  no secret
        else:
            if not _is_loss(failure) or losses == len(LOSS_PAUSES_S):
                raise failure
            pause_s = LOSS_PAUSES_S[losses]
            losses += 1
        await asyncio.sleep(pause_s)
        try:
            return await attempt()
        except _PASSING as error:
            failure = error


def _is_loss(error: BaseException | None) -> bool:
    return isinstance(error, DatabaseUnavailable) and not isinstance(error, DatabaseBusy)


def _may_be_retried(error: StoreError | None) -> TypeGuard[StoreError]:
    return isinstance(error, TransactionConflict) or _is_loss(error)


async def open_postgres(
    url: str, *, read_only: bool = False, pool_size: int = 10
) -> PostgresDatabase:
    """Open the database at `url`, its tables brought to this version."""
    connection = await connect(url, read_only=read_only)
    try:
        version = await version_of(connection)
        if read_only:
            schema.check(version)
        elif version != HEAD:
            await migrate(url)
    except BaseException:
        await connection.close(timeout=5)
        raise
    pool = Pool(
        lambda: connect(url, read_only=read_only),
        size=pool_size,
        wait_s=POOL_WAIT_S,
        first=connection,
    )
    return PostgresDatabase(url, pool, read_only=read_only)
