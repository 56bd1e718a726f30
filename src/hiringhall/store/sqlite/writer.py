"""The one writer of a SQLite file: many actions, one commit, and no action harmed by another.

Actions wait in a queue. The writer opens a transaction and runs their bodies on the event loop,
each inside a savepoint of its own, from its first statement to its last. The COMMIT, which waits
for the disk, is made on a thread while more actions gather; only then are the callers answered,
refused ones too, for a refusal may rest on a neighbour's row.

An action that fails is rolled back to its savepoint. Some errors (a full disk, for one) end the
whole transaction, neighbours and all; then each of them is run again in a transaction of its own.
"""

import asyncio
import logging
from collections import deque
from contextvars import Context, copy_context
from sqlite3 import Connection, Error
from time import monotonic
from typing import Any, TypeVar

from hiringhall.store.bodies import follow_up
from hiringhall.store.database import Body
from hiringhall.store.errors import DatabaseClosed, TransactionMisused
from hiringhall.store.sqlite.connection import is_busy, store_error
from hiringhall.store.sqlite.courier import Courier
from hiringhall.store.sqlite.tx import Driver, SqliteTx

T = TypeVar("T")

BATCH_SIZE = 256
"""How many actions share a commit at most."""
BATCH_S = 0.008
"""How long one batch may hold the event loop before it is committed, but for its last action."""
LOCK_WAIT_S = 5.0
"""How long another process (somebody's `sqlite3` shell) may keep the file locked."""

_log = logging.getLogger(__name__)


class _Action:
    """One caller's body, and what became of it."""

    __slots__ = ("body", "context", "error", "future", "tx", "value")

    def __init__(self, body: Body[Any], future: "asyncio.Future[Any]") -> None:
        self.body = body
        self.context: Context = copy_context()
        self.future = future
        self.tx: SqliteTx | None = None
        self.value: Any = None
        self.error: BaseException | None = None


class Writer:
    """Owns the writing connection from `__init__` to `close`."""

    def __init__(
        self, connection: Connection, driver: Driver, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._connection = connection
        self._driver = driver
        self._loop = loop
        self._courier = Courier(loop)
        self._queue: deque[_Action] = deque()
        self._alone = 0  # how many at the head of the queue get a transaction of their own
        self._working = False  # from the first action's arrival until the queue is empty
        self._closing: asyncio.Future[None] | None = None

    def submit(self, body: Body[T]) -> "asyncio.Future[T]":
        """Queue a body; the future is settled when it is on the disk, or undone."""
        if self._closing is not None:
            raise DatabaseClosed("the database is closed")
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.append(_Action(body, future))
        if not self._working:
            self._working = True
            # Not at once: whoever else is ready in this turn of the loop comes along.
            self._loop.call_soon(self._begin)
        return future

    async def close(self) -> None:
        """Refuse new actions, finish those queued, close the connection."""
        if self._closing is None:
            self._closing = self._loop.create_future()
            if not self._working:
                self._closing.set_result(None)
        await asyncio.shield(self._closing)
        self._courier.stop()
        self._connection.close()

    def _begin(self) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except Error as error:
            if is_busy(error):
                self._courier.send(self._begin_patiently, self._begun)
            else:
                self._begun(error)
        else:
            self._begun(None)

    def _begin_patiently(self) -> None:
        self._connection.execute(f"PRAGMA busy_timeout = {int(LOCK_WAIT_S * 1000)}")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        finally:
            self._connection.execute("PRAGMA busy_timeout = 0")

    def _begun(self, error: Exception | None) -> None:
        if error is not None:
            batch = list(self._queue)
            self._queue.clear()
            self._alone = 0
            for action in batch:
                action.error = store_error(error)
            self._settle(batch)
            return
        changes = self._connection.total_changes
        if self._alone or len(self._queue) == 1:
            batch = self._run_alone()
        else:
            batch = self._run_together()
        if self._connection.in_transaction and self._connection.total_changes != changes:
            self._courier.send(self._commit, lambda failure: self._committed(batch, failure))
        else:
            # Nothing was written, or it was undone: there is no disk to wait for.
            self._commit_here(batch)

    def _run_alone(self) -> list[_Action]:
        self._alone = max(0, self._alone - 1)
        action = self._queue.popleft()
        self._attempt(action)
        if action.error is not None:
            self._roll_back()
        elif not self._connection.in_transaction:
            action.error = TransactionMisused("a body ended its transaction by itself")
        return [action]

    def _run_together(self) -> list[_Action]:
        """Run what is queued, each inside a savepoint; the answer is empty when all was lost."""
        execute = self._connection.execute
        batch: list[_Action] = []
        until_s = monotonic() + BATCH_S
        try:
            while self._queue and len(batch) < BATCH_SIZE and monotonic() < until_s:
                action = self._queue.popleft()
                batch.append(action)
                execute("SAVEPOINT action")
                self._attempt(action)
                if action.error is not None:
                    # Fails when the error ended the whole transaction. Without this the next
                    # savepoint would begin, and its release commit, a transaction of its own.
                    execute("ROLLBACK TO action")
                execute("RELEASE action")
        except Error:
            self._roll_back()
            self._run_again(batch)
            return []
        return batch

    def _attempt(self, action: _Action) -> None:
        action.tx = SqliteTx(self._connection)
        action.value = action.error = None
        try:
            action.value = action.context.run(self._driver.run, action.body, action.tx)
        except BaseException as error:  # noqa: BLE001  it is the caller's, whatever it is
            action.error = error

    def _commit(self) -> None:
        self._connection.execute("COMMIT")

    def _commit_here(self, batch: list[_Action]) -> None:
        failure: Exception | None = None
        if self._connection.in_transaction:
            try:
                self._commit()
            except Error as error:
                failure = error
        self._committed(batch, failure)

    def _committed(self, batch: list[_Action], failure: Exception | None) -> None:
        if failure is not None:
            self._roll_back()
            if len(batch) > 1:
                self._run_again(batch)
                batch = []
            else:
                batch[0].error = store_error(failure)
        self._settle(batch)

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except Error:
                _log.exception("a transaction could not be rolled back")

    def _run_again(self, batch: list[_Action]) -> None:
        self._queue.extendleft(reversed(batch))
        self._alone += len(batch)

    def _settle(self, batch: list[_Action]) -> None:
        """Answer the callers, and go on with what has come meanwhile."""
        for action in batch:
            if action.error is None and action.tx is not None:
                for call in action.tx.after:
                    action.context.run(follow_up, call)
        for action in batch:
            if action.future.done():
                continue  # Its caller was cancelled.
            if action.error is None:
                action.future.set_result(action.value)
            else:
                action.future.set_exception(action.error)
        if self._queue:
            self._loop.call_soon(self._begin)
        else:
            self._working = False
            if self._closing is not None:
                self._closing.set_result(None)
