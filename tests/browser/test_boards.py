"""A team's board in a real browser: cards dragged and moved by keys, while others do the same."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Comes
from tests.browser.line import Line
from tests.browser.people import Somebody

pytestmark = pytest.mark.anyio


async def founds(somebody: Somebody, *titles: str) -> str:
    """Found a team with tasks in its backlog; the path of its board."""
    await somebody.opens("/app/teams/new")
    await somebody.types("Name", "Rockets")
    await somebody.presses("Found it")
    await expect(somebody.page.get_by_role("heading", level=1)).to_have_text("Rockets")
    board = somebody.path
    for title in titles:
        await somebody.opens(f"{board}/tasks/new")
        await somebody.types("Title", title)
        await somebody.presses("Put it up")
        await expect(somebody.page.get_by_role("heading", level=1)).to_have_text(title)
    await somebody.opens(board)
    return board


async def test_a_card_is_dragged_to_a_column_and_stays_there(ada: Somebody) -> None:
    board = await founds(ada, "Count the stars", "Name them")
    page = ada.page
    card = page.locator("[data-card]", has_text="Count the stars")
    await card.drag_to(page.locator("[data-column=in_review]"), source_position={"x": 6, "y": 6})
    await expect(
        page.locator("[data-column=in_review]").get_by_text("Count the stars")
    ).to_be_visible()
    await expect(page).to_have_url(re.compile(r"#task-"))
    await ada.opens(board)
    await expect(page.locator("[data-column=draft] [data-card]")).to_have_count(1)
    await expect(page.locator("[data-column=in_review] [data-card]")).to_have_count(1)


async def test_a_card_is_moved_by_keys_alone(ada: Somebody) -> None:
    await founds(ada, "Count the stars")
    page = ada.page
    await page.get_by_role("link", name="Count the stars").focus()
    await page.keyboard.press("Tab")
    await page.keyboard.type("Don")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-column=done]").get_by_text("Count the stars")).to_be_visible()


async def beside(ada: Somebody, comes: Comes, board: str, **more: Any) -> Somebody:
    """Ada at a second browser, at the same board."""
    twin = await comes(**more)
    await twin.signs_in("ada")
    await twin.opens(board)
    return twin


def there(somebody: Somebody, column: str, title: str) -> Locator:
    """The card of a title, if it hangs in a column."""
    return somebody.page.locator(f"[data-column={column}] [data-card]", has_text=title)


async def moves(somebody: Somebody, title: str, to: str) -> None:
    """Move a card by its own form."""
    card = somebody.page.locator("[data-card]", has_text=title)
    await card.get_by_label("Where").select_option(label=to)
    await card.get_by_role("button", name="Move").click()
    await expect(somebody.page).to_have_url(re.compile(r"#task-"))


async def test_what_one_does_on_a_board_the_other_sees_at_once(ada: Somebody, comes: Comes) -> None:
    board = await founds(ada, "Count the stars", "Name them")
    twin = await beside(ada, comes, board)
    await twin.page.evaluate("window.isSame = true")
    await moves(ada, "Count the stars", "Ready")
    await expect(there(twin, "open", "Count the stars")).to_be_visible()
    await expect(there(twin, "draft", "Count the stars")).to_have_count(0)
    await expect(there(twin, "draft", "Name them")).to_be_visible()
    await ada.opens(f"{board}/tasks/new")
    await ada.types("Title", "Draw a map")
    await ada.page.get_by_label("Where it begins").select_option(label="Ready")
    await ada.presses("Put it up")
    await expect(there(twin, "open", "Draw a map")).to_be_visible()
    await ada.types("Title", "Draw two maps")
    await ada.presses("Save")
    await expect(there(twin, "open", "Draw two maps")).to_be_visible()
    await ada.presses("Have a worker begin")
    await expect(there(twin, "in_progress", "Draw two maps")).to_contain_text("Has a question")
    # A card that came by itself is one like the others.
    assert await twin.page.evaluate("window.isSame"), "the page was never loaded anew"
    await moves(twin, "Draw two maps", "Backlog")
    await expect(there(twin, "draft", "Draw two maps")).to_be_visible()


async def test_who_is_in_the_middle_of_something_keeps_it(ada: Somebody, comes: Comes) -> None:
    board = await founds(ada, "Count the stars", "Name them")
    twin = await beside(ada, comes, board)
    # By keys: what is chosen and not sent yet, and where they are.
    card = there(twin, "draft", "Count the stars")
    await card.get_by_label("Where").select_option(label="Done")
    await card.get_by_label("Where").focus()
    await moves(ada, "Count the stars", "Ready")
    moved = there(twin, "open", "Count the stars")
    await expect(moved.get_by_label("Where")).to_have_value("done")
    await expect(moved.get_by_label("Where")).to_be_focused()
    # By hand: a card that is held stays under the hand.
    held = there(twin, "draft", "Name them")
    box = await held.bounding_box()
    assert box is not None
    mouse = twin.page.mouse
    await mouse.move(box["x"] + 6, box["y"] + 6)
    await mouse.down()
    await mouse.move(box["x"] + 30, box["y"] + 30, steps=5)
    await expect(held).to_have_class(re.compile("dragged"))
    async with twin.page.expect_response(lambda one: one.url.endswith(board)):
        await moves(ada, "Name them", "Review")
    await expect(held).to_have_class(re.compile("dragged"))
    await mouse.up()
    await expect(there(twin, "in_review", "Name them")).to_be_visible()


async def test_a_board_goes_on_when_its_line_is_back(
    ada: Somebody, comes: Comes, line: Line
) -> None:
    board = await founds(ada, "Count the stars")
    away = await beside(ada, comes, board, url=line.url)
    await line.cut()
    await moves(ada, "Count the stars", "Done")
    await away.sees("The line to the hall is lost")
    await expect(there(away, "draft", "Count the stars")).to_be_visible()
    await line.mend()
    await expect(there(away, "done", "Count the stars")).to_be_visible()
    await expect(away.page.locator("[data-lost]")).to_be_hidden()
    taken = line.taken
    await moves(ada, "Count the stars", "Ready")
    await expect(there(away, "open", "Count the stars")).to_be_visible()
    assert line.taken - taken < 3, "by the stream, and not by asking ever again"


async def test_a_board_that_nobody_looks_at_leaves_its_line_and_comes_back(
    ada: Somebody, comes: Comes
) -> None:
    board = await founds(ada, "Count the stars")
    twin = await beside(ada, comes, board)
    page = twin.page
    await page.clock.install()
    await page.reload()
    hide = """is => {
        Object.defineProperty(document, "hidden", { value: is, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    await page.evaluate(hide, True)
    await page.clock.run_for(31_000)
    await moves(ada, "Count the stars", "Done")
    await page.clock.run_for(5_000)
    await expect(there(twin, "draft", "Count the stars")).to_be_visible()
    await page.evaluate(hide, False)
    await page.clock.run_for(1_000)
    await expect(there(twin, "done", "Count the stars")).to_be_visible()
    await moves(ada, "Count the stars", "Ready")
    await page.clock.resume()
    await expect(there(twin, "open", "Count the stars")).to_be_visible()


async def test_a_task_force_shows_what_happens_and_keeps_what_is_typed(ada: Somebody) -> None:
    await ada.opens("/app/forces/new")
    await ada.types("Title", "A guide")
    await ada.types("What is to be done", "All of it.")
    await ada.page.get_by_label("Price of all of it").fill("50")
    await ada.presses("See what it costs")
    await ada.presses("Hold 50.00, and plan it")
    await ada.page.get_by_label("Title").first.fill("Look around")
    await ada.page.get_by_label("What is to be done in it").first.fill("All around.")
    await ada.page.get_by_label("Share").first.fill("20")
    await ada.presses("Keep the plan")
    await expect(ada.page.get_by_role("img", name="Each part")).to_be_visible()
    other = await ada.context.new_page()
    await other.goto(ada.page.url)
    await other.get_by_label("Message").fill("A word from elsewhere")
    await other.get_by_role("button", name="Say it").click()
    await ada.page.bring_to_front()
    await ada.sees("A word from elsewhere")
    await ada.page.get_by_label("Message").fill("Half a sent")
    await other.bring_to_front()
    await other.get_by_label("Message").fill("And another")
    await other.get_by_role("button", name="Say it").click()
    await ada.page.bring_to_front()
    await ada.sees("what you typed is still here")
    await expect(ada.page.get_by_label("Message")).to_have_value("Half a sent")


async def test_a_board_stands_as_its_teams_other_tabs_and_shows_every_column_whole(
    ada: Somebody,
) -> None:
    board = await founds(ada, "Count the stars")
    page = ada.page
    for width in (1280, 1900):
        await page.set_viewport_size({"width": width, "height": 900})
        places: list[Any] = []
        for path in (f"{board}/roles", board):
            await ada.opens(path)
            places.append(await page.get_by_role("heading", level=1).bounding_box())
        assert places[0] == places[1], width
        is_whole = """select => {
            const free = select.cloneNode(true);
            free.style.flex = "none"; free.style.maxWidth = "none";
            select.parentNode.append(free);
            const wants = free.offsetWidth;
            free.remove();
            return select.offsetWidth >= wants;
        }"""
        assert await page.get_by_label("Where").evaluate(is_whole), width
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
