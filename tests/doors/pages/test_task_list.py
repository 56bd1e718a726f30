"""All tasks: found by state, engagement and words, part by part; nobody else's among them."""

import pytest

from hiringhall.doors.pages.paging import PART
from hiringhall.hall import Hall
from tests.doors.conftest import Worker
from tests.doors.pages.conftest import Person
from tests.doors.pages.reading import Page
from tests.doors.pages.test_home import PAYLOADS, actor
from tests.support.halls import post
from tests.support.market import funded

pytestmark = pytest.mark.anyio

LIST = "/app/tasks"


async def test_tasks_are_found_by_state_engagement_and_words(
    ada: Person, bob: Person, hall: Hall, worker: Worker
) -> None:
    me = await actor(hall, ada)
    asked = await post(hall, me, title="Blue page")
    await worker.messages("Which blue?")
    offered = await funded(hall, me, title="Blue labels")
    theirs = await post(hall, await actor(hall, bob), title="Blue secret")
    found = {
        "": {asked.id, offered.id},
        "?state=waiting": {asked.id},
        "?state=open": {offered.id},
        "?state=ended": set[str](),
        "?engagement=claim": {offered.id},
        "?engagement=nonsense&state=neither": {asked.id, offered.id},
        "?search=blue+PAGE": {asked.id},
        "?search=green": set[str](),
    }
    for query, expected in found.items():
        page = await ada.get(f"{LIST}{query}")
        there = {one for one in (asked.id, offered.id) if f"{LIST}/{one}" in page.links()}
        assert there == expected, query
        assert theirs.id not in page.text
        assert "secret" not in page.words
    page = await ada.get(f"{LIST}?search=green&state=open")
    assert page.form(LIST).values == {"search": "green", "state": "open", "engagement": ""}
    assert "No task is like that" in page.words


async def test_a_long_list_comes_in_parts(ada: Person, hall: Hall) -> None:
    me = await actor(hall, ada)
    made = [await funded(hall, me, title=f"Task {n}", price_cents=1) for n in range(PART + 3)]
    newest = [f"{LIST}/{one.id}" for one in reversed(made)]
    first = await ada.get(f"{LIST}?engagement=claim")
    shown = [one for one in newest if one in first.links()]
    assert shown == newest[:PART]
    (more,) = [one for one in first.links() if "before=" in one]
    assert "engagement=claim" in more
    second = await ada.get(more)
    assert [one for one in newest if one in second.links()] == newest[PART:]
    assert not [one for one in second.links() if "before=" in one]
    assert f"{LIST}?engagement=claim" in second.links()
    assert (await ada.get(f"{LIST}?before=nonsense")).links() >= set(newest[:1])


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_is_looked_for_runs_nowhere(ada: Person, hall: Hall, payload: str) -> None:
    await post(hall, await actor(hall, ada), title=payload)
    answer = await ada.http.get(LIST, params={"search": payload, "state": payload})
    page = Page(answer.text)
    assert page.form(LIST).values["search"] == payload
    assert payload in page.words or "No task is like that" in page.words
    assert "".join(page.scripts).strip() == ""
    assert not {one.tag for one in page.elements} & {"svg", "iframe"}
    assert not [name for one in page.elements for name in one.attributes if name.startswith("on")]
