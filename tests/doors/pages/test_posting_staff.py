"""Posting for the hall's own workers at a page: for which team, under which cap, at what cost."""

from typing import Any

import pytest

from hiringhall.actions.budgets import set_owners_cap
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State
from hiringhall.domain.teams import Team
from hiringhall.hall import Hall
from hiringhall.queries.budgets import own_cap_on
from hiringhall.queries.seen import Wanted, posted_by, task_seen
from tests.doors.pages.conftest import Person, led_to, page_of
from tests.doors.pages.test_home import actor
from tests.doors.pages.test_sent_again import ended, told
from tests.support.teams import ROLE, a_team

pytestmark = pytest.mark.anyio

NEW = "/app/tasks/new"
SAID: dict[str, Any] = {"title": "Build a page", "description": "With a hero."}


@pytest.fixture
async def me(ada: Person, hall: Hall) -> Actor:
    return await actor(hall, ada)


@pytest.fixture
async def team(hall: Hall, me: Actor) -> Team:
    return await a_team(hall, me, name="Rockets")


async def made(hall: Hall, me: Actor, path: str) -> tuple[Any, int | None]:
    """The task of a page, and the cap of its own."""
    task_id = path.rpartition("/")[2]
    seen = await task_seen(hall, actor=me, task_id=task_id)
    return seen.task, await own_cap_on(hall, actor=me, task_id=task_id)


async def test_it_is_posted_to_the_team_with_the_cap_that_was_typed(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    path = led_to(await ada.sends(NEW, NEW, **SAID, team_id=team.id, role=ROLE, cap_micros="2.50"))
    task, cap = await made(hall, me, path)
    assert (task.team_id, task.role, cap, task.state) == (team.id, ROLE, 2_500_000, State.OPEN)
    task, cap = await made(hall, me, led_to(await ada.sends(NEW, NEW, **SAID)))
    assert (task.team_id == team.id, cap) == (False, None)


async def test_a_team_is_taken_with_its_roles_and_nothing_is_posted(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    page = await ada.get(NEW)
    assert not [one for one in page.elements if one.attributes.get("value") == ROLE]
    typed: dict[str, Any] = {
        **SAID,
        "title": "",
        "team_id": team.id,
        "cap_micros": "7",
        "step": "look",
    }
    page = page_of(await ada.send(page.form(NEW), 200, **typed))
    assert [one for one in page.elements if one.attributes.get("value") == ROLE]
    values = page.form(NEW).values
    assert (values["team_id"], values["cap_micros"]) == (team.id, "7")
    assert values["description"] == SAID["description"]
    assert "up to 7.0000; then it stops and asks you" in page.words
    assert not (await posted_by(hall, actor=me, wanted=Wanted())).items


async def test_what_it_may_cost_is_what_the_caps_above_it_leave(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    assert "with no cap." in (await ada.get(NEW)).words
    await set_owners_cap(hall, actor=me, cap_micros=9_000_000)
    assert (
        "up to 9.0000, which is all that is left under your organization"
        in (await ada.get(NEW)).words
    )
    await set_owners_cap(hall, actor=me, cap_micros=3_000_000, team_id=team.id)
    page = await ada.get(f"{NEW}?team_id={team.id}")
    assert "up to 3.0000, which is all that is left under the team's cap" in page.words
    page = page_of(await ada.send(page.form(NEW), 200, **SAID, cap_micros="1", step="look"))
    assert "up to 1.0000; then it stops" in page.words


async def test_what_is_no_cap_or_no_team_is_said_and_the_rest_kept(
    ada: Person, bob: Person, hall: Hall, me: Actor
) -> None:
    theirs = await a_team(hall, await actor(hall, bob))
    for step in ("post", "draft", "look"):
        typed: dict[str, Any] = {**SAID, "cap_micros": "much", "step": step}
        page = page_of(await ada.sends(NEW, NEW, 400, **typed), 400)
        assert page.form(NEW).values["cap_micros"] == "much"
        assert 'id="cap_micros-wrong"' in page.text
        assert page.form(NEW).values["title"] == SAID["title"]
    page = page_of(await ada.sends(NEW, NEW, 400, **SAID, cap_micros="99999999999"), 400)
    assert "more, or less, than is taken here" in page.words
    page = page_of(await ada.sends(NEW, NEW, 400, **SAID, team_id=theirs.id), 400)
    assert "no such team" in page.words
    assert not (await posted_by(hall, actor=me, wanted=Wanted())).items


async def test_a_drafts_cap_is_changed_at_its_page(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    typed: dict[str, Any] = {**SAID, "team_id": team.id, "cap_micros": "5", "step": "draft"}
    path = led_to(await ada.sends(NEW, NEW, **typed))
    page = await ada.get(f"{path}/draft")
    form = page.form(f"{path}/draft")
    assert form.values["cap_micros"] == "5.00"
    assert "Team: Rockets" in page.words
    looked = page_of(await ada.send(form, 200, cap_micros="6", step="look"))
    assert "up to 6.0000; then it stops" in looked.words
    assert (await made(hall, me, path))[1] == 5_000_000
    await ada.send(form, cap_micros="6", step="draft")
    task, cap = await made(hall, me, path)
    assert (task.state, task.team_id, cap) == (State.DRAFT, team.id, 6_000_000)
    # Who began before is told, and overwrites nothing.
    page_of(await ada.send(form, 409, cap_micros="7", step="draft"), 409)
    form = (await ada.get(f"{path}/draft")).form(f"{path}/draft")
    await ada.send(form, cap_micros="", step="post")
    task, cap = await made(hall, me, path)
    assert (task.state, cap) == (State.OPEN, None)


async def test_who_was_signed_out_reads_the_teams_name(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    form = (await ada.get(NEW)).form(NEW)
    page = await ended(ada, form, **SAID, team_id=team.id, cap_micros="2.50")
    assert told(page)["Team"] == "Rockets"
    assert page.form(NEW).values["cap_micros"] == "2.50"
    task, cap = await made(hall, me, led_to(await ada.send(page.form(NEW))))
    assert (task.team_id, cap) == (team.id, 2_500_000)
