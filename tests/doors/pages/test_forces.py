"""Task Forces at their pages: planned in rows, confirmed, followed, talked in, accepted."""

from typing import Any

import pytest

from hiringhall.actions.force import planning, talking
from hiringhall.domain.messages import MessageKind
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Engagement, State, Task
from hiringhall.hall import Hall
from hiringhall.queries import money
from hiringhall.queries.seen import task_seen
from hiringhall.queries.sign_ins import actor_of, signed_in
from tests.doors.pages.conftest import Person, page_of
from tests.doors.pages.reading import Page
from tests.doors.pages.test_home import PAYLOADS
from tests.support.force import (
    LONG,
    TWO,
    confirmed,
    delivers,
    part,
    planned,
    subtask,
    teammate,
    who_has,
)
from tests.support.market import funded

pytestmark = pytest.mark.anyio

PAGES = ("", "/plan", "/thread")


async def actor(hall: Hall, person: Person) -> Actor:
    return actor_of(await signed_in(hall, secret=person.http.cookies["hall"]))


@pytest.fixture
async def me(ada: Person, hall: Hall) -> Actor:
    """Ada, who buys."""
    return await actor(hall, ada)


@pytest.fixture
async def scout(bob: Person, hall: Hall) -> Actor:
    """An agent of Bob's that works in Task Forces."""
    return await teammate(hall, await actor(hall, bob))


def at(task: Task, further: str = "") -> str:
    return f"/app/forces/{task.id}{further}"


def row(number: int, **fields: str) -> dict[str, str]:
    return {f"part-{number}-{name}": value for name, value in fields.items()}


def wrong(page: Page) -> set[str]:
    """The fields that a page says something is wrong with."""
    ids = [one.attributes.get("id", "") for one in page.elements]
    return {one.removesuffix("-wrong") for one in ids if one.endswith("-wrong")}


async def posts(person: Person, **typed: Any) -> str:
    """Post a whole; where it leads."""
    fields: dict[str, Any] = {
        "title": "A guide",
        "description": "All of it.",
        "price_cents": "50",
        "do": "fund",
        "shown": "5000 usd task_force",
        **typed,
    }
    answer = await person.sends("/app/forces/new", "/app/forces/new", **fields)
    return answer.headers["location"]


async def test_a_form_that_is_sent_twice_holds_one_price(
    ada: Person, hall: Hall, me: Actor
) -> None:
    form = (await ada.get("/app/forces/new")).form("/app/forces/new")
    typed: dict[str, Any] = {"title": "A guide", "description": "All", "price_cents": "50"}
    typed["shown"] = "5000 usd task_force"
    first = await ada.send(form, **typed, do="fund")
    again = await ada.send(form, **typed, do="fund")
    assert first.headers["location"] == again.headers["location"]
    account = await money.account_view(hall, actor=me)
    assert account.held_cents == 5_000


async def test_what_is_said_twice_by_one_form_is_said_once(
    ada: Person, hall: Hall, me: Actor
) -> None:
    whole = await planned(hall, me)
    form = (await ada.get(at(whole))).form(at(whole, "/say"))
    for _ in range(2):
        said = await ada.send(form, text="Only once")
        assert said.headers["location"] == at(whole, "#said")
    assert (await ada.get(at(whole, "/thread"))).words.count("Only once") == 1


