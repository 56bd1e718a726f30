"""A transaction on a PostgreSQL connection, and how a body is held to awaiting nothing else."""

import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any, NoReturn, TypeVar

from hiringhall.store.bodies import refuse_broken, refuse_ended, refuse_waiting
from hiringhall.store.errors import StatementError, StoreError, TransactionMisused
from hiringhall.store.postgres.connection import Connection
from hiringhall.store.postgres.errors import DRIVER_ERRORS, store_error
from hiringhall.store.statements import Plan, Row, Statement, Value

T = TypeVar("T")


class PostgresTx:
    """Runs statements on one connection, one at a time."""

    # One is made for each request: what seldom differs stands in the class.
    _reads_only = False
    _refuse: Callable[[], NoReturn] | None = None
    broken_by: StoreError | None = None
    after: tuple[Callable[[], None], ...] = ()
    busy = False
    """Whether a statement is under way: the only time when the body may be suspended.

    It stays so when the body was made to leave it, and the connection is of no more use.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def one(self, statement: Statement, /, **params: Value) -> Row | None:
        plan = statement.postgresql
        if plan.row is None or plan.count != len(params) or not self._is_free(plan):
            raise self._refusal(plan, params, wants_rows=True)
        arguments = self._bind(plan, params)
        self.busy = True
        try:
            rows = await self._connection.fetch(plan.sql, *arguments)
        except DRIVER_ERRORS as error:
            raise self._broken(store_error(error, plan)) from None
        self.busy = False
        if not rows:
            return None
        if len(rows) > 1:
            raise self._broken(plan.refuse_many())
        return plan.row(rows[0])

    async def all(self, statement: Statement, /, **params: Value) -> list[Row]:
        plan = statement.postgresql
        if plan.row is None or plan.count != len(params) or not self._is_free(plan):
            raise self._refusal(plan, params, wants_rows=True)
        arguments = self._bind(plan, params)
        self.busy = True
        try:
            rows = await self._connection.fetch(plan.sql, *arguments)
        except DRIVER_ERRORS as error:
            raise self._broken(store_error(error, plan)) from None
        self.busy = False
        return list(map(plan.row, rows))

    async def run(self, statement: Statement, /, **params: Value) -> int:
        plan = statement.postgresql
        if plan.row is not None or plan.count != len(params) or not self._is_free(plan):
            raise self._refusal(plan, params, wants_rows=False)
        arguments = self._bind(plan, params)
        self.busy = True
        try:
            status = await self._connection.execute(plan.sql, *arguments)
        except DRIVER_ERRORS as error:
            raise self._broken(store_error(error, plan)) from None
        self.busy = False
        # "UPDATE 3", "INSERT 0 3"
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    def after_commit(self, call: Callable[[], None], /) -> None:
        if self._reads_only:
            raise TransactionMisused("a read commits nothing")
        self.after = (*self.after, call)

    def end(self) -> None:
        """Refuse whatever is asked from now on: the body has ended."""
        self._refuse = refuse_ended

    def _is_free(self, plan: Plan) -> bool:
        return not (self.busy or self._refuse or (self._reads_only and plan.writes))

    def _bind(self, plan: Plan, params: dict[str, Any]) -> tuple[Any, ...]:
        try:
            return plan.bind(params)
        except KeyError:
            raise self._refusal(plan, params, wants_rows=plan.row is not None) from None

    def _broken(self, error: StoreError) -> StoreError:
        self.busy = False
        self.broken_by = error
        self._refuse = refuse_broken
        return error

    def _refusal(self, plan: Plan, params: dict[str, Any], *, wants_rows: bool) -> StoreError:
        if wants_rows is (plan.row is None):
            return plan.refuse_rows()
        if wrong := plan.refuse(params):
            return wrong
        if self._refuse is not None:
            self._refuse()
        if self.busy:
            return TransactionMisused("a transaction runs one statement at a time")
        return StatementError(f"statement {plan.name} writes: a read cannot run it")


class PostgresReadTx(PostgresTx):
    """Refuses statements that write."""

    _reads_only = True


@types.coroutine
def drive(coroutine: Coroutine[Any, Any, T], tx: PostgresTx) -> Generator[Any, Any, T]:
    """Await a body's coroutine, and end it when it suspends while its `Tx` is idle.

    A body that waited for something else would keep its connection and its locks for as long; on
    SQLite it is refused too. This costs one more frame where a statement suspends, too little to
    be measured beside the round trip, so it is always on.
    """
    resume: Callable[[Any], Any] = coroutine.send
    value: Any = None
    try:
        while True:
            try:
                waits_for = resume(value)
            except StopIteration as end:
                result: T = end.value
                return result
            if not tx.busy:
                refuse_waiting(coroutine, waits_for)
            try:
                value = yield waits_for
                resume = coroutine.send
            except BaseException as error:  # noqa: BLE001  thrown on into the body
                resume, value = coroutine.throw, error
    finally:
        tx.end()
