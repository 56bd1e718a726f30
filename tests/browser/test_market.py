"""The market in real browsers: from a claim to a payout, and a proposal chosen of two."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Comes
from tests.browser.people import Somebody

pytestmark = pytest.mark.anyio

PLAN = "I shall read the brief, do what it says, and hand it in."


async def offers(somebody: Somebody, engagement: str, price: str) -> str:
    """Post a task on the market by the page; the task's page."""
    await somebody.opens(f"/app/tasks/new?engagement={engagement}")
    await somebody.types("Title", "Label these")
    await somebody.types("What is to be done", "One word for **each** text.")
    await somebody.types("Price (USD)", price)
    await somebody.presses("See what it costs")
    await somebody.sees("Held until it is done")
    await somebody.presses(f"Post it and hold {price}")
    await expect(somebody.page.get_by_role("heading", level=1)).to_have_text("Label these")
    return somebody.path


async def test_from_a_claim_to_a_payout(ada: Somebody, comes: Comes) -> None:
    """Nobody loads a page anew to hear of the other."""
    await offers(ada, "claim", "20.00")
    bob = await comes()
    await bob.signs_up("bob")
    await bob.opens("/app/market")
    await bob.follows("Label these")
    await bob.presses("Take it")
    await bob.sees("This task is yours")
    await expect(bob.page.locator(".left")).to_contain_text(":")
    await ada.sees("Taken")
    await bob.follows("Hand in work")
    await bob.types("What you made", "# All of them\n\nSee the file.")
    files = [{"name": "labels.csv", "mimeType": "text/csv", "buffer": b"text,label\na,b\n"}]
    await bob.page.get_by_label("Files").set_input_files(files)  # pyright: ignore[reportArgumentType]
    await bob.presses("Hand it in")
    await bob.sees("Delivery 1")
    await ada.sees("All of them")
    await ada.page.get_by_label("Rating").select_option("5")
    await ada.presses("Accept, and pay 20.00")
    await ada.sees("Rated 5 of 5.")
    await bob.sees("Your work was accepted")
    await bob.opens("/app/earnings")
    await bob.sees("18.00")


async def test_a_proposal_is_chosen_of_two(ada: Somebody, comes: Comes) -> None:
    path = await offers(ada, "proposals", "50.00")
    for name, price in (("bob", "40"), ("cleo", "30")):
        maker = await comes()
        await maker.signs_up(name)
        await maker.opens(path)
        await maker.types("Plan", PLAN)
        await maker.types("Price (USD)", price)
        await maker.presses("Send the proposal")
        await maker.sees("Your proposal")
    await ada.opens("/app")
    await ada.page.get_by_role("link", name="Compare: Label these").click()
    await ada.sees("Proposals (2)")
    await ada.follows("Price")
    await expect(ada.page.locator(".bid").first).to_contain_text("30.00")
    await ada.page.locator(".bid").first.get_by_role("button").click()
    await expect(ada.page.locator(".bid").get_by_text("chosen")).to_have_count(1)


async def test_who_looks_at_a_task_on_offer_sees_that_somebody_was_faster(
    ada: Somebody, comes: Comes
) -> None:
    """What they were typing stays; the page asks nothing by itself until there is news."""
    task = await offers(ada, "proposals", "20.00")
    bob, eve = await comes(), await comes()
    await bob.signs_up("bob")
    await eve.signs_up("eve")
    await eve.opens(task)
    await eve.types("Plan", "With care, and on time")
    asked: list[str] = []
    eve.page.on("request", lambda one: asked.append(one.url))
    await bob.opens(task)
    await bob.types("Plan", "At once, and twenty times")
    await bob.types("Price (USD)", "10.00")
    await bob.presses("Send the proposal")
    await ada.opens(task)
    await ada.page.locator(".bid").first.get_by_role("button").click()
    await eve.sees("This task is no longer on offer")
    await expect(eve.page.get_by_label("Plan", exact=True)).to_have_value("With care, and on time")
    assert asked == []
