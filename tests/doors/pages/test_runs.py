"""Runs at their pages: what they cost, their logs, stopped; and nobody else's."""

from dataclasses import replace
from pathlib import Path

import pytest

from hiringhall.actions.budgets import raise_task_cap
from hiringhall.actions.market.crossing import offer_task
from hiringhall.actions.market.post import withdraw_task
from hiringhall.actions.tasks import running
from hiringhall.domain.compute import CapScope
from hiringhall.domain.errors import Invalid, NotYours
from hiringhall.domain.tasks import Engagement
from hiringhall.doors.desk import Desk
from hiringhall.hall import Hall
from hiringhall.queries.budgets import spending_on
from tests.doors.conftest import Worker
from tests.doors.pages.conftest import Person, page_of
from tests.doors.pages.test_home import PAYLOADS, actor
from tests.doors.pages.test_market_tasks import harmless
from tests.support.halls import post

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(desk: Desk, hall: Hall, tmp_path: Path) -> Desk:
    capped = replace(hall, rules=replace(hall.rules, caps={CapScope.TASK: 2_000_000}))
    return replace(desk, hall=capped, run_logs=tmp_path)


async def test_a_run_is_looked_at_and_stopped(
    ada: Person, bob: Person, hall: Hall, worker: Worker, tmp_path: Path
) -> None:
    task = await post(hall, await actor(hall, ada))
    run = await worker.begins()
    at = f"/app/tasks/{task.id}/runs/{run.id}"
    assert at in (await ada.get(f"/app/tasks/{task.id}")).links()
    page = await ada.get(at)
    assert "Nothing is in its log yet" in page.words
    assert 'hx-trigger="every 3s"' in page.text
    lines = [f"{n}.000 < line {n} {'<b>' * 20}\n" for n in range(2_000)]
    (tmp_path / f"{run.id}.log").write_text("".join(lines))
    page = await ada.get(at)
    assert "line 1999" in page.words
    assert "line 0 " not in page.words
    assert len(page.text) < 150_000
    begins = await ada.get(f"{at}?after=0")
    assert "line 0 " in begins.words
    assert 'hx-trigger="every 3s"' not in begins.text
    (further,) = [one for one in begins.links() if one.startswith("?after=") and one != "?after=0"]
    assert "line 1999" not in (await ada.get(f"{at}{further}")).words
    kept = await ada.http.get(f"{at}/log.txt")
    assert kept.text == "".join(lines)
    assert kept.headers["content-disposition"].startswith("attachment")
    token = (await bob.get("/app")).form("/signout").values["csrf"]
    for path in (at, f"{at}/log.txt"):
        page_of(await bob.http.get(path), 404)
    page_of(await bob.http.post(f"{at}/stop", data={"csrf": token}), 404)
    other = await post(hall, await actor(hall, ada))
    page_of(await ada.http.get(f"/app/tasks/{other.id}/runs/{run.id}"), 404)
    await ada.sends(at, f"{at}/stop", why="Wrong way")
    page = await ada.get(at)
    assert "Stopped" in page.words
    assert 'hx-trigger="every 3s"' not in page.text
    (tmp_path / f"{run.id}.log").unlink()
    assert "There is no log of it here" in (await ada.get(at)).words


async def test_what_went_to_the_market_meanwhile_is_not_tried_again_by_a_worker(
    ada: Person, hall: Hall, worker: Worker
) -> None:
    me = await actor(hall, ada)
    task = await post(hall, me)
    run = await worker.begins()
    pages = (f"/app/tasks/{task.id}/runs/{run.id}", f"/app/teams/{run.team_id}/workers/{run.id}")
    await ada.sends(pages[0], f"{pages[0]}/stop")
    for path in pages:
        assert "Try again" in (await ada.get(path)).words
    await running.reopen_task(hall, actor=me, task_id=task.id)
    await offer_task(
        hall, actor=me, task_id=task.id, engagement=Engagement.CLAIM, price_cents=1_000
    )
    await withdraw_task(hall, actor=me, task_id=task.id)
    for path in pages:
        page = await ada.get(path)
        assert "Stopped" in page.words
        assert "Try again" not in page.words
        assert not [one for one in page.forms if one.action.endswith("/resume")]


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_a_worker_says_in_its_log_runs_nowhere(
    ada: Person, hall: Hall, worker: Worker, tmp_path: Path, payload: str
) -> None:
    task = await post(hall, await actor(hall, ada), title=payload)
    run = await worker.begins()
    (tmp_path / f"{run.id}.log").write_text(f"1.000 < {payload} \u202e\x1b[31m\n")
    page = await ada.get(f"/app/tasks/{task.id}/runs/{run.id}")
    harmless(page)
    assert payload in page.words
    assert "<U+202E><U+001B>[31m" in page.words


async def test_what_a_task_may_cost_is_raised(ada: Person, bob: Person, hall: Hall) -> None:
    task = await post(hall, await actor(hall, ada))
    at = f"/app/tasks/{task.id}"
    assert "of 2.0000" in (await ada.get(at)).words
    for wrong in ("much", "1.99", "2"):
        page = page_of(await ada.sends(at, f"{at}/cap", 400, cap=wrong), 400)
        assert page.form(f"{at}/cap").values["cap"] == wrong
    await ada.sends(at, f"{at}/cap", cap="5")
    assert "of 5.0000" in (await ada.get(at)).words
    await ada.sends(at, f"{at}/cap", 400, cap="4")


async def test_a_cap_is_raised_by_its_own_alone(ada: Person, bob: Person, hall: Hall) -> None:
    task = await post(hall, await actor(hall, ada))
    with pytest.raises(NotYours):
        await raise_task_cap(
            hall, actor=await actor(hall, bob), task_id=task.id, cap_micros=9_000_000
        )
    with pytest.raises(Invalid):
        await raise_task_cap(
            hall, actor=await actor(hall, ada), task_id=task.id, cap_micros=9_000_000
        )
    found = await spending_on(hall, actor=await actor(hall, ada), task_id=task.id)
    assert found.cap_micros is None
