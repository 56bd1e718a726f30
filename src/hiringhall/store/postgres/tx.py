"""A transaction on a PostgreSQL connection, and how a body is held to awaiting nothing else."""

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, NoReturn, TypeVar

from hiringhall.store.bodies import refuse_broken, refuse_ended, refuse_waiting
from hiringhall.store.errors import StatementError, StoreError, TransactionMisused
from hiringhall.store.postgres.connection import Connection
from hiringhall.store.postgres.errors import DRIVER_ERRORS, store_error
from hiringhall.store.statements import Plan, Row, Statement, Value

T = TypeVar("T")


class PostgresTx:
    """Runs statements on one connection, one at a time."""

    __slots__ = ("_connection", "_reads_only", "_refuse", "after", "broken_by", "busy")

    def __init__(self, connection: Connection, *, reads_only: bool = False) -> None:
        self._connection = connection
        self._reads_only = reads_only
        self._refuse: Callable[[], NoReturn] | None = None
        self.busy = False
        """Whether a statement is under way: the only time when the body may be suspended.

        It stays so when the body was made to leave it, and the connection is of no more use.
        """
        self.broken_by: StoreError | None = None
        self.after: list[Callable[[], None]] = []

    async def one(self, statement: Statement, /, **params: Value) -> Row | None:
        plan = statement.postgresql
        if plan.row is None:
            raise plan.refuse_rows()
        rows = await self._rows(plan, params)
        if not rows:
            return None
        if len(rows) > 1:
            raise self._broken(plan.refuse_many())
        return plan.row(rows[0])

    async def all(self, statement: Statement, /, **params: Value) -> list[Row]:
        plan = statement.postgresql
        if plan.row is None:
            raise plan.refuse_rows()
        return list(map(plan.row, await self._rows(plan, params)))

    async def run(self, statement: Statement, /, **params: Value) -> int:
        plan = statement.postgresql
        if plan.row is not None:
            raise plan.refuse_rows()
        self._begin(plan, params)
        try:
            status = await self._connection.execute(plan.sql, *plan.bind(params))
        except DRIVER_ERRORS as error:
            raise self._broken(store_error(error, plan)) from None
        self.busy = False
        # "UPDATE 3", "INSERT 0 3"
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    def after_commit(self, call: Callable[[], None], /) -> None:
        if self._reads_only:
            raise TransactionMisused("a read commits nothing")
        self.after.append(call)

    def end(self) -> None:
        """Refuse whatever is asked from now on: the body has ended."""
        self._refuse = refuse_ended

    async def _rows(self, plan: Plan, params: dict[str, Any]) -> list[Any]:
        self._begin(plan, params)
        try:
            rows = await self._connection.fetch(plan.sql, *plan.bind(params))
        except DRIVER_ERRORS as error:
            raise self._broken(store_error(error, plan)) from None
        self.busy = False
        return rows

    def _begin(self, plan: Plan, params: dict[str, Any]) -> None:
        if plan.names != params.keys():
            raise plan.refuse(params)
        if self._refuse is not None:
            self._refuse()
        if self.busy:
            raise TransactionMisused("a transaction runs one statement at a time")
        if self._reads_only and plan.writes:
            raise StatementError(f"statement {plan.name} writes: a read cannot run it")
        self.busy = True

    def _broken(self, error: StoreError) -> StoreError:
        self.busy = False
        self.broken_by = error
        self._refuse = refuse_broken
        return error


class Driven(Generic[T]):
    """Awaits a body's coroutine, and ends it when it suspends while its `Tx` is idle.

    A body that waited for something else would keep its connection and its locks for as long; on
    SQLite it is refused too. This costs one more frame where a statement suspends, too little to
    be measured beside the round trip, so it is always on.
    """

    __slots__ = ("_coroutine", "_tx")

    def __init__(self, coroutine: Coroutine[Any, Any, T], tx: PostgresTx) -> None:
        self._coroutine = coroutine
        self._tx = tx

    def __await__(self) -> Generator[Any, Any, T]:
        coroutine, tx = self._coroutine, self._tx
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
