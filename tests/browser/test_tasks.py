"""A task from the page that it is posted at to the solution that is approved."""

import time

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Comes
from tests.browser.line import Line
from tests.browser.people import PATIENCE_MS, Somebody

pytestmark = pytest.mark.anyio

ASKS = "This is a rehearsal. How thorough should the pretended work be?"
MORE = "Anything else the worker should know?"


async def posts(somebody: Somebody, title: str = "Build a page") -> str:
    """Post a task for the hall's own staff; its path."""
    await somebody.opens("/app/tasks/new")
    await somebody.types("Title", title)
    await somebody.types("What is to be done", "A page with a *hero*.")
    await somebody.presses("Post it")
    await expect(somebody.page.get_by_role("heading", level=1)).to_have_text(title)
    return somebody.path


async def test_from_signing_up_to_an_approved_solution(ada: Somebody) -> None:
    """The page is never loaded anew by hand: what the worker does comes to it."""
    await posts(ada)
    page = ada.page
    await page.get_by_role("radio", name="Complete").check()
    await ada.types(MORE, "It is for <b>bakers</b>.")
    await ada.presses("Answer")
    await ada.sees("Delivery 1")
    await expect(page.get_by_role("link", name="REHEARSAL.md", exact=True)).to_be_visible()
    async with page.expect_download() as downloading:
        await ada.follows("Download: REHEARSAL.md")
    download = await downloading.value
    assert download.suggested_filename == "REHEARSAL.md"
    assert "# Rehearsal" in (await download.path()).read_text()
    await ada.presses("Accept")
    await expect(page.locator("#now").get_by_text("Done", exact=True)).to_be_visible()
    await expect(page.get_by_text("It is for <b>bakers</b>.").first).to_be_attached()


async def test_all_of_it_without_a_script(comes: Comes) -> None:
    """Whoever has scripts switched off loads pages anew, and is lacking nothing."""
    plain = await comes(scripts=False)
    await plain.signs_up("ada")
    path = await posts(plain)

    async def until(text: str) -> None:
        end_s = time.monotonic() + PATIENCE_MS / 1000
        while not await plain.page.locator("#now").get_by_text(text).count():
            assert time.monotonic() < end_s, text
            await plain.opens(path)

    await until(MORE)
    # With no script a text of one's own need not be ticked; what is left out is said.
    await plain.page.get_by_label("Other, in your own words").fill("As quick as can be")
    await plain.presses("Answer")
    await plain.sees("This has no answer yet.")
    await expect(plain.page.get_by_label("Other, in your own words")).to_have_value(
        "As quick as can be"
    )
    await plain.types(MORE, "Nothing")
    await plain.presses("Answer")
    await until("Delivery 1")
    await plain.presses("Accept")
    await until("Done")


async def test_other_is_an_answer_in_ones_own_words(ada: Somebody) -> None:
    await posts(ada)
    page = ada.page
    group = page.get_by_role("group", name=ASKS)
    ticked, own = group.get_by_role("radio", name="Other:"), group.get_by_label("Other, in your")
    await own.fill("As you would for a friend")
    await expect(ticked).to_be_checked()
    # Who chooses something else has the text put aside, and finds it again.
    await group.get_by_role("radio", name="Complete").check()
    await expect(own).to_have_value("")
    await ticked.check()
    await expect(own).to_have_value("As you would for a friend")
    await ada.types(MORE, "No")
    await ada.presses("Answer")
    await ada.sees("Delivery 1")
    await ada.sees("As you would for a friend")


async def test_two_people_on_one_task_at_once(ada: Somebody, comes: Comes) -> None:
    """Who was slower is told so, and what they typed is still there."""
    path = await posts(ada)
    twin = await comes()
    await twin.signs_in("ada")
    await twin.opens(path)
    await twin.types(MORE, "The second word")
    await ada.page.get_by_role("radio", name="Complete").check()
    await ada.types(MORE, "The first word")
    await ada.presses("Answer")
    await ada.sees("Delivery 1")
    # News came while the other was typing: it is said, and nothing typed is lost by it.
    await twin.sees("This task has moved on meanwhile")
    await expect(twin.page.get_by_label(MORE)).to_have_value("The second word")
    await twin.presses("Answer")
    await twin.sees("What you typed, which was not sent")
    await twin.sees("The second word")
    await twin.sees("Delivery 1")


async def test_what_came_while_the_line_was_lost_comes_when_it_is_back(
    comes: Comes, line: Line
) -> None:
    away = await comes(line.url)
    await away.signs_up("ada")
    path = await posts(away)
    await away.sees(MORE)
    await line.cut()
    near = await comes()
    await near.signs_in("ada")
    await near.opens(path)
    await near.page.get_by_role("radio", name="Complete").check()
    await near.types(MORE, "Said elsewhere")
    await near.presses("Answer")
    await near.sees("Delivery 1")
    await expect(away.page.get_by_text("Delivery 1")).to_have_count(0)
    await away.sees("The line to the hall is lost")
    await line.mend()
    await away.sees("Delivery 1")
    await away.sees("The line to the hall is back")
    await expect(away.page.locator("[data-lost]")).to_be_hidden()
    seen = away.page.locator(".log > li")
    lines = await near.page.locator(".log > li").count()
    await expect(seen).to_have_count(lines)
    ids = await seen.evaluate_all("all => all.map(one => one.id)")
    assert len(set(ids)) == len(ids), "no event is told twice"
