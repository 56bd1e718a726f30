"""A team's board in a real browser: a card that is dragged, and one that is moved by keys."""

import re

import pytest
from playwright.async_api import expect

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
