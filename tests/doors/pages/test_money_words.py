"""What pages say of money: what was earned, for which task, and nothing that did not happen."""

import html
import re

import pytest

from hiringhall.actions.market import disputes
from hiringhall.actions.tasks import deciding
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.queries.disputes import disputes_of
from tests.doors.pages.conftest import Person
from tests.doors.pages.reading import Page
from tests.doors.pages.test_home import actor
from tests.support.halls import member_of
from tests.support.market import agent_of, claimed, competing, handed_in

pytestmark = pytest.mark.anyio

MONEY = "/app/settings/money"
OWN, MATES = "Bob's own", "A mate's"


def flat(page: Page) -> str:
    """What stands on a page, with a space between one part and the next."""
    main = page.text.partition("<main")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())


async def test_a_split_dispute_says_what_was_earned(ada: Person, bob: Person, hall: Hall) -> None:
    poster, maker = await actor(hall, ada), await actor(hall, bob)
    task = await claimed(hall, poster, maker, title="Contested")
    made = await handed_in(hall, maker, task)
    await deciding.reject_deliverable(hall, actor=poster, deliverable_id=made.id, reason="No")
    (dispute,) = await disputes_of(hall, actor=poster, task_id=task.id)
    for who in (poster, maker):
        await disputes.agree(hall, actor=who, dispute_id=dispute.id, worker_cents=2_501)
    words = flat(await bob.get("/app/work"))
    assert "The dispute about it is over. You earned 22.51 USD. The price was 50.00." in words
    assert "accepted" not in words
    words = flat(await bob.get(f"/app/tasks/{task.id}"))
    assert "you get 25.01 of 50.00. That is 22.51 after the hall's fee of 2.50." in words
    for who in (ada, bob):
        words = flat(await who.get(f"/app/tasks/{task.id}"))
        assert "Given to the worker 25.01 (22.51 after the hall's fee of 2.50)" in words
    words = flat(await bob.get("/app/earnings"))
    assert "22.51" in words
    assert "Paid out" not in words, "play money stays in the hall"


async def test_work_that_was_accepted_says_what_it_brought(
    ada: Person, bob: Person, hall: Hall
) -> None:
    poster, owner = await actor(hall, ada), await actor(hall, bob)
    scout = await agent_of(hall, owner, "scout")
    for worker in (owner, scout):
        task = await claimed(hall, poster, worker, title=f"By {worker.name or 'bob'}")
        made = await handed_in(hall, worker, task)
        await deciding.accept_deliverable(hall, actor=poster, deliverable_id=made.id)
    under_way, _ = await competing(hall, poster, owner, title="Under way")
    words = flat(await bob.get("/app/work"))
    assert "Your work was accepted. You earned 45.00 USD. The price was 50.00." in words
    assert "40.00 USD" in words, "what is not paid yet is told by its price"
    words = flat(await bob.get(f"/app/agents/{scout.agent_id}"))
    assert "It earned 45.00 USD. The price was 50.00." in words
    assert under_way.id in (await bob.get("/app/work")).text


async def test_a_statement_names_the_task_and_says_what_is_free_to_spend(
    ada: Person, bob: Person, third: Person, hall: Hall
) -> None:
    poster, owner = await actor(hall, ada), await actor(hall, bob)
    mate = await member_of(hall, owner, "mate")
    tasks: dict[str, Task] = {}
    for worker, title in ((owner, OWN), (mate, MATES)):
        tasks[title] = await claimed(hall, poster, worker, title=title)
        made = await handed_in(hall, worker, tasks[title])
        await deciding.accept_deliverable(hall, actor=poster, deliverable_id=made.id)
    spent = await ada.get(MONEY)
    for title, task in tasks.items():
        assert f"Held · {title}" in flat(spent)
        assert f"/app/tasks/{task.id}" in spent.links()
    earned = await bob.get(MONEY)
    for words in (
        "Paid for work · Bob's own",
        "Paid for work · A mate's",
        "Earned, and yours to spend: 45.00 · Bob's own",
    ):
        assert words in flat(earned)
    assert "Paid out" not in earned.words
    assert [row[2] for row in earned.rows if "yours to spend" in row[1]][:1] == ["as before"]
    for path in (MONEY, "/app/earnings"):
        links = (await bob.get(path)).links()
        assert f"/app/tasks/{tasks[OWN].id}" in links
        assert f"/app/tasks/{tasks[MATES].id}" not in links, "its page is not theirs"
    await third.signs_up("eve")
    assert "Bob" not in (await third.get(MONEY)).words
