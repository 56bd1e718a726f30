"""What the rest of the hall knows of its database: `Database`, `Tx`, and how to open one."""

from collections.abc import Callable, Coroutine
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from hiringhall.store.errors import StoreError
from hiringhall.store.statements import Row, Statement, Value

__all__ = ["Body", "Database", "Messenger", "Row", "Tx", "open_database"]

T = TypeVar("T")


class Tx(Protocol):
    """One transaction, or one stretch of reading: the only way to run a statement.

    It belongs to the body it was given to, and ends with it. After an error of the database
    nothing more can be done with it on either database, and nothing of it is kept.
    """

    async def one(self, statement: Statement, /, **params: Value) -> Row | None:
        """The one row, or None. More than one is a `StatementError`."""
        ...

    async def all(self, statement: Statement, /, **params: Value) -> list[Row]:
        """Every row."""
        ...

    async def run(self, statement: Statement, /, **params: Value) -> int:
        """Run a statement that returns no rows; the answer is how many rows it changed."""
        ...

    def after_commit(self, call: Callable[[], None], /) -> None:
        """Have `call` called on the event loop once this is committed, and not otherwise."""
        ...


class Messenger(Protocol):
    """Carries short notes to the other processes of a database, after the commits they tell of."""

    def send(self, note: str, /) -> None:
        """Tell the others; letters, digits and few signs, up to 200."""
        ...

    async def close(self) -> None:
        """Send what waits, if that can be done soon, and hear no more."""
        ...


Body: TypeAlias = Callable[[Tx], Coroutine[Any, Any, T]]
"""What is done in one transaction. It awaits nothing but its `Tx`, and may be run again."""


class Database(Protocol):
    """The hall's database. Every method is called on the event loop that opened it."""

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """Which of the two it is."""
        ...

    async def write(self, body: Body[T], /) -> T:
        """Run `body` as one transaction: durable when this returns, undone when it raises.

        A caller that is cancelled leaves all of it or nothing: SQLite does what was queued,
        PostgreSQL undoes it unless COMMIT was on its way. Raises what the body raised, or a
        `StoreError`; after an `OutcomeUnknown` alone it is not known which.
        """
        ...

    async def read(self, body: Body[T], /) -> T:
        """Run a bounded read: by key, or some tens of rows. Each statement sees the newest state.

        SQLite does it on the event loop, PostgreSQL on one connection without a transaction.
        """
        ...

    async def scan(self, body: Body[T], /) -> T:
        """Run a list, a search or a report, all of it on one snapshot and off the event loop."""
        ...

    def messenger(
        self, heard: Callable[[str], None], renewed: Callable[[], None], /
    ) -> Messenger | None:
        """Begin to exchange notes with the other processes of this database.

        `heard` is called on the event loop with each note of another's, `renewed` when some may
        have been missed. None on SQLite, where there are no others.
        """
        ...

    async def close(self) -> None:
        """Finish what was begun, refuse what comes later, and let go of the database."""
        ...


async def open_database(
    url: str, *, read_only: bool = False, loop_guard_s: float | None = None, pool_size: int = 10
) -> Database:
    """Open the database at `url`, its tables brought to this version.

    `url` is `sqlite:///absolute/path/hall.db` or `postgresql://user@host/name`. `read_only` opens
    beside a running server and changes nothing, not even the tables. `loop_guard_s` makes a body
    that keeps SQLite's event loop busy for longer raise `LoopHeld`: for tests. `pool_size` is how
    many connections PostgreSQL is asked for at most.

    Raises `DatabaseInUse`, `DatabaseUnavailable`, `SchemaMismatch`.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        from hiringhall.store.sqlite.database import open_sqlite

        return await open_sqlite(rest, read_only=read_only, loop_guard_s=loop_guard_s)
    if scheme in {"postgresql", "postgres"}:
        from hiringhall.store.postgres.database import open_postgres

        return await open_postgres(url, read_only=read_only, pool_size=pool_size)
    raise StoreError(f"a database URL begins with sqlite:// or postgresql://, not with {scheme}://")
