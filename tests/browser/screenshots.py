"""`make screenshots`: the main pages of a hall that has been lived in, as pictures for the tour."""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.browser.furnished import TURNS, Furnished, furnish
from tests.browser.people import PASSWORD
from tests.support.repository import ROOT
from tests.support.served import served_hall

TOUR = ROOT / "docs" / "tour"
MOST_BYTES = 150_000
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

PICTURES = {
    "home": "/app",
    "task": "/app/tasks/{task_id}",
    "changes": "/app/tasks/{changed}/deliverables/{changes}/changes",
    "market": "/app/market",
    "proposals": "/app/tasks/{contest}",
    "team": "/app/teams/{team_id}",
    "usage": "/app/teams/{team_id}/usage",
    "task-force": "/app/forces/{task_id}",
    "agents": "/app/agents",
    "money": "/app/settings/money",
    "dispute": "/app/admin/disputes/{dispute_id}",
    "admin": "/app/admin",
}
"""A picture by its name: the page that it shows."""

PHONE = {"phone-home": "/app", "phone-task": "/app/tasks/{task_id}"}
"""The same on a phone, at night."""


async def take(furnished: Furnished, browser: Browser) -> None:
    """Sign in, look at each page, and keep what is seen."""
    url = furnished.hall.url
    for pictures, size, scheme in (
        (PICTURES, {"width": 1120, "height": 760}, "light"),
        (PHONE, {"width": 390, "height": 780}, "dark"),
    ):
        context = await browser.new_context(
            base_url=url,
            viewport={"width": size["width"], "height": size["height"]},
            color_scheme="dark" if scheme == "dark" else "light",
            timezone_id="UTC",
            locale="en-GB",
        )
        page = await context.new_page()
        await page.goto("/signin")
        await page.get_by_label("E-mail").fill(furnished.email)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("**/app")
        for name, route in pictures.items():
            await page.goto(furnished.path_of(route), wait_until="load")
            await page.screenshot(path=TOUR / f"{name}.png", animations="disabled")
        await context.close()


async def main() -> int:
    """Make every picture anew; 1 where one is too large, or there is no browser."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        sys.stderr.write("No Chromium is on the PATH: 'apt-get install chromium'\n")
        return 1
    TOUR.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        served_hall(Path(folder) / "hall", turns=TURNS) as hall,
    ):
        furnished = await furnish(hall)
        async with async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=found)
            await take(furnished, browser)
            await browser.close()
    large = [one.name for one in TOUR.glob("*.png") if one.stat().st_size > MOST_BYTES]
    if large:
        sys.stderr.write(f"Larger than {MOST_BYTES} bytes: {', '.join(large)}\n")
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
