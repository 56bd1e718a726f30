"""Every page at a desk and on a phone, by day and by night: axe-core finds nothing serious.

All four of these looks are had at a hall on SQLite, and one of them, at a desk by day, at a hall on
PostgreSQL: what a page says may come out of either, its width and its colours hang on neither.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, ViewportSize

from tests.browser.furnished import STANDINGS, TURNS, Furnished, furnish, routes
from tests.browser.people import PASSWORD, PATIENCE_MS
from tests.support.databases import DIALECTS, Cluster
from tests.support.repository import ROOT
from tests.support.served import served_hall

pytestmark = pytest.mark.anyio

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
DESK = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=390, height=844)
STRANGERS = ("/signin", "/signup", "/setup", "/join")

_ALL: dict[str, Any] = {"resultTypes": ["violations"]}
_COLOURS = {**_ALL, "runOnly": {"type": "rule", "values": ["color-contrast"]}}


@pytest.fixture(scope="package", params=DIALECTS)
def looked_at(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The URL of the database of a furnished hall; None for the file that a hall has by itself."""
    if request.param == "sqlite":
        yield None
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    name = cluster.create()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(scope="package")
async def furnished(
    looked_at: str | None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Furnished]:
    """One hall for all looks, on each database."""
    folder = tmp_path_factory.mktemp("furnished")
    with served_hall(folder, database_url=looked_at, turns=TURNS) as hall:
        yield await furnish(hall)


@pytest.fixture(scope="package")
async def cookies(browser: Browser, furnished: Furnished) -> Any:
    """What the browser of somebody signed in keeps."""
    context = await browser.new_context(base_url=furnished.hall.url)
    page = await context.new_page()
    await page.goto("/signin")
    await page.get_by_label("E-mail").fill(furnished.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/app")
    kept = await context.storage_state()
    await context.close()
    return kept


@pytest.fixture(scope="package")
def axe() -> str:
    if not AXE.exists():
        pytest.skip("needs axe-core, which npm brings: 'make setup', where npm's packages are had")
    return Path(AXE).read_text()


@pytest.mark.parametrize("route", [*routes(), *STANDINGS])
async def test_nothing_serious_is_found(
    route: str,
    browser: Browser,
    looked_at: str | None,
    furnished: Furnished,
    cookies: Any,
    axe: str,
) -> None:
    """At SQLite's hall in four looks; at PostgreSQL's in one, and as wide as a phone."""
    state = None if route in STRANGERS else cookies
    context = await browser.new_context(
        base_url=furnished.hall.url, storage_state=state, viewport=DESK
    )
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    answer = await page.goto(furnished.path_of(route), wait_until="load")
    assert answer is not None
    assert answer.status == 200, route
    await page.evaluate(axe)
    found: list[str] = []
    for name, size in (("desk", DESK), ("phone", PHONE)):
        await page.set_viewport_size(size)
        if looked_at is not None and name == "phone":
            break
        await page.emulate_media(color_scheme="light")
        found += [f"{name}, by day: {one}" for one in await _look(page, _ALL)]
        if looked_at is None:
            await page.emulate_media(color_scheme="dark")
            found += [f"{name}, by night: {one}" for one in await _look(page, _COLOURS)]
    assert found == []
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"], "the page is wider than a phone"
    await context.close()


async def _look(page: Page, options: dict[str, Any]) -> list[str]:
    said = await page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{one['id']} ({one['impact']}) {node['target']}: {node['html'][:200]}"
        for one in said["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]
