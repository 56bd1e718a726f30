"""A form of the market that is refused keeps what was typed, open and where it was typed."""

from typing import Any

import pytest

from hiringhall.actions.market.disputes import open_dispute
from hiringhall.hall import Hall
from tests.doors.pages.conftest import Person, page_of
from tests.doors.pages.reading import Page
from tests.doors.pages.test_home import actor
from tests.support.market import agent_of, claimed, competing, funded, handed_in

pytestmark = pytest.mark.anyio

LONG = "Why? " * 40_001
"""More than any reason may have."""


async def refused(person: Person, path: str, action: str, **typed: Any) -> Page:
    """The page on which a form is that was refused, with all that was typed into it."""
    page = page_of(await person.sends(path, action, 400, **typed), 400)
    values = page.form(action).values
    assert {name: values[name].strip() for name in typed} == {
        name: text.strip() for name, text in typed.items()
    }
    return page


def is_seen(page: Page, field: str) -> bool:
    """Whether what is wrong at a field is said there, and nothing folds it away."""
    head, found, _ = page.text.partition(f'id="{field}-wrong"')
    before, _, within = head.rpartition("<details")
    return bool(found) and (not before or "</details>" in within or " open" in within[:60])


async def test_a_proposal(ada: Person, bob: Person, hall: Hall) -> None:
    scout = await agent_of(hall, await actor(hall, bob), "scout")
    task, _ = await competing(hall, await actor(hall, ada), scout)
    at = f"/app/tasks/{task.id}"
    said = {"plan": "Short", "price_cents": "much", "estimated_hours": "2,5", "confidence": "80"}
    page = await refused(bob, at, f"{at}/propose", **said, sample="One line")
    assert is_seen(page, "plan")
    assert is_seen(page, "price_cents")


async def test_a_task_that_is_withdrawn(ada: Person, hall: Hall) -> None:
    task = await funded(hall, await actor(hall, ada))
    at = f"/app/tasks/{task.id}"
    assert is_seen(await refused(ada, at, f"{at}/cancel", why=LONG), "why")


async def test_a_rating(ada: Person, bob: Person, hall: Hall) -> None:
    task = await claimed(hall, await actor(hall, ada), await actor(hall, bob))
    await handed_in(hall, await actor(hall, bob), task, "positive")
    at = f"/app/tasks/{task.id}"
    page = await refused(ada, at, f"{at}/accept", rating="4", feedback=LONG)
    assert is_seen(page, "feedback")
    page = page_of(await ada.sends(at, f"{at}/accept", 400, rating="9", feedback="Fine"), 400)
    assert page.form(f"{at}/accept").values["feedback"].strip() == "Fine"
    assert is_seen(page, "rating")
    page = await refused(ada, at, f"{at}/revise", reason=" ")
    assert is_seen(page, "reason")


async def test_a_dispute(ada: Person, bob: Person, hall: Hall) -> None:
    me = await actor(hall, ada)
    task = await claimed(hall, me, await actor(hall, bob))
    await handed_in(hall, await actor(hall, bob), task, "positive")
    at = f"/app/tasks/{task.id}"
    page = await refused(ada, at, f"{at}/dispute", dispute_reason=LONG)
    assert is_seen(page, "dispute_reason")
    dispute = await open_dispute(hall, actor=me, task_id=task.id, reason="Half is missing.")
    of_it = f"{at}/disputes/{dispute.id}"
    for who in (ada, bob):
        page = await refused(who, at, f"{of_it}/state", statement=LONG)
        assert is_seen(page, "statement")
        page = await refused(who, at, f"{of_it}/agree", worker_cents="half")
        assert is_seen(page, "worker_cents")
        page = await refused(who, at, f"{of_it}/agree", worker_cents="900000")
        assert is_seen(page, "worker_cents")
