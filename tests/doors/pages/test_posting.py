"""Posting at a page: its cost is said first, sent twice it is one task, and no typing is lost."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from hiringhall.domain.tasks import Engagement, State, Task
from hiringhall.doors.desk import Desk
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.typed import amount, moment
from hiringhall.hall import Hall
from hiringhall.queries.seen import Wanted, posted_by, task_seen
from tests.doors.conftest import BASE_URL, OpenFront
from tests.doors.pages.conftest import Person, led_to, page_of
from tests.doors.pages.reading import Page
from tests.doors.pages.test_home import PAYLOADS, actor
from tests.support.halls import NOBODY, with_staffing

pytestmark = pytest.mark.anyio

NEW = "/app/tasks/new"
TYPED: dict[str, Any] = {
    "title": "Label these",
    "description": "One word each.",
    "price_cents": "1,0.50",
}


async def task_at(hall: Hall, person: Person, path: str) -> Task:
    found = await task_seen(hall, actor=await actor(hall, person), task_id=path.rpartition("/")[2])
    return found.task


async def count(hall: Hall, person: Person) -> int:
    page = await posted_by(hall, actor=await actor(hall, person), wanted=Wanted())
    return len(page.items)


async def priced(person: Person, engagement: str, price: str = "50", **typed: Any) -> Page:
    """Fill in the form for the market, and see what it costs."""
    fields = {**TYPED, "price_cents": price, "step": "look", **typed}
    answer = await person.sends(f"{NEW}?engagement={engagement}", NEW, 200, **fields)
    return page_of(answer)


@pytest.mark.parametrize("engagement", ["claim", "proposals", "task_force"])
async def test_what_it_costs_is_said_before_anything_is_held(
    ada: Person, hall: Hall, engagement: str
) -> None:
    page = await priced(ada, engagement, category="Data labeling", tags="one, two")
    for words in (
        "50.00 USD",
        "5.00 out of the price",
        "45.00",
        "950.00",
        "Post it and hold 50.00",
    ):
        assert words in page.words
    assert await count(hall, ada) == 0
    on_top = page_of(await ada.send(page.form(NEW), 200, fee_on_top="yes", step="look"))
    for words in ("5.00 on top", "55.00", "945.00"):
        assert words in on_top.words
    sent = await ada.send(on_top.form(NEW), step="post")
    task = await task_at(hall, ada, led_to(sent))
    assert (task.engagement, task.state) == (Engagement(engagement), State.OPEN)
    assert task.price_cents == 5_000
    home = await ada.get("/app")
    assert "945.00" in home.words


async def test_a_form_that_is_sent_twice_is_one_task(ada: Person, hall: Hall) -> None:
    page = await priced(ada, "claim")
    first = await ada.send(page.form(NEW), step="post")
    again = await ada.send(page.form(NEW), step="post")
    assert led_to(first) == led_to(again)
    changed = await ada.send(page.form(NEW), 409, step="post", title="Other words")
    assert page_of(changed, 409).form(NEW).values["title"] == "Other words"
    assert await count(hall, ada) == 1


async def test_drafts_hold_nothing(ada: Person, hall: Hall) -> None:
    page = await priced(ada, "claim")
    sent = await ada.send(page.form(NEW), step="draft")
    assert (await task_at(hall, ada, led_to(sent))).state is State.DRAFT
    assert "1,000.00" in (await ada.get("/app")).words
    kept = await ada.sends(NEW, NEW, title="T", description="D", step="draft")
    assert (await task_at(hall, ada, led_to(kept))).state is State.DRAFT


async def test_each_mistake_is_said_at_its_field_and_nothing_is_lost(
    ada: Person, hall: Hall
) -> None:
    typed = {
        "title": " ",
        "price_cents": "much",
        "deadline": "tomorrow",
        "time_limit_minutes": "-1",
        "inputs": "https://example.com/a\nPlain words",
        "step": "look",
    }
    page = page_of(await ada.sends(f"{NEW}?engagement=claim", NEW, 400, **TYPED | typed), 400)
    invalid = {one.attributes["name"] for one in page.elements if "aria-invalid" in one.attributes}
    assert invalid == {"title", "price_cents", "deadline", "time_limit_minutes"}
    again = page.form(NEW).values
    assert (again["price_cents"], again["inputs"]) == ("much", typed["inputs"])
    fields = {"price_cents": "0", "deadline": "", "time_limit_minutes": "99999999"}
    page = page_of(await ada.send(page.form(NEW), 400, **fields), 400)
    invalid = {one.attributes["name"] for one in page.elements if "aria-invalid" in one.attributes}
    assert invalid == {"title", "price_cents", "time_limit_minutes"}
    assert "Title cannot be empty" in page.words
    assert "A price is from 0.01 to 1,000,000.00" in page.words
    past = await ada.sends(
        f"{NEW}?engagement=claim", NEW, 400,
        **TYPED | {"price_cents": "1", "deadline": "2020-01-01T00:00", "step": "post"},
    )  # fmt: skip
    assert "passed already" in page_of(past, 400).words
    assert await count(hall, ada) == 0


async def test_choosing_for_whom_keeps_what_was_typed(ada: Person, hall: Hall) -> None:
    page = await ada.get(NEW)
    (first, *_) = [one for one in page.elements if one.attributes.get("form") == "new"]
    assert (first.attributes["name"], first.attributes["value"]) == ("step", "post")
    typed = {"title": "Label", "description": "One\nword"}
    for to, at in (("claim", NEW), ("proposals", NEW), ("task_force", "/app/forces/new")):
        sent = await ada.send(page.form(NEW), 200, whom=to, **typed)
        values = page_of(sent).form(at).values
        assert typed.items() <= values.items()
        assert values.get("engagement", to) == to
    assert await count(hall, ada) == 0


async def test_a_role_that_nobody_has_is_said_at_its_field(ada: Person, hall: Hall) -> None:
    for step in ("post", "draft"):
        sent = await ada.sends(NEW, NEW, 400, **TYPED | {"role": "wizard", "step": step})
        assert "Role 'wizard' does not exist in this team" in page_of(sent, 400).words
    assert await count(hall, ada) == 0


async def test_what_one_cannot_pay_is_not_posted(ada: Person, hall: Hall) -> None:
    page = await priced(ada, "claim", "1000.01")
    for _ in range(2):
        assert "0.01 more than you have" in page.words
        assert "/app/settings/money" in page.links()
        assert "Available then" not in page.words, "no balance below zero is promised"
        assert not [one for one in page.elements if one.attributes.get("value") == "post"]
        assert page.form(NEW).values["title"] == "Label these"
        page = page_of(await ada.send(page.form(NEW), 402, step="post"), 402)
    assert "1,000.01 would be held" in page.text.partition('id="price_cents-wrong">')[2][:200]
    assert await count(hall, ada) == 0


async def test_what_is_held_is_what_was_shown(ada: Person, hall: Hall) -> None:
    page = await priced(ada, "claim")
    form = page.form(NEW)
    for changed, words in (
        ({"price_cents": "70"}, "This would hold 70.00 now, not the 50.00 that were shown"),
        ({"fee_on_top": "yes"}, "This would hold 55.00 now, not the 50.00 that were shown"),
        ({"engagement": "proposals"}, "offered another way than was shown"),
        ({"shown": "5000 eur claim"}, "were shown"),
    ):
        refused = page_of(await ada.send(form, 409, step="post", **changed), 409)
        assert words in refused.words
        assert await count(hall, ada) == 0
    refused = page_of(await ada.send(form, 409, step="post", price_cents="70"), 409)
    assert "Post it and hold 70.00" in refused.words
    # Who was shown nothing is shown it first.
    unseen = page_of(await ada.send(form, 200, step="post", price_cents="60", shown=""))
    assert "Post it and hold 60.00" in unseen.words
    sent = await ada.send(refused.form(NEW), step="post")
    assert (await task_at(hall, ada, led_to(sent))).price_cents == 7_000


async def test_a_draft_is_offered_for_what_was_shown(ada: Person, hall: Hall) -> None:
    page = await priced(ada, "claim")
    path = led_to(await ada.send(page.form(NEW), step="draft"))
    looked = await ada.get(path)
    assert "Held until it is done" in looked.words
    edit = (await ada.get(f"{path}/draft")).form(f"{path}/draft")
    await ada.send(edit, step="draft", price_cents="80")
    refused = page_of(await ada.send(looked.form(f"{path}/publish"), 409), 409)
    assert "This would hold 80.00 now, not the 50.00 that were shown" in refused.words
    shown = page_of(await ada.send(edit, 200, step="look", price_cents="80", version="2"))
    changed = await ada.send(shown.form(f"{path}/draft"), 409, step="post", price_cents="90")
    assert "This would hold 90.00 now" in page_of(changed, 409).words
    await ada.send(refused.form(f"{path}/publish"))
    assert (await task_at(hall, ada, path)).state is State.OPEN


async def test_a_deadline_in_the_past_is_refused_before_it_is_priced(ada: Person) -> None:
    past = {"deadline": "2020-01-01T00:00", "price_cents": "5", "step": "look"}
    page = page_of(await ada.sends(f"{NEW}?engagement=claim", NEW, 400, **TYPED | past), 400)
    assert "passed already" in page.text.partition('id="deadline-wrong">')[2][:100]


@pytest.mark.parametrize(("engagement", "hours"), [("claim", 24), ("proposals", 168)])
async def test_what_is_usual_is_said(ada: Person, engagement: str, hours: int) -> None:
    words = (await ada.get(f"{NEW}?engagement={engagement}")).words
    assert f"Left empty: {hours} hours" in words
    assert "Left empty: 60 minutes" in words


async def test_several_together_are_priced_before_money_is_held(ada: Person, hall: Hall) -> None:
    new = "/app/forces/new"
    page = await ada.get(new)
    back = [one for one in page.elements if one.attributes.get("formaction") == NEW]
    assert {one.attributes["value"] for one in back} == {one.value for one in Engagement}
    typed = {"title": "A guide", "description": "All", "price_cents": "50"}
    page = page_of(await ada.send(page.form(new), 200, **typed, do="fund"))
    assert "Hold 50.00, and plan it" in page.words
    changed = page_of(await ada.send(page.form(new), 409, do="fund", price_cents="60"), 409)
    assert "This would hold 60.00 now" in changed.words
    assert await count(hall, ada) == 0
    sent = await ada.send(changed.form(new), do="draft")
    path = led_to(sent)
    funding = await ada.get(path)
    assert "Held until it is done" in funding.words
    await ada.send(funding.form(f"{path}/fund"), 409, shown="5000 usd task_force")
    await ada.send(funding.form(f"{path}/fund"))


async def test_what_hinders_the_staff_is_said(
    ada: Person, desk: Desk, hall: Hall, front_of: OpenFront
) -> None:
    assert "Nothing is held" in (await ada.get(NEW)).words
    front = front_of(replace(desk, hall=with_staffing(hall, NOBODY)))
    transport = httpx.ASGITransport(front.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        client.cookies = ada.http.cookies
        assert "Nobody is set up here" in (await Person(client).get(NEW)).words


async def test_a_task_of_the_staff_is_offered_on_the_market(
    ada: Person, bob: Person, hall: Hall
) -> None:
    kept = await ada.sends(NEW, NEW, title="T", description="D", step="draft")
    at = f"{led_to(kept)}/offer"
    await ada.sends(at, at, 400, price_cents="0", step="look")
    page = page_of(await ada.sends(at, at, 200, price_cents="20", engagement="claim", step="look"))
    assert "18.00" in page.words
    await bob.get(at, 404)
    token = (await bob.get("/app")).form("/signout").values["csrf"]
    stolen = {**page.form(at).values, "csrf": token, "step": "post", "acts_for": ""}
    page_of(await bob.http.post(at, data=stolen), 404)
    dearer = page_of(await ada.send(page.form(at), 409, step="post", price_cents="30"), 409)
    assert "This would hold 30.00 now, not the 20.00 that were shown" in dearer.words
    poor = await ada.send(
        page.form(at), 402, step="post", price_cents="2000", shown="200000 usd claim"
    )
    assert "1,000.00" in page_of(poor, 402).words
    await ada.send(page.form(at), step="post")
    offered = await task_at(hall, ada, led_to(kept))
    assert (offered.engagement, offered.price_cents) == (Engagement.CLAIM, 2_000)
    again = await ada.send(page.form(at), step="post")
    assert led_to(again) == led_to(kept)
    await ada.send(page.form(at), 409, step="post", once="")


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_is_typed_runs_nowhere(ada: Person, payload: str) -> None:
    typed = dict.fromkeys(
        ("title", "description", "category", "tags", "inputs", "price_cents", "deadline"), payload
    )
    page = page_of(await ada.sends(f"{NEW}?engagement=claim", NEW, 400, step="look", **typed), 400)
    assert page.form(NEW).values["category"] == payload
    assert "".join(page.scripts).strip() == ""
    assert not {one.tag for one in page.elements} & {"svg", "iframe"}
    assert not [name for one in page.elements for name in one.attributes if name.startswith("on")]


@pytest.mark.parametrize(
    ("text", "cents"),
    [("12.50", 1_250), ("1,200", 120_000), ("1'200.5", 120_050), ("7", 700), (" 0,99 ", 99)],
)
def test_amounts_are_read_as_people_write_them(text: str, cents: int) -> None:
    assert amount(Form([("price", text)]), "price") == cents


def test_a_forms_time_is_utc() -> None:
    assert moment(Form([("deadline", "1970-01-01T00:01")]), "deadline") == 60_000_000


async def test_one_form_is_one_task_from_whichever_of_its_steps_it_is_sent(
    ada: Person, hall: Hall
) -> None:
    begun = await ada.get(NEW)
    typed = {**TYPED, "price_cents": "20"}
    looked = page_of(await ada.send(begun.form(NEW), 200, **typed, whom="claim"))
    assert looked.form(NEW).values["title"] == TYPED["title"]
    priced_at = page_of(await ada.send(looked.form(NEW), 200, step="look", price_cents="20"))
    once = {page.form(NEW).values["once"] for page in (begun, looked, priced_at)}
    assert len(once) == 1
    first = led_to(await ada.send(priced_at.form(NEW), step="post"))
    assert led_to(await ada.send(priced_at.form(NEW), step="post")) == first
    # With other words it is asked about, and is a form of its own then.
    other = page_of(await ada.send(priced_at.form(NEW), 409, step="post", title="Other"), 409)
    assert other.form(NEW).values["once"] not in once
    assert await count(hall, ada) == 1


async def test_a_page_that_is_typed_in_steps_can_be_gone_back_to_until_one_signs_out(
    ada: Person,
) -> None:
    for sent in (
        await ada.http.get(NEW),
        await ada.sends(NEW, NEW, 200, **TYPED, whom="claim"),
        await ada.http.get("/app/forces/new"),
    ):
        assert sent.headers["cache-control"] == "private, no-cache"
    left = await ada.sends("/app", "/signout")
    assert left.headers["clear-site-data"] == '"cache"'
