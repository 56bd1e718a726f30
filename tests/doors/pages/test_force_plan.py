"""The editor of a Task Force's plan: rows, shares that are split, and what is refused."""

from typing import Any

import pytest

from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Engagement
from hiringhall.hall import Hall
from tests.doors.pages.conftest import Person, page_of
from tests.doors.pages.test_forces import actor, at, posts, row, wrong
from tests.support.force import part, planned, teammate, view_of
from tests.support.market import funded

pytestmark = pytest.mark.anyio


@pytest.fixture
async def me(ada: Person, hall: Hall) -> Actor:
    """Ada, who buys."""
    return await actor(hall, ada)


async def test_rows_are_added_split_and_left_out_by_the_server(
    ada: Person, hall: Hall, me: Actor
) -> None:
    whole = await funded(hall, me, engagement=Engagement.TASK_FORCE, price_cents=10_000)
    path = at(whole, "/plan")
    form = (await ada.get(path)).form(path)
    names = ("one", "two", "three")
    typed: dict[str, Any] = {}
    for number, name in enumerate(names):
        typed |= row(number, key=name, title=name, brief=f"Do {name}.")
    page = page_of(await ada.send(form, 200, **typed, do="more"))
    form = page.form(path)
    begins = [one.attributes["id"] for one in page.elements if "autofocus" in one.attributes]
    assert begins == ["part-3-title"], "by keys one goes on at the new row"
    assert form.values["part-3-key"] == "part-1"
    assert form.values["part-2-brief"] == "Do three."
    form = page_of(await ada.send(form, 200, do="split")).form(path)
    shares = [form.values[f"part-{number}-share"] for number in range(4)]
    assert shares == ["33.34", "33.33", "33.33", ""]
    out: dict[str, Any] = {"part-1-out": "yes"}
    form = page_of(await ada.send(form, 200, **out, do="split")).form(path)
    assert [form.values[f"part-{number}-title"] for number in range(2)] == ["one", "three"]
    assert form.values["part-1-share"] == "50.00"
    await ada.send(form, do="save")
    view = await view_of(hall, me, whole)
    assert [one.plan.share_cents for one in view.parts] == [5_000, 5_000]


async def test_agents_are_called_by_their_names(
    ada: Person, bob: Person, hall: Hall, me: Actor
) -> None:
    owner = await actor(hall, bob)
    scout, twin, scribe = [
        (await teammate(hall, owner, name)).agent_id or "" for name in ("scout", "scout", "scribe")
    ]
    whole = await funded(hall, me, engagement=Engagement.TASK_FORCE, price_cents=5_000)
    path = at(whole, "/plan")
    page = await ada.get(path)
    offered = [one.attributes["value"] for one in page.elements if one.tag == "option"]
    names = {f"scout ({scout[-6:]})", f"scout ({twin[-6:]})", f"scribe ({scribe[-6:]})"}
    assert names <= set(offered)
    find = row(0, key="find", title="Find", brief="Look.", share="20")
    write = row(1, key="write", title="Write", brief="Tell.", share="20", needs="find")
    for name, said in (("scout", "Several agents"), ("nobody", "No agent here")):
        typed: dict[str, Any] = {**find, **write, **row(0, agent=name), "do": "save"}
        sent = await ada.send(page.form(path), 400, **typed)
        refused = page_of(sent, 400)
        assert "part-0-agent" in wrong(refused)
        assert said in refused.words
        assert refused.form(path).values["part-0-agent"] == name
    typed = {**find, **write, **row(0, agent=f"scout ({twin[-6:]})"), **row(1, agent=" Scribe ")}
    await ada.send(page.form(path), **typed, do="save")
    view = await view_of(hall, me, whole)
    assert [one.plan.agent_id for one in view.parts] == [twin, scribe]
    again = (await ada.get(path)).form(path).values
    assert again["part-0-agent"] == f"scout ({twin[-6:]})"
    shown = await ada.get(at(whole))
    assert f"scout {twin[-6:]}" in shown.words
    assert shown.text.count(">scribe</text>") == 1
    assert twin not in shown.words
    typed = {**row(0, agent=scout), "do": "save"}
    await ada.send((await ada.get(path)).form(path), **typed)
    assert (await view_of(hall, me, whole)).parts[0].plan.agent_id == scout


async def test_a_plan_that_is_refused_keeps_all_that_was_typed(
    ada: Person, hall: Hall, me: Actor
) -> None:
    whole = await funded(hall, me, engagement=Engagement.TASK_FORCE, price_cents=5_000)
    path = at(whole, "/plan")
    form = (await ada.get(path)).form(path)
    good = row(0, key="find", title="Find", brief="Look\r\naround.", share="20")
    for fields, field in (
        (row(1, key="write", title="Write", brief="x", share="much"), "part-1-share"),
        (row(1, key="write", title="Write", brief="x", share=""), "part-1-share"),
        (row(1, key="write", title="Write", brief="x", share="30.01"), "subtasks"),
        (row(1, key="write", title="Write", brief="x", share="1", needs="no"), "part-1-needs"),
        (row(1, key="write", title="Write", brief="x", share="0"), "part-1-share"),
        (row(1, key="write", title="Write", brief="", share="1"), "part-1-brief"),
        (row(1, key="write", title="W", brief="x", share="1", minutes="0"), "part-1-minutes"),
        (row(1, key="write", title="", brief="x", share="1"), "part-1-title"),
        (row(1, key="write", title="Write", brief="x", share="1", minutes="?"), "part-1-minutes"),
    ):
        typed: dict[str, Any] = {**good, **fields, "do": "save"}
        page = page_of(await ada.send(form, 400, **typed), 400)
        values = page.form(path).values
        assert values["part-0-brief"] == "Look\naround."
        assert all(values[name] == value for name, value in fields.items())
        assert wrong(page) == {field}, field
    await ada.send(form, 400, do="save")


async def test_a_draft_is_funded_and_a_price_that_is_none_is_said(
    ada: Person, hall: Hall, me: Actor
) -> None:
    path = await posts(ada, do="draft")
    page = await ada.get(path)
    assert "Nothing is held yet" in page.words
    await ada.send(page.form(f"{path}/fund"))
    assert "It is to be planned" in (await ada.get(path)).words
    new = "/app/forces/new"
    page = page_of(
        await ada.sends(new, new, 400, title="Kept", description="x", price_cents="-"), 400
    )
    assert page.form(new).values["title"] == "Kept"
    assert "price_cents" in wrong(page)
    too_dear: dict[str, Any] = {"title": "x", "description": "y", "price_cents": "999999"}
    too_dear |= {"do": "fund", "shown": "99999900 usd task_force"}
    page = page_of(await ada.sends(new, new, 402, **too_dear), 402)
    assert page.form(new).values["price_cents"] == "999999"
    assert "price_cents" in wrong(page)
    assert "999,049.00" in page.words, "what is missing"


async def test_a_large_plan_stays_a_small_page(ada: Person, hall: Hall, me: Actor) -> None:
    parts = [
        part(f"p{n}", 100, *([f"p{n - 1}"] if n % 4 else []), brief="x" * 3_000) for n in range(20)
    ]
    whole = await planned(hall, me, parts, price_cents=5_000)
    for further in ("", "/plan"):
        page = await ada.get(at(whole, further))
        assert len(page.text.encode()) < 150_000
