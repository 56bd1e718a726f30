"""What the pages of the market say of work sent back and of money that has moved."""

import pytest

from hiringhall.actions.market import choosing
from hiringhall.actions.tasks import deciding
from hiringhall.hall import Hall
from tests.doors.pages.conftest import Person
from tests.doors.pages.test_home import actor
from tests.support.market import agent_of, claimed, competing, handed_in

pytestmark = pytest.mark.anyio


async def test_what_is_sent_back_says_why_where_it_is_mended(
    ada: Person, bob: Person, hall: Hall
) -> None:
    poster, maker = await actor(hall, ada), await actor(hall, bob)
    task = await claimed(hall, poster, maker)
    at = f"/app/tasks/{task.id}"
    assert "It was sent back" not in (await bob.get(f"{at}/deliver")).words
    made = await handed_in(hall, maker, task)
    # Not theirs to do now: the clock that runs is the poster's.
    waits = (await bob.get("/app/work")).words
    assert "It is accepted, and paid, by itself on" in waits
    assert "It is yours until" not in waits
    await deciding.send_back(hall, actor=poster, deliverable_id=made.id, reason="Two are missing")
    for path in (at, f"{at}/deliver"):
        words = (await bob.get(path)).line
        assert "It was sent back. What is to be mended: Two are missing" in words
    assert "Why it was sent back Two are missing" in (await ada.get(at)).line
    assert "It is yours until" in (await bob.get("/app/work")).words


async def test_what_is_left_of_a_price_comes_back_and_is_said(
    ada: Person, bob: Person, hall: Hall
) -> None:
    poster, maker = await actor(hall, ada), await actor(hall, bob)
    scout = await agent_of(hall, maker, "scout", description="I read *all* of it.")
    task, (proposal,) = await competing(hall, poster, scout)
    at = f"/app/tasks/{task.id}"
    for path in (at, f"{at}/proposals/{proposal.id}"):
        assert "I read" in (await ada.get(path)).words
    await choosing.shortlist(hall, actor=poster, proposal_id=proposal.id)
    made = await handed_in(hall, scout, task)
    await deciding.accept_deliverable(hall, actor=poster, deliverable_id=made.id)
    words = (await ada.get(at)).line
    assert "Paid to whoever did it36.00 The hall's fee4.00Came back to you10.00" in words
