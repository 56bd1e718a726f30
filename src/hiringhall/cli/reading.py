"""Asks a hall's database a question without writing, also beside a running server."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from hiringhall.cli.local import require_hall
from hiringhall.cli.outcome import CommandError, sentence

if TYPE_CHECKING:
    from hiringhall.settings import Settings
    from hiringhall.store.database import Database

T = TypeVar("T")


def read_hall(settings: "Settings", question: "Callable[[Database], Awaitable[T]]") -> T:
    """Open a hall's database to read only, and ask; raises CommandError."""
    from hiringhall.doors.server import run
    from hiringhall.store.database import open_database
    from hiringhall.store.errors import StoreError

    require_hall(settings)

    async def look() -> T:
        database = await open_database(settings.database, read_only=True)
        try:
            return await question(database)
        finally:
            await database.close()

    try:
        return run(look())
    except StoreError as error:
        raise CommandError(sentence(error)) from None
