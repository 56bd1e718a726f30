"""A whole hall at its own address: composed, served and carried as `hiringhall serve` does it.

It lives on an event loop in a thread of the test process, so that a test may wait for programs
that call it, and may reach into it.
"""

import asyncio
import json
import threading
from collections.abc import Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hiringhall.actions import accounts
from hiringhall.app import App, open_app
from hiringhall.cli.serving import serving
from hiringhall.doors.server import run
from hiringhall.hall import Registration
from hiringhall.settings import Settings

T = TypeVar("T")

PATIENCE_S = 120.0

Turn = Mapping[str, Any]
"""One turn of a rehearsal script, as its JSON."""


@dataclass
class ServedHall:
    """A hall being served."""

    url: str
    data_dir: Path
    app: App
    loop: asyncio.AbstractEventLoop

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Await something of the hall's, from the test's own thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_S)

    def key(self, name: str = "ada") -> str:
        """The API key of a new account."""
        email = f"{name}@example.org"
        issued = self.do(accounts.create_user(self.app.hall, email=email, name=name))
        assert issued is not None
        return issued.secret


@contextmanager
def served_hall(
    folder: Path, *, database_url: str | None = None, turns: Sequence[Turn] = (), **settings: Any
) -> Generator[ServedHall]:
    """Serve a hall from a folder of the test's own until the block ends.

    `turns` are what the rehearsal plays; without any its built-in ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if turns:
        script = folder / "script.json"
        script.write_text(json.dumps({"turns": turns}))
        settings["rehearsal_script"] = script
    given: dict[str, Any] = {
        "port": 0,
        "runtime": "rehearsal",
        "registration": Registration.OPEN,
        **settings,
    }
    wanted = Settings(data_dir=folder / "hall", database_url=database_url, **given)
    begun: list[ServedHall] = []
    ready, stop = threading.Event(), asyncio.Event()

    async def live() -> None:
        async with open_app(wanted) as app, serving(app) as served:
            loop = asyncio.get_running_loop()
            begun.append(ServedHall(served.url, wanted.data_dir, app, loop))
            ready.set()
            await stop.wait()

    failed: list[BaseException] = []

    def work() -> None:
        try:
            run(live())
        except BaseException as error:  # noqa: BLE001 - told in the test's own thread
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=work, name="served hall", daemon=True)
    thread.start()
    assert ready.wait(PATIENCE_S), "the hall did not start"
    try:
        if begun:
            yield begun[0]
    finally:
        if begun:
            begun[0].loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE_S)
    if failed:
        raise failed[0]
    assert begun
    assert not thread.is_alive(), "the hall did not stop"