async def test_a_whole_is_planned_in_rows_and_confirmed(
    ada: Person, hall: Hall, me: Actor, scout: Actor
) -> None:
    path = await posts(ada)
    form = (await ada.get(path)).form(path)
    assert form.values["part-0-key"] == "part-1"
    find = row(0, key="find", title="Find", brief="Look around.", share="20")
    write = row(1, key="write", title="Write", brief="Write it.", share="15,50", needs="find")
    typed: dict[str, Any] = {**find, **write, "do": "save", "reviewer": "buyer"}
    answer = await ada.send(form, **typed)
    whole = answer.headers["location"]
    page = await ada.get(whole)
    for word in ("Find", "Write", "20.00", "15.50", "35.50", "14.50"):
        assert word in page.words
    assert (
        len([one for one in page.elements if one.tag == "path" and one.attributes.get("class")])
        == 1
    )
    assert (
        len([one for one in page.elements if one.attributes.get("class", "").startswith("node")])
        == 2
    )
    kept = (await ada.get(f"{whole}/plan")).form(f"{whole}/plan").values
    assert kept["part-1-needs"] == "find"
    assert kept["part-1-share"] == "15.50"
    await ada.send(page.form(f"{whole}/confirm"), decision="yes")
    page = await ada.get(whole)
    assert "scout" in page.words
    assert "The plan stands: 2 parts." in page.words
    found = await task_seen(hall, actor=me, task_id=whole.rpartition("/")[2])
    assert found.task.state is State.IN_PROGRESS
    assert "0 of 2 parts done" in (await ada.get("/app/forces")).words


async def test_a_plan_that_waits_for_a_yes_is_not_said_to_be_missing(
    ada: Person, hall: Hall, me: Actor
) -> None:
    whole = await planned(hall, me)
    page = await ada.get(at(whole))
    assert "It is to be planned" not in page.words
    assert "Have it planned anew" in page.words
    assert at(whole, "/ask") in {one.action for one in page.forms}


async def test_a_no_to_the_plan_has_it_planned_anew(ada: Person, hall: Hall, me: Actor) -> None:
    whole = await planned(hall, me)
    form = (await ada.get(at(whole))).form(at(whole, "/confirm"))
    await ada.send(form, decision="no", reason="Too many")
    page = await ada.get(at(whole))
    assert "It is to be planned" in page.words
    page = page_of(await ada.send(form, 409, decision="yes", reason="Kept"), 409)
    assert "Kept" in page.text or "confirm" not in {one.action for one in page.forms}


async def test_a_plan_that_was_made_anew_is_looked_at_before_it_is_confirmed(
    ada: Person, hall: Hall, me: Actor
) -> None:
    whole = await planned(hall, me)
    form = (await ada.get(at(whole))).form(at(whole, "/confirm"))
    page = page_of(await ada.send(form, 409, decision="yes", plan_id="another one"), 409)
    assert "This plan was made anew" in page.words
    await ada.send(page.form(at(whole, "/confirm")), decision="yes")


async def test_what_the_manager_says_to_a_wish_for_a_plan_is_said(
    ada: Person, hall: Hall, me: Actor
) -> None:
    whole = await funded(hall, me, engagement=Engagement.TASK_FORCE)
    form = (await ada.get(at(whole))).form(at(whole, "/ask"))
    page = page_of(await ada.send(form, 400), 400)
    assert [one for one in page.elements if one.attributes.get("role") == "alert"]


async def test_a_page_asks_whether_there_is_news(
    ada: Person, bob: Person, hall: Hall, me: Actor
) -> None:
    whole = await planned(hall, me)
    page = await ada.get(at(whole))
    (stands,) = [
        one.attributes["data-stands"] for one in page.elements if "data-stands" in one.attributes
    ]
    assert (await ada.http.get(stands)).status_code == 204
    await talking.post_as_buyer(hall, actor=me, task_id=whole.id, text="A word")
    answer = await ada.http.get(stands)
    assert (answer.status_code, answer.text) == (200, "news")
    assert (await bob.http.get(stands)).status_code == 404


async def test_the_manager_is_asked_and_its_plan_waited_for(
    ada: Person, hall: Hall, me: Actor
) -> None:
    whole = await funded(hall, me, engagement=Engagement.TASK_FORCE)
    await planning.ask_manager(hall, actor=me, task_id=whole.id)
    page = await ada.get(at(whole))
    assert "The Manager Bot is planning it" in page.words
    assert not [one for one in page.elements if one.tag == "svg"]
    path = at(whole, "/plan")
    form = (await ada.get(path)).form(path)
    typed: dict[str, Any] = {**row(0, title="Mine", brief="All.", share="1"), "do": "save"}
    await ada.send(form, **typed)
    assert "Mine" in (await ada.get(at(whole))).words


