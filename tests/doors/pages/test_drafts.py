"""A draft at its page: it begins with what is there, keeps what is typed, and is offered."""

from typing import Any

import pytest

from hiringhall.domain.market import Item
from hiringhall.domain.tasks import Engagement, State, Task
from hiringhall.hall import Hall
from hiringhall.queries.seen import task_seen
from tests.doors.pages.conftest import Person, led_to, page_of
from tests.doors.pages.reading import Page
from tests.doors.pages.test_home import PAYLOADS, actor
from tests.support.market import draft, is_sound

pytestmark = pytest.mark.anyio

NEW = "/app/tasks/new"
MORE: dict[str, Any] = {
    "inputs": [Item(name="Spec", url="https://example.com/spec"), Item(text="Be brief\nand kind")],
    "assets": [Item(text="For the worker alone")],
    "tags": ["one", "two"],
    "category": "labels",
    "max_proposals": 3,
    "deadline_us": 4_070_908_859_000_000,
    "price_cents": 5_005,
}


def at(task: Task) -> str:
    return f"/app/tasks/{task.id}/draft"


async def seen(hall: Hall, person: Person, task: Task) -> Any:
    return await task_seen(hall, actor=await actor(hall, person), task_id=task.id)


def says_now(page: Page) -> dict[str, str]:
    (form,) = [one for one in page.forms if one.action.endswith("/draft")]
    return form.values


async def test_it_begins_with_what_is_there_and_what_is_not_typed_over_stays(
    ada: Person, hall: Hall
) -> None:
    task = await draft(hall, await actor(hall, ada), **MORE)
    own = await ada.get(f"/app/tasks/{task.id}")
    assert "Change the draft" in own.words
    page = await ada.get(at(task))
    shown = says_now(page)
    assert (shown["title"], shown["price_cents"], shown["tags"]) == (
        task.title,
        "50.05",
        "one, two",
    )
    assert (shown["inputs"], shown["deadline"]) == (
        "https://example.com/spec\nBe brief and kind",
        "2099-01-01T00:00",
    )
    sent = await ada.send(
        page.form(at(task)), step="draft", title="Label all", inputs=f"{shown['inputs']}\nAnd more"
    )
    assert led_to(sent) == f"/app/tasks/{task.id}"
    now = await seen(hall, ada, task)
    assert (now.task.title, now.task.state, now.task.version) == ("Label all", State.DRAFT, 2)
    assert now.terms.inputs == (*MORE["inputs"], Item(text="And more"))
    kept = ("assets", "tags", "category", "max_proposals", "deadline_us")
    assert [getattr(now.terms, name) for name in kept] == [
        tuple(one) if isinstance(one := MORE[name], list) else one for name in kept
    ]
    again = await ada.send((await ada.get(at(task))).form(at(task)), step="draft")
    assert again.status_code == 303
    assert (await seen(hall, ada, task)).task.version == 2
    assert await is_sound(hall)


async def test_its_cost_is_said_and_it_is_offered_from_its_page(ada: Person, hall: Hall) -> None:
    task = await draft(hall, await actor(hall, ada))
    looked = page_of(await ada.sends(at(task), at(task), 200, step="look", price_cents="80"))
    assert "Post it and hold 80.00" in looked.words
    assert (await seen(hall, ada, task)).task.price_cents == 5_000
    form = looked.form(at(task))
    for _ in range(2):  # a form that is sent twice is one change
        sent = await ada.send(form, step="post")
        assert led_to(sent) == f"/app/tasks/{task.id}"
    now = await seen(hall, ada, task)
    assert (now.task.state, now.hold.amount_cents) == (State.OPEN, 8_000)
    late = page_of(await ada.send(form, 409, step="draft", title="Too late", once=""), 409)
    assert says_now(late)["title"] == "Too late"
    assert "no draft any more" in late.words
    assert (await ada.http.get(at(task))).status_code == 303
    assert await is_sound(hall)


async def test_each_mistake_is_said_at_its_field_and_nothing_is_lost(
    ada: Person, hall: Hall
) -> None:
    task = await draft(hall, await actor(hall, ada))
    typed = {"title": " ", "price_cents": "much", "deadline": "soon", "instructions": "Slowly"}
    page = page_of(await ada.sends(at(task), at(task), 400, step="draft", **typed), 400)
    invalid = {one.attributes["name"] for one in page.elements if "aria-invalid" in one.attributes}
    assert invalid == {"title", "price_cents", "deadline"}
    assert typed.items() <= says_now(page).items() | {("title", " ")}
    poor = await ada.sends(
        at(task), at(task), 402, step="post", price_cents="5000", shown="500000 usd claim"
    )
    assert says_now(page_of(poor, 402))["price_cents"] == "5000"
    assert (await seen(hall, ada, task)).task.version == 1


async def test_two_people_do_not_overwrite_each_other_in_silence(ada: Person, hall: Hall) -> None:
    task = await draft(hall, await actor(hall, ada))
    mine, theirs = await ada.get(at(task)), await ada.get(at(task))
    await ada.send(mine.form(at(task)), step="draft", title="First words")
    refused = await ada.send(theirs.form(at(task)), 409, step="draft", title="Second words")
    page = page_of(refused, 409)
    assert "Somebody changed this draft" in page.words
    assert says_now(page)["title"] == "Second words"
    assert (await seen(hall, ada, task)).task.title == "First words"
    await ada.send(page.form(at(task)), step="draft")
    assert (await seen(hall, ada, task)).task.title == "Second words"


async def test_for_whom_it_is_is_chosen_anew(ada: Person, hall: Hall) -> None:
    kept = await ada.sends(NEW, NEW, title="T", description="D", plan_first="yes", step="draft")
    path = f"{led_to(kept)}/draft"
    page = await ada.get(path)
    assert page.form(path).values["plan_first"] == "yes"
    wide = page_of(await ada.send(page.form(path), 200, whom="task_force", title="For several"))
    assert says_now(wide)["title"] == "For several"
    page_of(await ada.send(wide.form(path), 400, step="draft"), 400)
    sent = await ada.send(wide.form(path), step="draft", price_cents="90")
    force = led_to(sent)
    assert force.startswith("/app/forces/")
    assert "/draft" in (await ada.get(force)).text
    back = page_of(await ada.send((await ada.get(path)).form(path), 200, whom="staff"))
    sent = await ada.send(back.form(path), step="post")
    task_id = led_to(sent).rpartition("/")[2]
    found = await task_seen(hall, actor=await actor(hall, ada), task_id=task_id)
    assert (found.task.engagement, found.task.price_cents) == (Engagement.STAFF, None)
    assert found.task.state is not State.DRAFT
    assert await is_sound(hall)


async def test_it_is_its_organizations_alone_and_says_what_it_says_as_text(
    ada: Person, bob: Person, hall: Hall
) -> None:
    words = {"title": PAYLOADS[0][:150], "description": PAYLOADS[0]}
    task = await draft(hall, await actor(hall, ada), **words)
    page = await ada.get(at(task))
    assert PAYLOADS[0] not in page.text
    assert says_now(page)["description"] == PAYLOADS[0]
    await bob.get(at(task), 404)
    own = (await bob.get("/app")).form("/signout").values
    stolen = {**page.form(at(task)).values, "csrf": own["csrf"], "step": "draft", "title": "Mine"}
    # Sent for her organization it is not his to send, and for his own there is no such draft.
    page_of(await bob.http.post(at(task), data=stolen), 409)
    page_of(await bob.http.post(at(task), data={**stolen, "acts_for": own["acts_for"]}), 404)
    assert (await seen(hall, ada, task)).task.version == 1
