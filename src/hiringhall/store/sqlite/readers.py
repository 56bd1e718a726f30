"""Threads that read the SQLite file beside the event loop, each on a connection of its own."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from sqlite3 import Connection, Error
from typing import TypeVar

from hiringhall.store.database import Body
from hiringhall.store.errors import DatabaseClosed
from hiringhall.store.sqlite.connection import store_error
from hiringhall.store.sqlite.tx import Driver, SqliteTx

T = TypeVar("T")


class _Reader:
    """One thread's connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.driver = Driver()


class Readers:
    """Runs bodies on snapshots. A caller that is cancelled interrupts its own query."""

    def __init__(self, connect: Callable[[], Connection], *, threads: int) -> None:
        self._connect = connect
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hall-read")
        self._local = threading.local()
        self._opened: list[_Reader] = []
        self._closed = False

    async def run(self, body: Body[T]) -> T:
        """Run `body` on the next free thread."""
        if self._closed:
            raise DatabaseClosed("the database is closed")
        query = _Query()
        context = copy_context()
        running = asyncio.get_running_loop().run_in_executor(
            self._pool, lambda: context.run(self._run, body, query)
        )
        try:
            return await running
        except asyncio.CancelledError:
            query.cancel()
            raise

    async def close(self) -> None:
        """Finish what was begun, close the connections."""
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown, wait=True)
        for reader in self._opened:
            reader.connection.close()

    def _run(self, body: Body[T], query: "_Query") -> T:
        reader: _Reader | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = _Reader(self._connect())
            self._opened.append(reader)
        query.begin(reader.connection)
        try:
            _execute(reader.connection, "BEGIN")
            return reader.driver.run(body, SqliteTx(reader.connection, reads_only=True))
        finally:
            query.end()
            if reader.connection.in_transaction:
                _execute(reader.connection, "ROLLBACK")


def _execute(connection: Connection, command: str) -> None:
    try:
        connection.execute(command)
    except Error as error:
        raise store_error(error) from None


class _Query:
    """Lets a caller interrupt its own query, and never the next one on the same connection."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._cancelled = False

    def begin(self, connection: Connection) -> None:
        with self._lock:
            if self._cancelled:
                raise DatabaseClosed("the caller has gone")
            self._connection = connection

    def end(self) -> None:
        with self._lock:
            self._connection = None

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            if self._connection is not None:
                self._connection.interrupt()
