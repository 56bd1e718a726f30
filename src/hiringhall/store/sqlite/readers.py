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
from hiringhall.store.sqlite.tx import Driver, SqliteReadTx

T = TypeVar("T")

# Steps of SQLite's machine: some milliseconds.
_ASK_EVERY = 100_000


class _Reader:
    """One thread's connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.driver = Driver()


class Readers:
    """Runs bodies on snapshots. A caller that is cancelled ends its own query."""

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
        gone = threading.Event()
        context = copy_context()
        running = asyncio.get_running_loop().run_in_executor(
            self._pool, lambda: context.run(self._run, body, gone)
        )
        try:
            return await running
        except asyncio.CancelledError:
            gone.set()
            raise

    async def close(self) -> None:
        """Finish what was begun, close the connections."""
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown, wait=True)
        for reader in self._opened:
            reader.connection.close()

    def _run(self, body: Body[T], gone: threading.Event) -> T:
        reader: _Reader | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = _Reader(self._connect())
            self._opened.append(reader)
        # Asked while a query runs, where an interrupt would miss what has not begun yet.
        reader.connection.set_progress_handler(gone.is_set, _ASK_EVERY)
        try:
            _execute(reader.connection, "BEGIN")
            return reader.driver.run(body, SqliteReadTx(reader.connection))
        finally:
            reader.connection.set_progress_handler(None, 0)
            if reader.connection.in_transaction:
                _execute(reader.connection, "ROLLBACK")


def _execute(connection: Connection, command: str) -> None:
    try:
        connection.execute(command)
    except Error as error:
        raise store_error(error) from None
