"""What a team works with at its pages: workers and their logs, roles, playbook, settings, usage."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hiringhall.actions.runs import outcomes, spending
from hiringhall.actions.teams import change_team
from hiringhall.domain.compute import Spender, Tokens
from hiringhall.domain.policy import Actor
from hiringhall.domain.teams import Team
from hiringhall.doors.desk import Desk
from hiringhall.doors.front import Front
from hiringhall.github import GitHub
from hiringhall.hall import Hall
from hiringhall.queries.sign_ins import actor_of, signed_in
from hiringhall.queries.team_usage import team_usage_of
from hiringhall.store import budget_audit
from hiringhall.store.budgets import ModelCall
from hiringhall.store.database import Database
from tests.doors.conftest import OpenFront, Worker
from tests.doors.pages.conftest import Person, page_of
from tests.doors.pages.test_home import PAYLOADS
from tests.support.github_standin import GitHubStandIn
from tests.support.halls import Clock, QuietEngine, make_hall
from tests.support.teams import a_team, put_up

pytestmark = pytest.mark.anyio

DAY_S = 86_400


async def actor(hall: Hall, person: Person) -> Actor:
    return actor_of(await signed_in(hall, secret=person.http.cookies["hall"]))


@pytest.fixture
def github() -> Iterator[GitHubStandIn]:
    """GitHub, on loopback."""
    with GitHubStandIn("ghp_x") as standin:
        yield standin


@pytest.fixture
async def hall(
    database: Database, clock: Clock, engine: QuietEngine, github: GitHubStandIn
) -> AsyncIterator[Hall]:
    """A hall that asks that GitHub."""
    made = replace(make_hall(database, clock=clock, engine=engine), github=GitHub(github.url))
    yield made
    await made.github.close()


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Where what is said with workers is kept."""
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


@pytest.fixture
def front(desk: Desk, front_of: OpenFront, logs: Path) -> Front:
    return front_of(replace(desk, run_logs=logs))


@pytest.fixture
async def me(ada: Person, hall: Hall) -> Actor:
    """Ada, who acts."""
    return await actor(hall, ada)


@pytest.fixture
async def team(hall: Hall, me: Actor) -> Team:
    """A team of Ada's."""
    return await a_team(hall, me, name="Rockets")


def at(team: Team, further: str = "") -> str:
    return f"/app/teams/{team.id}{further}"


async def runs(person: Person, team: Team, hall: Hall, me: Actor, **fields: Any) -> str:
    """Put a task up and have a worker begin; the task's id."""
    task = await put_up(hall, me, team, **fields)
    path = at(team, f"/tasks/{task.id}")
    await person.sends(path, f"{path}/run")
    return task.id


async def test_workers_show_the_end_of_their_log_and_are_stopped(
    ada: Person, hall: Hall, me: Actor, team: Team, worker: Worker, logs: Path
) -> None:
    task_id = await runs(ada, team, hall, me, title="Count stars")
    run = await worker.begins()
    lines = [f"{number}.000 < star {number}" for number in range(500)]
    (logs / f"{run.id}.log").write_text("\n".join(lines) + "\n")
    for further in ("/workers", "/workers/now"):
        page = await ada.get(at(team, further))
        for word in ("Count stars", "At work", "star 499"):
            assert word in page.words
        assert "star 1\n" not in page.words
    path = at(team, f"/workers/{run.id}")
    assert "star 1\n" in (await ada.get(path)).words
    page = await ada.get(at(team, "/workers"))
    assert f"{path}/stop" not in {one.action for one in page.forms}
    assert f"{path}?stop=1#stop" in page.links()
    page = await ada.get(f"{path}?stop=1")
    assert '<details class="card" id="stop" open>' in page.text
    assert "its task is withdrawn with it" in page.words
    await ada.sends(path, f"{path}/stop")
    page = await ada.get(path)
    assert "Stopped" in page.words
    assert "Try again" in page.words
    assert f"{path}/stop" not in {one.action for one in page.forms}
    form = (await ada.get(at(team, f"/tasks/{task_id}"))).form(at(team, f"/tasks/{task_id}/words"))
    answer = await ada.send(form, 409, to=f"{path}/stop")
    assert "This run is cancelled" in page_of(answer, 409).words
    page = await ada.get(at(team, "/workers"))
    assert "Nobody is at work" in page.words
    assert "Count stars" in page.words
    sheet = at(team, f"/tasks/{task_id}")
    assert "Try again" in (await ada.get(sheet)).words
    await ada.sends(path, f"{sheet}/resume")
    again = await worker.begins()
    assert again.previous_run_id == run.id
    await ada.sends(at(team, f"/workers/{again.id}"), f"{at(team, f'/workers/{again.id}')}/stop")
    await ada.sends(sheet, f"{sheet}/reopen")
    assert f"{sheet}/run" in {one.action for one in (await ada.get(sheet)).forms}


