"""Short notes between the processes of one database, by LISTEN and NOTIFY on an own connection.

A note is sent after the commit that it tells of, many at once where many are waiting. Inside the
transaction it would cost no message of its own, but a transaction that notifies commits behind a
lock of the whole server, one after another: measured with 16 writers on a disk that syncs, 0.3 to
0.6 times the rate of commits. A note that is lost with its process costs a delay, for the rows are
the truth.
"""

import asyncio
import contextlib
import re
import secrets
from collections.abc import Callable

import structlog

from hiringhall.store.errors import StoreError
from hiringhall.store.postgres.connection import Connection, connect
from hiringhall.store.postgres.errors import DRIVER_ERRORS

CHANNEL = "hiringhall"
PAYLOAD_BYTES = 7_900
"""PostgreSQL takes less than 8,000."""
MOST_WAITING = 10_000
EVERYTHING = "*"
"""The note that stands for all that did not fit, or was lost."""
PAUSES_S = (0.05, 0.2, 1.0, 3.0)
CLOSE_S = 2.0

_NOTE = re.compile(r"[A-Za-z0-9_.:/ -]{1,200}")

log = structlog.get_logger()


class Messenger:
    """Sends this process's notes, and hears the others', until it is closed.

    `heard` is called with each note, `renewed` when some may have been missed: after the
    connection was lost, or when another process had too many to tell. Both on the event loop.
    """

    def __init__(self, url: str, heard: Callable[[str], None], renewed: Callable[[], None]) -> None:
        self._url = url
        self._heard = heard
        self._renewed = renewed
        self._name = secrets.token_hex(6)
        # In order, each once.
        self._waiting: dict[str, None] = {}
        self._news = asyncio.Event()
        self._closing = False
        self._task = asyncio.get_running_loop().create_task(self._carry())

    def send(self, note: str) -> None:
        """Tell the other processes; what cannot be told now is told with the next connection."""
        if not _NOTE.fullmatch(note):
            raise ValueError("a note is made of letters, digits and few signs")
        if len(self._waiting) >= MOST_WAITING:
            self._waiting = {EVERYTHING: None}
        if EVERYTHING not in self._waiting:
            self._waiting[note] = None
        self._news.set()

    async def close(self) -> None:
        """Send what waits, if that can be done soon, and let go."""
        self._closing = True
        self._news.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await asyncio.shield(self._task)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _carry(self) -> None:
        losses = 0
        while not self._closing or (self._waiting and not losses):
            try:
                connection = await connect(self._url)
            except StoreError as error:
                losses += 1
                log.warning("messenger.away", why=str(error))
                await self._pause(losses)
                continue
            try:
                await self._listen(connection)
                losses = 0
                # Not before it listens: what changed from then on is heard.
                self._renewed()
                await self._send_all(connection)
            except DRIVER_ERRORS as error:
                losses += 1
                log.warning("messenger.lost", why=type(error).__name__)
                await self._pause(losses)
            finally:
                connection.terminate()

    async def _listen(self, connection: Connection) -> None:
        connection.add_termination_listener(lambda _connection: self._news.set())
        await connection.add_listener(
            CHANNEL, lambda _connection, _pid, _channel, payload: self._receive(payload)
        )

    async def _send_all(self, connection: Connection) -> None:
        """Send what comes until the connection is lost, or this is closed and all is told."""
        while not connection.is_closed():
            self._news.clear()
            while self._waiting:
                payload, told = self._next_payload()
                await connection.execute(f"SELECT pg_notify('{CHANNEL}', $1)", payload)
                for note in told:
                    self._waiting.pop(note, None)
            if self._closing:
                return
            await self._news.wait()

    def _next_payload(self) -> tuple[str, list[str]]:
        told: list[str] = []
        size = len(self._name)
        for note in self._waiting:
            size += len(note) + 1
            if size > PAYLOAD_BYTES:
                break
            told.append(note)
        return ",".join((self._name, *told)), told

    def _receive(self, payload: object) -> None:
        sender, *notes = str(payload).split(",")
        if sender == self._name:
            return
        for note in notes:
            if note == EVERYTHING:
                self._renewed()
            else:
                self._heard(note)

    async def _pause(self, losses: int) -> None:
        if not self._closing:
            await asyncio.sleep(PAUSES_S[min(losses, len(PAUSES_S)) - 1])
