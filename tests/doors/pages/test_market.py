"""The market at the pages: what is on offer, found and taken; one's work, and what it earned."""

import pytest
from sqlalchemy import update

from hiringhall.actions.tasks import deciding
from hiringhall.domain.payouts import PayoutState
from hiringhall.domain.tasks import Engagement
from hiringhall.doors.pages.paging import PART
from hiringhall.hall import Hall
from hiringhall.queries.my_work import earnings
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import payouts
from tests.doors.pages.conftest import Person, page_of
from tests.doors.pages.test_home import PAYLOADS, actor
from tests.doors.pages.test_market_tasks import harmless
from tests.support.market import claimed, competing, draft, funded, handed_in

pytestmark = pytest.mark.anyio

MARKET, WORK, EARNINGS = "/app/market", "/app/work", "/app/earnings"
_fail = Statement(
    update(payouts).values(state="failed", failed_because="No such account"),
    name="fail_all_payouts",
)


async def test_what_is_on_offer_is_found_and_taken(ada: Person, bob: Person, hall: Hall) -> None:
    me = await actor(hall, ada)
    labels = await funded(hall, me, title="Blue labels", category="data_labeling", tags=["fast"])
    page_ = await funded(hall, me, title="Blue page", engagement=Engagement.PROPOSALS)
    hidden = await draft(hall, me, title="Not out yet")
    taken = await claimed(hall, me, await actor(hall, bob), title="Taken already")
    found = {
        "": {labels.id, page_.id},
        "?category=data_labeling": {labels.id},
        "?category=Data+Labeling": {labels.id},
        "?search=blue+fast": {labels.id},
        "?search=blue+green": set[str](),
        "?category=poetry": set[str](),
        "?engagement=claim": {labels.id},
        "?engagement=proposals&search=blue": {page_.id},
        "?engagement=nonsense": {labels.id, page_.id},
        "?least_price_cents=50": {labels.id, page_.id},
        "?least_price_cents=50.01": set[str](),
    }
    for query, expected in found.items():
        page = await bob.get(f"{MARKET}{query}")
        ids = (labels.id, page_.id, hidden.id, taken.id)
        assert {one for one in ids if f"/app/tasks/{one}" in page.links()} == expected, query
    page = await bob.get(f"{MARKET}?category=data_labeling&search=blue")
    assert page.form(MARKET).values == {
        "search": "blue", "category": "data_labeling", "engagement": "", "least_price_cents": "",
    }  # fmt: skip
    page = await bob.get(f"{MARKET}?engagement=claim&least_price_cents=1")
    assert page.form(MARKET).values["engagement"] == "claim"
    wrong = page_of(await bob.http.get(f"{MARKET}?least_price_cents=much"), 400)
    assert wrong.form(MARKET).values["least_price_cents"] == "much"
    assert any(one.attributes.get("id") == "least_price_cents-wrong" for one in wrong.elements)
    assert "1 on offer" in page.words
    wrong = page_of(await bob.http.get(f"{MARKET}?category=%3F%3F"), 400)
    assert any(one.attributes.get("id") == "category-wrong" for one in wrong.elements)
    assert "your own" in (await ada.get(MARKET)).words
    at = f"/app/tasks/{labels.id}"
    await bob.sends(at, f"{at}/claim")
    assert at not in (await bob.get(MARKET)).links()
    assert at in (await bob.get(WORK)).links()


async def test_what_a_task_is_about_is_read_without_its_marks(
    ada: Person, bob: Person, hall: Hall
) -> None:
    text = "# Goal\n\nA **bold** `page`, see [this](https://example.com).\n- 2 * 3\n" + "x" * 400
    await funded(hall, await actor(hall, ada), title="Marked", description=text)
    words = " ".join((await bob.get(MARKET)).words.split())
    assert "Goal A bold page, see this. 2 * 3 xxx" in words
    assert "x…" in words


