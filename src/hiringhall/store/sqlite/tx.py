"""A transaction on a SQLite connection, and how its body is run without ever waiting."""

import gc
import time
from collections.abc import Callable
from sqlite3 import Connection
from typing import Any, TypeVar

from hiringhall.store.bodies import refuse_broken, refuse_ended, refuse_waiting
from hiringhall.store.database import Body
from hiringhall.store.errors import (
    LoopHeld,
    StatementError,
    StoreError,
    TransactionBroken,
    TransactionMisused,
)
from hiringhall.store.sqlite.connection import DRIVER_ERRORS, store_error
from hiringhall.store.statements import Plan, Row, Statement, Value

T = TypeVar("T")

# A KeyError is a parameter that is missing.
_ERRORS = (*DRIVER_ERRORS, KeyError)


class SqliteTx:
    """Runs statements at once, on the thread of its body: nothing here ever suspends."""

    # One is made for each request: what seldom differs stands in the class.
    _reads_only = False
    broken_by: StoreError | None = None
    after: tuple[Callable[[], None], ...] = ()

    def __init__(self, connection: Connection) -> None:
        # The connection's own method while all is well, and what refuses ever after.
        self._execute: Callable[..., Any] = connection.execute

    async def one(self, statement: Statement, /, **params: Value) -> Row | None:
        plan = statement.sqlite
        if plan.row is None or plan.count != len(params) or (self._reads_only and plan.writes):
            raise self._refusal(plan, params, wants_rows=True)
        try:
            cursor = self._execute(plan.sql, plan.bind(params))
            found = cursor.fetchone()
            # Asking again also steps a RETURNING to its end.
            if found is None:
                return None
            more = cursor.fetchone()
        except _ERRORS as error:
            raise self._failed(error, plan, params) from None
        if more is not None:
            raise self._broken(plan.refuse_many())
        return plan.row(found)

    async def all(self, statement: Statement, /, **params: Value) -> list[Row]:
        plan = statement.sqlite
        if plan.row is None or plan.count != len(params) or (self._reads_only and plan.writes):
            raise self._refusal(plan, params, wants_rows=True)
        try:
            found = self._execute(plan.sql, plan.bind(params)).fetchall()
        except _ERRORS as error:
            raise self._failed(error, plan, params) from None
        return list(map(plan.row, found))

    async def run(self, statement: Statement, /, **params: Value) -> int:
        plan = statement.sqlite
        if plan.row is not None or plan.count != len(params) or self._reads_only:
            raise self._refusal(plan, params, wants_rows=False)
        try:
            return self._execute(plan.sql, plan.bind(params)).rowcount
        except _ERRORS as error:
            raise self._failed(error, plan, params) from None

    def after_commit(self, call: Callable[[], None], /) -> None:
        if self._reads_only:
            raise TransactionMisused("a read commits nothing")
        self.after = (*self.after, call)

    def end(self) -> None:
        """Refuse whatever is asked from now on: the body has ended."""
        self._execute = refuse_ended

    def _failed(self, error: Exception, plan: Plan, params: dict[str, Any]) -> StoreError:
        return self._broken(plan.refuse(params) or store_error(error, plan))

    def _broken(self, error: StoreError) -> StoreError:
        self.broken_by = error
        self._execute = refuse_broken
        return error

    def _refusal(self, plan: Plan, params: dict[str, Any], *, wants_rows: bool) -> StoreError:
        if wants_rows is (plan.row is None):
            return plan.refuse_rows()
        return plan.refuse(params) or StatementError(
            f"statement {plan.name} writes: a read cannot run it"
        )


class SqliteReadTx(SqliteTx):
    """Refuses statements that write."""

    _reads_only = True


class Driver:
    """Runs bodies from their first statement to their last, one at a time, on one thread.

    Were a body to wait for something else, another's statements would fall between its own, into
    the same transaction; so one that suspends is ended at once, with an error where it waits.
    """

    def __init__(self, guard_s: float | None = None) -> None:
        self._guard_s = guard_s
        self.running = False
        """Whether a body is under way: no transaction begins inside another."""

    def run(self, body: Body[T], tx: SqliteTx) -> T:
        """Run one body. Raises what it raises, `ForeignAwait`, or `TransactionBroken`."""
        self.running = True
        # The thread's own time, so that a busy machine trips no guard; and no collection of
        # garbage that others have made.
        collects = self._guard_s is not None and gc.isenabled()
        if collects:
            gc.disable()
        begun_s = time.thread_time() if self._guard_s is not None else 0.0
        try:
            coroutine = body(tx)
            try:
                waits_for = coroutine.send(None)
            except StopIteration as end:
                result: T = end.value
            else:
                refuse_waiting(coroutine, waits_for)
        finally:
            held_s = time.thread_time() - begun_s if self._guard_s is not None else 0.0
            if collects:
                gc.enable()
            tx.end()
            self.running = False
        if tx.broken_by is not None:
            raise TransactionBroken("its body went on after an error") from tx.broken_by
        if self._guard_s is not None and held_s > self._guard_s:
            raise LoopHeld(f"{body!r} held the event loop for {held_s * 1000:.0f} ms: use scan()")
        return result
