"""The hall's database on SQLite: one writer, reads on the event loop, scans on threads."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from sqlite3 import Connection
from threading import get_ident
from typing import Literal, TypeVar

from hiringhall.store import schema
from hiringhall.store.database import Body
from hiringhall.store.errors import DatabaseClosed, ForeignAwait, StoreError
from hiringhall.store.migrations import HEAD
from hiringhall.store.sqlite.connection import connect, version_of
from hiringhall.store.sqlite.lock import OwnerLock
from hiringhall.store.sqlite.reader import Reader
from hiringhall.store.sqlite.readers import Readers
from hiringhall.store.sqlite.tx import Driver, SqliteReadTx
from hiringhall.store.sqlite.writer import Writer

T = TypeVar("T")

SCAN_THREADS = 4
_READ_WAIT_S = 1.0
_SCAN_WAIT_S = 10.0


class SqliteDatabase:
    """`Database` on one file. See `hiringhall.store.database` for what each method promises."""

    def __init__(
        self,
        path: Path,
        *,
        writing: Connection | None,
        lock: OwnerLock | None,
        loop_guard_s: float | None = None,
    ) -> None:
        use = "read_only" if writing is None else "read"
        self._lock = lock
        self._loop = asyncio.get_running_loop()
        self._thread = get_ident()
        self._driver = Driver(loop_guard_s)
        self._reader: Reader | None = Reader(
            connect(path, use, busy_timeout_s=_READ_WAIT_S), self._loop
        )
        self._readers = Readers(
            lambda: connect(path, use, busy_timeout_s=_SCAN_WAIT_S), threads=SCAN_THREADS
        )
        self._writer: Writer | None = None
        if writing is not None:
            self._writer = Writer(writing, self._driver, self._loop)

    @classmethod
    async def open(cls, path: Path, *, loop_guard_s: float | None) -> "SqliteDatabase":
        """Own the file, made where there is none, and bring its tables up to date."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = OwnerLock.take(path)
        writing: Connection | None = None
        try:
            # Made here, so that nobody but the owner can read it; its log inherits the mode.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            writing = connect(path, "write", busy_timeout_s=0)
            if (version := version_of(writing)) != HEAD:
                await asyncio.to_thread(schema.migrate_sqlite, writing, version)
            return cls(path, writing=writing, lock=lock, loop_guard_s=loop_guard_s)
        except BaseException:
            if writing is not None:
                writing.close()
            lock.release()
            raise

    @classmethod
    def open_read_only(cls, path: Path, *, loop_guard_s: float | None) -> "SqliteDatabase":
        """Read beside whoever owns the file, or when nobody does."""
        connection = connect(path, "read_only", busy_timeout_s=_READ_WAIT_S)
        try:
            schema.check(version_of(connection))
        finally:
            connection.close()
        return cls(path, writing=None, lock=None, loop_guard_s=loop_guard_s)

    @property
    def dialect(self) -> Literal["sqlite"]:
        return "sqlite"

    async def write(self, body: Body[T], /) -> T:
        self._refuse_inside()
        if self._writer is None:
            raise StoreError("the database was opened for reading only")
        return await self._writer.submit(body)

    async def read(self, body: Body[T], /) -> T:
        self._refuse_inside()
        if self._reader is None:
            raise DatabaseClosed("the database is closed")
        return self._driver.run(body, SqliteReadTx(self._reader.begin()))

    async def scan(self, body: Body[T], /) -> T:
        self._refuse_inside()
        return await self._readers.run(body)

    def messenger(self, heard: Callable[[str], None], renewed: Callable[[], None], /) -> None:
        return None

    async def close(self) -> None:
        if self._reader is None:
            return
        self._reader.close()
        self._reader = None
        await self._readers.close()
        # Last, for the last connection to close folds the log into the file.
        if self._writer is not None:
            await self._writer.close()
        if self._lock is not None:
            self._lock.release()

    def _refuse_inside(self) -> None:
        """Raise where a body is under way, here or, in a scan, on another thread."""
        # Not by the running loop: asking for it takes a system call each time.
        if self._driver.running or get_ident() != self._thread:
            raise ForeignAwait("a transaction was begun inside the body of another")


async def open_sqlite(
    location: str, *, read_only: bool = False, loop_guard_s: float | None = None
) -> SqliteDatabase:
    """Open the file at an absolute path."""
    path = Path(location)
    if not path.is_absolute():
        raise StoreError(f"sqlite://{location}: the path of a database is absolute")
    if read_only:
        return SqliteDatabase.open_read_only(path, loop_guard_s=loop_guard_s)
    return await SqliteDatabase.open(path, loop_guard_s=loop_guard_s)