async def test_a_part_is_reviewed_and_the_whole_accepted(
    ada: Person, hall: Hall, me: Actor, scout: Actor
) -> None:
    whole = await confirmed(hall, me, (part("find", 2_000),))
    find = await subtask(hall, whole, "find")
    path = at(whole, f"/parts/{find.id}")
    assert path in (await ada.get(at(whole))).links()
    await delivers(hall, scout, find)
    page = await ada.get(path)
    assert LONG in page.words
    form = page.form(f"{path}/revise")
    page = page_of(await ada.send(form, 400, reason=" "), 400)
    assert "reason" in wrong(page)
    await ada.send(form, reason="More of it")
    assert "More of it" in (await ada.get(path)).words
    await delivers(hall, scout, find, f"{LONG} And more.")
    await ada.sends(path, f"{path}/accept", 400, rating="6")
    await ada.sends(path, f"{path}/accept", rating="5", feedback="Good work")
    page = await ada.get(at(whole))
    for word in ("The whole", "1 of 1 parts done", "18.00", LONG):
        assert word in page.words
    await ada.send(page.form(at(whole, "/accept")), rating="4")
    found = await task_seen(hall, actor=me, task_id=whole.id)
    assert found.task.state is State.DONE


async def test_a_whole_is_turned_down_with_a_reason(
    ada: Person, hall: Hall, me: Actor, scout: Actor
) -> None:
    whole = await confirmed(hall, me, (part("find", 2_000),))
    find = await subtask(hall, whole, "find")
    await delivers(hall, scout, find)
    path = at(whole, f"/parts/{find.id}")
    await ada.sends(path, f"{path}/accept")
    form = (await ada.get(at(whole))).form(at(whole, "/reject"))
    assert "reason" in wrong(page_of(await ada.send(form, 400, reason=""), 400))
    await ada.send(form, reason="Not what I meant")
    assert "Not what I meant" in (await ada.get(at(whole))).words


async def test_an_open_part_is_given_dropped_and_others_are_added(
    ada: Person, bob: Person, hall: Hall, me: Actor
) -> None:
    whole = await confirmed(hall, me, (part("find", 2_000), part("write", 1_000, "find")))
    find = await subtask(hall, whole, "find")
    path = at(whole, f"/parts/{find.id}")
    page = await ada.get(at(whole))
    assert "Nobody is there for" in page.words
    assert "Nobody is there now" in (await ada.get(path)).words
    agent = await teammate(hall, await actor(hall, bob), "late")
    page = await ada.get(path)
    assert "late" in page.words
    form = page.form(f"{path}/give")
    page = page_of(await ada.send(form, 400, agent_id="nobody"), 400)
    assert "agent_id" in wrong(page)
    await ada.send(form, agent_id="late")
    assert await who_has(hall, await subtask(hall, whole, "find")) == agent.agent_id
    write = await subtask(hall, whole, "write")
    other = at(whole, f"/parts/{write.id}")
    await ada.sends(other, f"{other}/drop", why="No need")
    assert (await subtask(hall, whole, "write")).state is State.CANCELLED
    plan = at(whole, "/plan")
    form = (await ada.get(plan)).form(plan)
    assert form.values["part-0-key"] == "part-1"
    more = row(0, title="Draw", brief="Draw it.", share="30", needs="find")
    typed: dict[str, Any] = {**more, "do": "save", "reason": "It lacks pictures"}
    await ada.send(form, **typed)
    assert "Draw" in (await ada.get(at(whole))).words


