"""A budget in a real browser: an owner caps it, work stops at it, and goes on once it is raised."""

import pytest
from playwright.async_api import expect

from tests.browser.people import Somebody
from tests.browser.spending import begins, calls
from tests.support.served import ServedHall

pytestmark = pytest.mark.anyio


async def with_a_keeper(somebody: Somebody) -> None:
    """Found a team whose pages are kept by a worker elsewhere."""
    await somebody.opens("/app/teams/new")
    await somebody.types("Name", "Rockets")
    await somebody.presses("Found it")
    await expect(somebody.page.get_by_role("heading", level=1)).to_have_text("Rockets")
    await somebody.opens(f"{somebody.path}/roles/new")
    await somebody.types("Name", "keeper")
    await somebody.page.locator("#systemPrompt").fill("You keep our pages.")
    await somebody.page.locator("#runtime").select_option("external")
    await somebody.presses("Add it")
    await somebody.sees("The role is saved.")


async def test_work_stops_at_an_owners_cap_and_goes_on_when_they_add_to_it(
    ada: Somebody, hall: ServedHall
) -> None:
    inside, page = hall.app.hall, ada.page
    await with_a_keeper(ada)
    await ada.opens("/app/settings/budgets")
    await page.locator("#cap").fill("2.00")
    await ada.presses("Set the cap")
    await ada.sees("The cap is set.")
    await ada.sees("2.0000 USD is the cap that holds")

    await ada.opens("/app/tasks/new")
    await ada.types("Title", "Prices on one page")
    await ada.types("What is to be done", "All of them.")
    await page.get_by_label("Team", exact=True).select_option(label="Rockets")
    await ada.presses("Take this team")
    await ada.sees("up to 2.0000, which is all that is left under your organization's cap")
    await page.get_by_label("Role", exact=True).select_option("keeper")
    await ada.presses("Post it")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Prices on one page")
    task = ada.path

    run = hall.do(begins(inside))
    assert hall.do(calls(inside, run, 1_500_000))
    assert not hall.do(calls(inside, run, 1_500_000)), "the cap let it through"
    # The page has heard of it by itself.
    await ada.sees("The organization's cap of 2.00 for models is reached")
    await page.get_by_label("Add 2.00").check()
    await ada.presses("Answer")
    await expect(page.locator("#budget")).to_have_count(0)
    await ada.opens("/app/settings/budgets")
    await ada.sees("4.0000 USD is the cap that holds")

    further = hall.do(begins(inside))
    assert (further.task_id, further.id != run.id) == (run.task_id, True)
    assert hall.do(calls(inside, further, 1_500_000)), "it goes on under the cap that was raised"
    await ada.opens(task)
    await ada.sees("3.0000")
