"""How every connection to PostgreSQL is opened, and what of asyncpg's the hall uses of it."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from hiringhall.store.errors import DatabaseUnavailable, StoreError
from hiringhall.store.postgres.errors import DRIVER_ERRORS

CONNECT_S = 10.0
STATEMENT_S = 60.0
"""How long one statement may take, which the server sees to."""
SILENCE_S = 30
"""How long the network may be silent while something is expected of it."""

_SESSION = {
    "application_name": "hiringhall",
    "synchronous_commit": "on",
    "default_transaction_isolation": "read committed",
    "statement_timeout": f"{STATEMENT_S:.0f}s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    # Compiling a plan takes longer than any of the hall's statements.
    "jit": "off",
}

_READ_ONLY = {"default_transaction_read_only": "on"}
_PATIENT = {"statement_timeout": "0", "lock_timeout": "0"}


class Connection(Protocol):
    """The part of `asyncpg.Connection` that is used; asyncpg declares no types itself."""

    async def fetch(self, query: str, *args: object) -> list[Any]:
        """Run a statement and return its rows."""
        ...

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement and return its status, such as `UPDATE 3`."""
        ...

    async def close(self, *, timeout: float) -> None:  # noqa: ASYNC109  asyncpg's name
        """End a query that was cancelled, then the connection; cut it after `timeout` seconds."""
        ...

    def terminate(self) -> None:
        """Cut the connection at once."""
        ...

    def is_closed(self) -> bool:
        """Whether the connection is known to be gone."""
        ...

    def is_in_transaction(self) -> bool:
        """Whether a transaction was begun and not ended."""
        ...

    async def add_listener(
        self, channel: str, callback: Callable[[Any, int, str, object], None]
    ) -> None:
        """LISTEN, and have each notification of the channel handed over."""
        ...

    def add_termination_listener(self, callback: Callable[[Any], None]) -> None:
        """Have it called when the connection ends, by whatever end."""
        ...


_open = cast("Callable[..., Awaitable[Connection]]", asyncpg.connect)  # pyright: ignore[reportUnknownMemberType]


async def connect(url: str, *, read_only: bool = False, patient: bool = False) -> Connection:
    """Open one connection, set up as the hall's sessions are.

    `read_only` lets the server refuse every write; `patient` sets no limits to what a statement
    takes, as a migration needs. Raises `DatabaseUnavailable`.
    """
    session = _SESSION | (_READ_ONLY if read_only else {}) | (_PATIENT if patient else {})
    try:
        connection = await _open(
            url,
            timeout=CONNECT_S,
            statement_cache_size=1024,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
            server_settings=session,
        )
    except ValueError:
        # It may quote a part of the URL, and with it of a password.
        raise StoreError("the URL of the PostgreSQL database cannot be read") from None
    except DRIVER_ERRORS as error:
        said = str(error) or "no answer in time"
        raise DatabaseUnavailable(f"PostgreSQL cannot be reached: {said}") from None
    _notice_a_dead_peer(connection)
    return connection


def _notice_a_dead_peer(connection: Connection) -> None:
    """Have the kernel end a connection whose other end has gone without a word.

    Or a statement would wait for ever. asyncpg can bound each by a timer; measured, those take
    15 to 20 % of the CPU of a one-row read.
    """
    transport: asyncio.Transport | None = getattr(connection, "_transport", None)
    sock: socket.socket | None = transport.get_extra_info("socket") if transport else None
    if sock is None or sock.family == socket.AF_UNIX:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", SILENCE_S // 2),
        ("TCP_KEEPINTVL", SILENCE_S // 6),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", SILENCE_S * 1000),
    ):
        # Not every system has each of them.
        if (option := getattr(socket, name, None)) is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
