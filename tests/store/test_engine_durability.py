"""What was acknowledged is there after the process was killed in the middle of its work."""

import subprocess
import sys
from pathlib import Path

import pytest

from hiringhall.store.database import open_database
from hiringhall.store.errors import DatabaseInUse
from tests.store.samples import ids, sqlite_path

pytestmark = pytest.mark.anyio

_ROOT = Path(__file__).parents[2]
_ENOUGH = 400
_WRITER = """
import asyncio, itertools, sys
from hiringhall.store.database import open_database
from tests.store.samples import add

async def main():
    database = await open_database(sys.argv[1])
    numbers = itertools.count()

    async def client(name):
        for number in numbers:
            # Two rows each: a torn action would leave one of them alone.
            async def body(tx):
                await add(tx, f"{number}-first", data=bytes(2000))
                await add(tx, f"{number}-second", parent=f"{number}-first")
            await database.write(body)
            print(number, flush=True)

    await asyncio.gather(*(client(name) for name in range(8)))

asyncio.run(main())
"""


async def test_kill_9_loses_nothing_that_was_acknowledged(samples_url: str) -> None:
    writer = subprocess.Popen(  # noqa: ASYNC220  nothing else waits for this loop
        [sys.executable, "-c", _WRITER, samples_url],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    acknowledged: list[str] = []
    with writer.stdout:
        for line in writer.stdout:
            # Its last line may be torn.
            acknowledged += [line.strip()] if line.endswith("\n") else []
            if len(acknowledged) == _ENOUGH:
                if samples_url.startswith("sqlite"):
                    await _check_that_it_is_owned_by(writer.pid, samples_url)
                writer.kill()
    writer.wait()
    assert len(acknowledged) >= _ENOUGH

    database = await open_database(samples_url)
    left = set(await ids(database))
    await database.close()
    missing = [n for n in acknowledged if {f"{n}-first", f"{n}-second"} - left]
    assert missing == []
    assert {row.removesuffix("-first") for row in left if row.endswith("-first")} == {
        row.removesuffix("-second") for row in left if row.endswith("-second")
    }


async def _check_that_it_is_owned_by(pid: int, url: str) -> None:
    with pytest.raises(DatabaseInUse, match=f"process {pid}") as caught:
        await open_database(url)
    assert (caught.value.pid, caught.value.path) == (pid, sqlite_path(url))
    reading = await open_database(url, read_only=True)
    assert len(await ids(reading)) >= _ENOUGH
    await reading.close()
