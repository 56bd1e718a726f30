"""A hall served from a thread of its own, for clients that know nothing of event loops."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry

from hiringhall.actions.hall import Hall, Rules
from hiringhall.app import now_us
from hiringhall.blobs import FileLinks, LocalBlobs
from hiringhall.doors.desk import Desk
from hiringhall.doors.front import open_front
from hiringhall.doors.health import Health
from hiringhall.doors.server import Server, listen, run
from hiringhall.store.database import open_database
from tests.support.halls import PATIENCE_S, QuietEngine, make_hall

T = TypeVar("T")

NO_THROTTLE = Rules(
    registrations_per_hour=1_000_000, sign_ins_per_hour=1_000_000, sign_ins_per_email=1_000_000
)

Prepare = Callable[[Hall, LocalBlobs], Coroutine[Any, Any, T]]


@contextmanager
def served_hall(database_url: str, folder: Path, prepare: Prepare[T]) -> Generator[tuple[str, T]]:
    """The hall's URL and what `prepare` returned, which ran before it was served."""
    started, outcome = threading.Event(), list[tuple[str, T]]()
    stopping = threading.Event()

    async def unready() -> Mapping[str, str]:
        return {}

    async def serve() -> None:
        database = await open_database(database_url)
        try:
            hall = make_hall(database, clock=now_us, engine=QuietEngine(), rules=NO_THROTTLE)
            blobs = LocalBlobs(folder / "blobs")
            prepared = await prepare(hall, blobs)
            health = Health(unready, dict[str, str], CollectorRegistry())
            desk = Desk(hall, blobs, FileLinks(b"k" * 32))
            front = open_front(desk, health, version="test")
            async with Server(front.app, listen("127.0.0.1", 0)) as server:
                outcome.append((server.url, prepared))
                started.set()
                await asyncio.to_thread(stopping.wait)
        finally:
            await database.close()
            started.set()

    thread = threading.Thread(target=lambda: run(serve()))
    thread.start()
    try:
        assert started.wait(PATIENCE_S), "the hall was not served"
        assert outcome, "the hall could not be served"
        yield outcome[0]
    finally:
        stopping.set()
        thread.join(PATIENCE_S)