async def test_more_at_work_than_a_page_shows_are_led_to(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    for number in range(22):
        await runs(ada, team, hall, me, title=f"Count {number:02}")
    page = await ada.get(at(team, "/workers"))
    titles = [f"Count {number:02}" for number in range(22)]
    assert [one for one in titles if one in page.words.partition(" Before ")[0]] == titles[2:]
    (further,) = [one for one in page.links() if "?live=" in one]
    assert "And 2 more at work" in page.words
    for path in (further, further.replace("/workers?", "/workers/now?")):
        rest = await ada.get(path)
        told = rest.words.partition(" Before ")[0]
        assert [one for one in titles if one in told] == titles[:2]
        assert "more at work" not in rest.words
        assert f"/workers/now?live={further.partition('=')[2]}" in rest.text


async def test_a_long_log_is_read_in_parts(
    ada: Person, hall: Hall, me: Actor, team: Team, worker: Worker, logs: Path
) -> None:
    await runs(ada, team, hall, me)
    run = await worker.begins()
    (logs / f"{run.id}.log").write_text("".join(f"{n:09d} < line\n" for n in range(10_000)))
    path = at(team, f"/workers/{run.id}")
    page = await ada.get(path)
    assert "000009999" in page.words
    assert "000000001" not in page.words
    (earlier,) = [one for one in page.links() if "after=" in one]
    page = await ada.get(earlier)
    assert "000009999" not in page.words
    assert len(page.text.encode()) < 150_000
    page = await ada.get(f"{path}?after=0")
    assert "000000001" in page.words
    assert "000009999" in (await ada.get(f"{path}?after=nowhere")).words


async def test_a_sheet_shows_the_end_of_its_workers_log_as_long_as_it_is_at_work(
    ada: Person, hall: Hall, me: Actor, team: Team, worker: Worker, logs: Path
) -> None:
    task_id = await runs(ada, team, hall, me)
    run = await worker.begins()
    (logs / f"{run.id}.log").write_text("".join(f"{n:04d} < line\n" for n in range(1_000)))
    sheet = at(team, f"/tasks/{task_id}")
    page = await ada.get(sheet)
    assert "0999 < line" in page.words
    assert "0001 < line" not in page.words
    assert "every 5s" in page.text
    await outcomes.give_up(hall, token=run.token, reason="It is too dark")
    page = await ada.get(sheet)
    assert "0999 < line" not in page.words
    assert "every 5s" not in page.text


async def test_a_worker_of_another_team_is_not_under_this_one(
    ada: Person, bob: Person, hall: Hall, me: Actor, team: Team, worker: Worker
) -> None:
    await runs(ada, team, hall, me)
    run = await worker.begins()
    other = await a_team(hall, await actor(hall, bob), name="Bob's")
    for whose in (team, other):
        await bob.get(at(whose, f"/workers/{run.id}"), 404)
    form = (await bob.get(at(other, "/playbook"))).form(at(other, "/playbook"))
    await bob.send(form, 404, to=at(other, f"/workers/{run.id}/stop"))
    assert "At work" in (await ada.get(at(team, f"/workers/{run.id}"))).words


async def test_github_says_what_is_missing_and_who_can_mend_it(
    ada: Person, hall: Hall, me: Actor, team: Team, github: GitHubStandIn
) -> None:
    page = await ada.get(at(team, "/github"))
    assert "Set “Repository” and “GitHub token” in the team's settings" in page.words
    assert at(team, "/settings") in page.links()
    github.answer = (500, {})
    config = {"gitRepoUrl": f"{github.url}/a/b", "githubToken": "ghp_x"}
    await change_team(hall, actor=me, team_id=team.id, config=config)
    page = await ada.get(at(team, "/github"))
    assert "Nothing of yours has to be mended" in page.words
    assert "ghp_x" not in page.text


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_github_tells_is_shown_and_runs_nowhere(
    ada: Person, hall: Hall, me: Actor, team: Team, github: GitHubStandIn, payload: str
) -> None:
    told = {
        "sha": "0123456789abcdef",
        "html_url": payload,
        "commit": {"message": f"{payload}\nmore", "author": {"name": payload, "date": 7}},
        "number": 12,
        "title": payload,
        "draft": True,
        "user": {"login": payload},
    }
    odd: list[object] = [
        {},
        {"commit": "no object", "user": None},
        {"html_url": "https://x.test/1"},
    ]
    github.answer = (200, [told, *odd])
    config = {"gitRepoUrl": f"{github.url}/a/b", "githubToken": "ghp_x"}
    await change_team(hall, actor=me, team_id=team.id, config=config)
    page = await ada.get(at(team, "/github"))
    for word in ("0123456789", "#12", "draft", payload):
        assert word in page.words
    assert "https://x.test/1" in page.links()
    page.runs_nothing()
    assert "ghp_x" not in page.text


async def test_usage_is_told_by_day_and_by_role(
    ada: Person, hall: Hall, me: Actor, team: Team, worker: Worker, clock: Clock
) -> None:
    await runs(ada, team, hall, me, title="Yesterday's")
    run = await worker.begins()
    clock.advance(90)
    await outcomes.deliver(hall, token=run.token, text="Done.", files=[])
    clock.advance(DAY_S)
    page = await ada.get(at(team, "/usage"))
    tables = page.words
    assert "backend-engineer" in tables
    assert "Minutes of work: 2" in " ".join(tables.split())
    stack, day, by_role = [one for one in page.elements if one.tag in ("path", "rect")]
    # What is drawn of a role has the colour of the bar that names it.
    assert stack.attributes["class"] == by_role.attributes["class"] == "kind-1"
    assert "V0h" in stack.attributes["d"]
    assert (day.attributes["height"], by_role.attributes["width"]) == ("140.0", "100.0")
    (drawing,) = [
        one
        for one in page.elements
        if one.tag == "svg" and "Minutes" in one.attributes.get("aria-label", "")
    ]
    assert drawing.attributes["role"] == "img"
    page.runs_nothing()
    page = await ada.get(at(team, "/usage?days=7"))
    assert "backend-engineer" in page.words
    clock.advance(8 * DAY_S)
    assert "backend-engineer" not in (await ada.get(at(team, "/usage?days=7"))).words


async def test_calls_of_models_are_told_with_their_run_and_kept_as_sums(
    ada: Person, hall: Hall, me: Actor, team: Team, worker: Worker
) -> None:
    task_id = await runs(ada, team, hall, me)
    run = await worker.begins()
    spender = Spender(run.id, task_id, team.id, team.organization_id, None)
    said: dict[str, Any] = {"provider": "p", "model": "m", "amount_micros": 500_000}
    for number in range(3):
        call = await spending.reserve_call(hall, token=run.token, spender=spender, **said)
        assert isinstance(call, ModelCall)
        if number < 2:
            await spending.settle_call(
                hall, call=call, runtime="p", cost_micros=120_000, tokens=Tokens(1_000, 234)
            )
    errand = await spending.reserve_errand(hall, spender=replace(spender, run_id=None), **said)
    assert isinstance(errand, ModelCall)
    await spending.settle_call(
        hall, call=errand, runtime="", cost_micros=5_000, tokens=Tokens(10, 1)
    )
    found = await team_usage_of(hall, actor=me, team_id=team.id, days=7)
    by_role = dict(found.roles)
    of_role, of_hall = by_role["backend-engineer"], by_role[None]
    assert (of_role.runs, of_role.calls, of_role.tokens) == (1, 2, 2_468)
    assert of_role.cost_micros == 240_000
    assert (of_hall.runs, of_hall.calls, of_hall.tokens, of_hall.cost_micros) == (0, 1, 11, 5_000)
    assert found.total == of_role.plus(of_hall)
    page = await ada.get(at(team, "/usage"))
    for word in ("2,468", "0.2400", "2,479", "0.2450"):
        assert word in page.words
    assert await hall.database.scan(budget_audit.drift) == []


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_logs_roles_and_settings_run_nowhere(
    ada: Person, hall: Hall, me: Actor, worker: Worker, logs: Path, payload: str
) -> None:
    team = await a_team(hall, me, name=payload, goal=payload)
    await runs(ada, team, hall, me, title=payload)
    run = await worker.begins()
    (logs / f"{run.id}.log").write_text(f"1 < {payload}\n")
    await ada.sends(at(team, "/playbook"), at(team, "/playbook"), playbook=payload)
    await ada.sends(at(team, "/settings"), at(team, "/settings"), others=json.dumps({"x": payload}))
    answer = await ada.sends(
        at(team, "/roles/new"),
        at(team, "/roles/new"),
        name=payload.replace("/", "").replace("\\", ""),
        systemPrompt=payload,
    )
    for path in (
        answer.headers["location"],
        *(at(team, one) for one in ("/roles", "/workers", "/workers/now", "/playbook", "/github")),
        *(at(team, one) for one in ("/settings", "/usage", f"/workers/{run.id}")),
    ):
        (await ada.get(path)).runs_nothing()
    assert payload in (await ada.get(at(team, "/workers"))).words
    assert payload in (await ada.get(at(team, "/roles"))).words
