"""A task's sheet in a real browser, while others are at the same task."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Comes
from tests.browser.line import Line
from tests.browser.people import Somebody
from tests.browser.test_boards import beside, founds

pytestmark = pytest.mark.anyio

TITLE = "Count the stars"
ASKS = "How thorough should the pretended work be?"


async def opens_sheet(ada: Somebody) -> str:
    """Found a team with a task that is ready; the path of its sheet."""
    board = await founds(ada)
    await ada.opens(f"{board}/tasks/new")
    await ada.types("Title", TITLE)
    await ada.page.get_by_label("Where it begins").select_option(label="Ready")
    await ada.presses("Put it up")
    await expect(ada.page.get_by_role("heading", level=1)).to_have_text(TITLE)
    return ada.path


async def test_a_sheet_shows_what_happens_and_keeps_what_is_typed(
    ada: Somebody, comes: Comes
) -> None:
    sheet = await opens_sheet(ada)
    twin = await beside(ada, comes, sheet)
    page = twin.page
    await page.evaluate("window.isSame = true")
    await twin.types("What is to be done", "Half a sent")
    await page.get_by_text("Take it off the board").first.click()
    await ada.presses("Have a worker begin")
    # State, worker, question and log come by themselves.
    await twin.sees("Its worker waits for an answer")
    await expect(page.locator("#standing")).to_contain_text("Has a question")
    await expect(page.locator("#part-workers")).to_contain_text("Ended")
    await expect(page.locator(".log")).to_contain_text(ASKS)
    # A part of it is another task, and shown as well.
    await ada.follows("Add a part")
    await ada.types("Title", "Count the planets")
    await ada.presses("Put it up")
    await expect(page.locator("#part-parts")).to_contain_text("Count the planets")
    # The same form, saved by somebody else: what is typed stays, and it is said.
    note = page.get_by_text("Somebody else has changed this meanwhile")
    await expect(note).to_be_hidden()
    await ada.opens(sheet)
    await ada.types("Accept criteria", "All of them")
    await ada.presses("Save")
    await expect(note).to_be_visible()
    description = page.get_by_label("What is to be done", exact=True)
    await expect(description).to_have_value("Half a sent")
    await expect(page.get_by_text("I mean it")).to_be_visible()
    assert await page.evaluate("window.isSame"), "the page was never loaded anew"
    await twin.presses("Save")
    await expect(description).to_have_value("Half a sent")
    await expect(page.get_by_label("Accept criteria", exact=True)).to_have_value("All of them")
    # Where nothing is typed, the other's words come.
    await ada.opens(sheet)
    await twin.types("What is to be done", "The whole sentence")
    await twin.presses("Save")
    await expect(ada.page.get_by_label("What is to be done", exact=True)).to_have_value(
        "The whole sentence"
    )


async def test_what_was_refused_stays_as_it_was_typed(ada: Somebody, comes: Comes) -> None:
    sheet = await opens_sheet(ada)
    twin = await beside(ada, comes, sheet)
    await twin.types("What is to be done", "Kept")
    await twin.types("Priority", "soon")
    await twin.presses("Save")
    await expect(twin.page.locator("#priority-wrong")).to_be_visible()
    await ada.presses("Have a worker begin")
    await twin.sees("Its worker waits for an answer")
    await expect(twin.page.get_by_label("Priority", exact=True)).to_have_value("soon")
    await expect(twin.page.get_by_label("What is to be done", exact=True)).to_have_value("Kept")


async def test_a_sheet_goes_on_when_its_line_is_back(
    ada: Somebody, comes: Comes, line: Line
) -> None:
    sheet = await opens_sheet(ada)
    away = await beside(ada, comes, sheet, url=line.url)
    await line.cut()
    await ada.presses("Have a worker begin")
    await ada.sees("Its worker waits for an answer")
    await away.sees("The line to the hall is lost")
    await line.mend()
    await away.sees("Its worker waits for an answer")
    await expect(away.page.locator(".log")).to_contain_text(ASKS)
    ids = await away.page.locator(".log > li").evaluate_all("all => all.map(one => one.id)")
    assert len(set(ids)) == len(ids), "no event is told twice"
