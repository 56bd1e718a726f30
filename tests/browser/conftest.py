"""One browser for each test process, a hall for each test, and people who come with one each."""

import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser.line import Line, line_to
from tests.browser.people import Somebody, come
from tests.support.served import ServedHall, served_hall

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
AXE = Path("frontend/node_modules/axe-core/axe.min.js")

Comes = Callable[..., Awaitable[Somebody]]


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    """The system's Chromium; who has none is told how to get it."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("needs Chromium, and none is on the PATH: 'apt-get install chromium'")
    async with async_playwright() as driver:
        opened = await driver.chromium.launch(executable_path=found)
        yield opened
        await opened.close()


@pytest.fixture
def hall(database_url: str, tmp_path: Path) -> Iterator[ServedHall]:
    """A hall whose staff plays the built-in rehearsal: a question of two parts, then a solution."""
    with served_hall(tmp_path / "served", database_url=database_url) as served:
        yield served


@pytest.fixture
async def comes(browser: Browser, hall: ServedHall) -> AsyncIterator[Comes]:
    """Lets somebody come; at the end nothing may have happened in any browser that must not."""
    there: list[Somebody] = []

    async def somebody(url: str = "", *, scripts: bool = True) -> Somebody:
        there.append(await come(browser, url or hall.url, scripts=scripts))
        return there[-1]

    yield somebody
    for one in there:
        await one.context.close()
    assert [trouble for one in there for trouble in one.trouble] == []


@pytest.fixture
async def ada(comes: Comes) -> Somebody:
    """Somebody with an account, at home."""
    made = await comes()
    await made.signs_up("ada")
    return made


@pytest.fixture
async def line(hall: ServedHall) -> AsyncIterator[Line]:
    """A line to the hall that can be cut."""
    async with contextlib.AsyncExitStack() as opened:
        yield await opened.enter_async_context(line_to(hall.url))
