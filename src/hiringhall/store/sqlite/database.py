"""The hall's database on SQLite: one writer, reads on the event loop, scans on threads."""

import asyncio
import os
from pathlib import Path
from typing import Literal, TypeVar

from hiringhall.store.database import Body
from hiringhall.store.errors import DatabaseClosed, StoreError
from hiringhall.store.sqlite.connection import connect
from hiringhall.store.sqlite.lock import OwnerLock
from hiringhall.store.sqlite.readers import Readers
from hiringhall.store.sqlite.tx import Driver, SqliteTx
from hiringhall.store.sqlite.writer import Writer

T = TypeVar("T")

SCAN_THREADS = 4
_READ_WAIT_S = 1.0
_SCAN_WAIT_S = 10.0


class SqliteDatabase:
    """`Database` on one file. See `hiringhall.store.database` for what each method promises."""

    def __init__(
        self, path: Path, *, lock: OwnerLock | None, loop_guard_s: float | None = None
    ) -> None:
        use = "read" if lock else "read_only"
        self._path = path
        self._lock = lock
        self._driver = Driver(loop_guard_s)
        self._writer: Writer | None = None
        self._reader = None
        if lock is not None:
            self._writer = Writer(
                connect(path, "write", busy_timeout_s=0), self._driver, asyncio.get_running_loop()
            )
        self._reader = connect(path, use, busy_timeout_s=_READ_WAIT_S)
        self._readers = Readers(
            lambda: connect(path, use, busy_timeout_s=_SCAN_WAIT_S), threads=SCAN_THREADS
        )

    @property
    def dialect(self) -> Literal["sqlite"]:
        return "sqlite"

    async def write(self, body: Body[T], /) -> T:
        self._driver.refuse_inside()
        if self._writer is None:
            raise StoreError("the database was opened for reading only")
        return await self._writer.submit(body)

    async def read(self, body: Body[T], /) -> T:
        if self._reader is None:
            raise DatabaseClosed("the database is closed")
        return self._driver.run(body, SqliteTx(self._reader, reads_only=True))

    async def scan(self, body: Body[T], /) -> T:
        self._driver.refuse_inside()
        return await self._readers.run(body)

    async def close(self) -> None:
        if self._reader is None:
            return
        await self._readers.close()
        self._reader.close()
        self._reader = None
        # Last, for the last connection to close folds the log into the file.
        if self._writer is not None:
            await self._writer.close()
        if self._lock is not None:
            self._lock.release()


async def open_sqlite(
    location: str, *, read_only: bool = False, loop_guard_s: float | None = None
) -> SqliteDatabase:
    """Open the file at an absolute path, made where there is none."""
    path = Path(location)
    if not path.is_absolute():
        raise StoreError(f"sqlite://{location}: the path of a database is absolute")
    if read_only:
        return SqliteDatabase(path, lock=None, loop_guard_s=loop_guard_s)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = OwnerLock.take(path)
    try:
        # Made here, so that nobody but the owner can read it; its log inherits the mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        await _bring_up_to_date(path)
        return SqliteDatabase(path, lock=lock, loop_guard_s=loop_guard_s)
    except BaseException:
        lock.release()
        raise


async def _bring_up_to_date(path: Path) -> None:
    """For now: the tables are created where there are none."""
    from sqlalchemy import create_engine

    from hiringhall.store.tables import metadata

    engine = create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    engine.dispose()