async def test_the_board_comes_in_parts(ada: Person, bob: Person, hall: Hall) -> None:
    me = await actor(hall, ada)
    made = [await funded(hall, me, title=f"Task {n}", price_cents=1) for n in range(PART + 2)]
    newest = [f"/app/tasks/{one.id}" for one in reversed(made)]
    first = await bob.get(f"{MARKET}?search=task")
    assert [one for one in newest if one in first.links()] == newest[:PART]
    (more,) = [one for one in first.links() if "before=" in one]
    second = await bob.get(more)
    assert [one for one in newest if one in second.links()] == newest[PART:]
    assert f"{MARKET}?search=task" in second.links()


async def test_ones_work_and_what_it_earned(
    ada: Person, bob: Person, third: Person, hall: Hall
) -> None:
    poster, maker = await actor(hall, ada), await actor(hall, bob)
    await third.signs_up("eve")
    task = await claimed(hall, poster, maker, title="Labels to earn by")
    contest, _ = await competing(hall, poster, maker, title="A contest")
    page = await bob.get(WORK)
    for words in ("Labels to earn by", "A contest", "You have this task", "waits"):
        assert words in page.words
    made = await handed_in(hall, maker, task)
    await deciding.send_back(hall, actor=poster, deliverable_id=made.id, reason="Once more")
    assert "Once more" in (await bob.get(WORK)).words
    made = await handed_in(hall, maker, task)
    await deciding.accept_deliverable(hall, actor=poster, deliverable_id=made.id, rating=4)
    assert "Rated 4 of 5" in (await bob.get(WORK)).words
    page = await bob.get(EARNINGS)
    for words in ("Labels to earn by", "45.00", "5.00", "You"):
        assert words in page.words
    for other in (ada, third):
        for path in (WORK, EARNINGS):
            assert "Labels to earn by" not in (await other.get(path)).words
    assert contest.id in (await bob.get(WORK)).text


async def test_a_payout_that_failed_is_tried_again(ada: Person, bob: Person, hall: Hall) -> None:
    poster, maker = await actor(hall, ada), await actor(hall, bob)
    made = await handed_in(hall, maker, await claimed(hall, poster, maker))
    await deciding.accept_deliverable(hall, actor=poster, deliverable_id=made.id)

    async def fail(tx: Tx) -> None:
        await tx.run(_fail)

    await hall.database.write(fail)
    page = await bob.get(EARNINGS)
    (action,) = [one.action for one in page.forms if one.action.endswith("/retry")]
    token = (await ada.get("/app")).form("/signout").values["csrf"]
    page_of(await ada.http.post(action, data={"csrf": token}), 404)
    form = page.form(action)
    await bob.send(form)
    (earned,) = (await earnings(hall, actor=maker)).payouts
    assert earned.state is not PayoutState.FAILED
    assert (await bob.send(form)).headers["location"] == EARNINGS
    await bob.send(form, 409, once="")


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_is_offered_runs_nowhere(
    ada: Person, bob: Person, hall: Hall, payload: str
) -> None:
    poster, maker = await actor(hall, ada), await actor(hall, bob)
    texts = dict.fromkeys(("title", "description"), payload)
    await funded(hall, poster, tags=[payload[:50]], **texts)
    task = await claimed(hall, poster, maker, **texts)
    made = await handed_in(hall, maker, task, payload)
    await deciding.send_back(hall, actor=poster, deliverable_id=made.id, reason=payload)
    for path in (MARKET, WORK):
        page = await bob.get(path)
        harmless(page)
        assert payload in page.words
    made = await handed_in(hall, maker, task, payload)
    await deciding.accept_deliverable(hall, actor=poster, deliverable_id=made.id)
    page = await bob.get(EARNINGS)
    harmless(page)
    assert payload in page.words
    answer = await bob.http.get(MARKET, params={"search": payload, "category": payload})
    harmless(page_of(answer, answer.status_code))