async def test_threads_are_read_and_written(
    ada: Person, hall: Hall, me: Actor, scout: Actor
) -> None:
    whole = await confirmed(hall, me, (part("find", 2_000),))
    find = await subtask(hall, whole, "find")
    await talking.post_as_agent(
        hall,
        actor=scout,
        subtask_id=find.id,
        text="The library is closed",
        kind=MessageKind.BLOCKER,
    )
    page = await ada.get(at(whole))
    assert "is held up: The library is closed" in page.words
    await ada.send(page.form(at(whole, "/say")), text="To all of you")
    await ada.sends(at(whole), at(whole, "/say"), text="It opens at nine", thread=find.id)
    path = at(whole, f"/parts/{find.id}")
    await ada.sends(path, f"{path}/say", text="Or at ten")
    page = await ada.get(path)
    for word in ("The library is closed", "held up", "It opens at nine", "Or at ten"):
        assert word in page.words
    assert "To all of you" not in page.words
    everything = (await ada.get(at(whole, "/thread"))).words
    for word in ("To all of you", "It opens at nine", "Part find", "Manager Bot"):
        assert word in everything
    answer = await ada.sends(at(whole), at(whole, "/say"), 400, text=" ", thread=find.id)
    page = page_of(answer, 400)
    assert page.form(at(whole, "/say")).values["thread"] == find.id
    assert "text" in wrong(page)


async def test_a_long_thread_goes_on_at_another_page(ada: Person, hall: Hall, me: Actor) -> None:
    whole = await planned(hall, me)
    for number in range(55):
        await talking.post_as_buyer(hall, actor=me, task_id=whole.id, text=f"word {number:02d}")
    page = await ada.get(at(whole))
    assert "word 54" in page.words
    assert "word 01" not in page.words
    page = await ada.get(at(whole, "/thread"))
    assert "word 01" in page.words
    (more,) = [one for one in page.links() if "after=" in one]
    assert "word 54" in (await ada.get(more)).words
    await ada.get(at(whole, "/thread?after=nowhere"), 400)


async def test_nobody_sees_or_steers_anothers(
    ada: Person, bob: Person, hall: Hall, me: Actor, scout: Actor
) -> None:
    whole = await confirmed(hall, me, TWO, title="Ada's own")
    find = await subtask(hall, whole, "find")
    mine = await planned(hall, await actor(hall, bob))
    for further in (*PAGES, f"/parts/{find.id}"):
        await bob.get(at(whole, further), 404)
    await bob.get(at(mine, f"/parts/{find.id}"), 404)
    token = (await bob.get(at(mine))).form(at(mine, "/confirm")).values
    fields = {**token, "decision": "yes", "text": "x", "reason": "x", "do": "save", "chosen": "x"}
    fields |= {"deliverable_id": find.id, **row(0, key="a", title="a", brief="a", share="1")}
    steps = ("fund", "ask", "confirm", "say", "accept", "reject", "withdraw", "plan")
    parts = ("accept", "revise", "dispute", "give", "drop", "say")
    for path in (
        *(at(whole, f"/{one}") for one in steps),
        *(at(whole, f"/parts/{find.id}/{one}") for one in parts),
        *(at(mine, f"/parts/{find.id}/{one}") for one in parts),
    ):
        answer = await bob.http.post(path, data=fields)
        assert answer.status_code in (404, 409), path
        assert "Ada's own" not in answer.text
    assert (await subtask(hall, whole, "find")).version == find.version
    assert "Ada's own" not in (await bob.get("/app/forces")).words
    # A task that is none, and a part by itself, are no Task Force.
    plain = await funded(hall, me)
    for task in (plain, find):
        await ada.get(at(task), 404)


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_strangers_write_runs_nowhere(
    ada: Person, bob: Person, hall: Hall, me: Actor, payload: str
) -> None:
    agent = await teammate(hall, await actor(hall, bob), payload)
    parts = (part("find", 2_000, title=payload, brief=payload), part("write", 1_000, "find"))
    whole = await confirmed(hall, me, parts, title=payload, description=payload)
    find = await subtask(hall, whole, "find")
    await talking.post_as_agent(
        hall, actor=agent, subtask_id=find.id, text=payload, kind=MessageKind.BLOCKER
    )
    await delivers(hall, agent, find, f"{LONG} {payload}")
    for path in ("/app/forces", *(at(whole, one) for one in (*PAGES, f"/parts/{find.id}"))):
        page = await ada.get(path)
        assert payload in page.words, path
        page.runs_nothing()
    path = at(whole, f"/parts/{find.id}")
    await ada.sends(path, f"{path}/accept")
    (await ada.get(at(whole))).runs_nothing()
