"""Titles stay as they are typed, and what a program printed stays as it was printed."""

from typing import Any

import pytest

from hiringhall.actions.runs import outcomes
from hiringhall.actions.tasks import running
from hiringhall.hall import Hall, Staffing
from hiringhall.queries.seen import Wanted, posted_by, task_seen
from tests.doors.conftest import Worker
from tests.doors.pages.conftest import Person, led_to, page_of
from tests.doors.pages.test_home import actor
from tests.support.halls import begin, post, with_staffing
from tests.support.teams import a_team, put_up

pytestmark = pytest.mark.anyio

NEW = "/app/tasks/new"
LONG = "Build the page of the boat workshop with " + "oars, " * 18 + "sails"
COMMANDS = Staffing("command", "", {"command": ""})
PRINTED = "step 0\nstep 1\n```\n<b>bold</b>\n\n 2 files changed"


@pytest.mark.parametrize("step", ["post", "draft"])
async def test_a_title_for_the_staff_is_kept_whole(ada: Person, hall: Hall, step: str) -> None:
    assert 140 < len(LONG) < 200
    typed: dict[str, Any] = {"title": LONG, "description": "All of it.", "step": step}
    path = led_to(await ada.sends(NEW, NEW, **typed))
    me = await actor(hall, ada)
    task_id = path.rpartition("/")[2]
    assert (await task_seen(hall, actor=me, task_id=task_id)).task.title == LONG
    if step == "draft":
        form = (await ada.get(f"{path}/draft")).form(f"{path}/draft")
        assert form.values["title"] == LONG
        await ada.send(form, title=f"{LONG} too", step="draft")
        assert (await task_seen(hall, actor=me, task_id=task_id)).task.title == f"{LONG} too"


async def test_a_title_that_is_too_long_is_refused_beside_its_field(
    ada: Person, hall: Hall
) -> None:
    typed: dict[str, Any] = {"title": "x" * 201, "description": "All of it."}
    page = page_of(await ada.sends(NEW, NEW, 400, **typed), 400)
    assert 'id="title-wrong"' in page.text
    assert page.form(NEW).values["title"] == "x" * 201
    assert not (await posted_by(hall, actor=await actor(hall, ada), wanted=Wanted())).items


async def test_what_a_command_printed_keeps_its_lines(ada: Person, hall: Hall) -> None:
    me, commanded = await actor(hall, ada), with_staffing(hall, COMMANDS)
    task = await post(commanded, me)
    run = await begin(commanded)
    await outcomes.deliver(commanded, token=run.token, text=PRINTED)
    page = await ada.get(f"/app/tasks/{task.id}")
    assert PRINTED.replace("<", "&lt;").replace(">", "&gt;") in page.text
    assert "<b>bold" not in page.text
    page.runs_nothing()


async def test_a_long_delivery_is_in_short_in_the_log_and_leads_to_the_whole(
    ada: Person, hall: Hall, worker: Worker
) -> None:
    task = await post(hall, await actor(hall, ada))
    await worker.solves("\n".join(f"line {one}." for one in range(40)))
    page = await ada.get(f"/app/tasks/{task.id}")
    assert "line 39." in page.text.partition('class="log"')[0]
    log = page.text.partition('class="log"')[2]
    assert "line 5." in log
    assert "line 6." not in log
    assert f'href="/app/tasks/{task.id}#made-1"' in log
    assert 'id="made-1"' in page.text


async def test_a_delivery_that_nobody_looks_at_says_that_it_was_accepted_by_itself(
    ada: Person, hall: Hall, worker: Worker
) -> None:
    me = await actor(hall, ada)
    team = await a_team(hall, me)
    page = await ada.get(f"/app/teams/{team.id}/settings")
    assert "put on the board from now on" in page.words
    task = await put_up(hall, me, team)
    await running.run_task(hall, actor=me, task_id=task.id)
    await worker.solves("Done.")
    assert "Accepted by itself" in (await ada.get(f"/app/tasks/{task.id}")).words
