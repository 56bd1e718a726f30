"""What the door does not take, in its own words: fixed fields, unknown parents, wrong spans."""

from typing import Any

import pytest

from hiringhall.actions.runs import outcomes, working
from hiringhall.domain.lifecycle import Command, refusal
from hiringhall.domain.tasks import State
from hiringhall.doors.agentix.errors import ErrorAnswer, envelope
from hiringhall.doors.agentix.words import FIELDS, STATUS
from hiringhall.doors.kit import Refusal
from hiringhall.hall import Hall
from tests.doors.agentix.conftest import Customer
from tests.support.halls import Clock, begin, post
from tests.support.teams import details

pytestmark = pytest.mark.anyio

ROLE = "backend-engineer"
REPOSITORY = "https://github.com/org/repo"


async def put_up(ceo: Customer, team: str, **fields: Any) -> dict[str, Any]:
    return await ceo.post("/tasks", {"teamId": team, "title": "Add a page", **fields})


@pytest.mark.promise("AX-TASKS-RUN-400")
async def test_without_a_role_a_run_is_400_wherever_the_task_stands(ceo: Customer) -> None:
    team = (await ceo.team())["id"]
    for status in ("backlog", "ready", "review", "done", "failed"):
        path = f"/tasks/{(await put_up(ceo, team, status=status))['id']}/run"
        assert await ceo.post(path, status=400) == "Task has no role assigned"
        path = f"/tasks/{(await put_up(ceo, team, status=status, role='x'))['id']}/run"
        assert await ceo.post(path, status=400) == "Role 'x' does not exist in this team"
    path = f"/tasks/{(await put_up(ceo, team, role=ROLE))['id']}/run"
    assert "not ready" in await ceo.post(path, status=409)


async def test_a_task_stays_in_its_team_and_under_its_parent(ceo: Customer) -> None:
    team, other = (await ceo.team())["id"], (await ceo.team())["id"]
    parent, loose = await put_up(ceo, team), await put_up(ceo, team)
    part = await ceo.post(f"/tasks/{parent['id']}/subtasks", {"title": "Tests"})
    for task, changes in (
        (part, {"parentTaskId": loose["id"]}),
        (part, {"parentTaskId": None}),
        (part, {"parentTaskId": "task_x"}),
        (loose, {"parentTaskId": parent["id"]}),
        (loose, {"teamId": other}),
        (loose, {"teamId": "team_x"}),
        (loose, {"teamId": None}),
    ):
        (name,) = changes
        said = await ceo.patch(f"/tasks/{task['id']}", {**changes, "title": "Moved"}, 400)
        assert said == f"{name} of a task cannot be changed"
        assert (await ceo.get(f"/tasks/{task['id']}"))["title"] == task["title"]
    # Whoever sends back what was read, with a word of it another way, changes that word.
    seen = await ceo.get(f"/tasks/{part['id']}")
    same = {**seen, "title": "Changed", "output": None}
    assert (await ceo.patch(f"/tasks/{part['id']}", same))["title"] == "Changed"


async def test_a_task_is_put_under_another_of_its_team_alone(
    ceo: Customer, rival: Customer
) -> None:
    team, other = (await ceo.team())["id"], (await ceo.team())["id"]
    parent, foreign = await put_up(ceo, team), await put_up(ceo, other)
    theirs = await put_up(rival, (await rival.team())["id"])
    for named in (foreign["id"], theirs["id"], "task_x", "", f"{parent['id'][:-2]}22"):
        body = {"teamId": team, "title": "Part", "parentTaskId": named}
        said = await ceo.post("/tasks", body, 400)
        assert said == "parentTaskId names no task of this team"
    part = await put_up(ceo, team, parentTaskId=parent["id"])
    assert part["parentTaskId"] == part["parentTask"]["id"] == parent["id"]
    assert [one["id"] for one in (await ceo.get(f"/tasks/{parent['id']}"))["subtasks"]] == [
        part["id"]
    ]


async def test_usage_ends_behind_its_beginning(ceo: Customer) -> None:
    for span in (
        "from=2026-02-02&to=2026-02-01",
        "from=2026-02-02T10:00:00Z&to=2026-02-02T09:59:59.999Z",
        "from=2026-02-03&to=2026-02-02T23:00:00Z",
    ):
        assert await ceo.get(f"/usage?{span}", 400) == "from is after to"
    for span in ("from=2026-02-02&to=2026-02-02", "from=2026-02-02T10:00:00Z&to=2026-02-02"):
        assert (await ceo.get(f"/usage?{span}"))["records"] == []


@pytest.mark.parametrize("host", ["https://github.com", "https://git.example.com"])
async def test_with_the_repository_goes_the_token_that_opened_it(ceo: Customer, host: str) -> None:
    team = await ceo.team(config={"gitRepoUrl": f"{host}/org/repo", "githubToken": "ghp_secret"})
    path = f"/teams/{team['id']}"
    assert (await ceo.patch(path, {"config": {"gitRepoUrl": None}}))["config"] is None
    moved = await ceo.patch(path, {"config": {"gitRepoUrl": "https://git.example.org/a/b"}})
    assert moved["config"] == {"gitRepoUrl": "https://git.example.org/a/b"}
    # One that is given along stays.
    both = {"gitRepoUrl": None, "githubToken": "ghp_other"}
    assert (await ceo.patch(path, {"config": both}))["config"].keys() == {"githubToken"}


async def test_sentences_are_in_the_doors_words(ceo: Customer, hall: Hall) -> None:
    team = (await ceo.team())["id"]
    long = {"createdBy": "x" * 201, "acceptCriteria": "x" * 50_001}
    for name, value in long.items():
        said = await ceo.post("/tasks", {"teamId": team, "title": "x", name: value}, 400)
        assert said.startswith(f"{name} is longer than")
    backlog = await put_up(ceo, team, role=ROLE)
    said = await ceo.post(f"/tasks/{backlog['id']}/resume", status=409)
    assert said == "Task is backlog; it cannot be resumed now"
    task = await post(hall, ceo.actor)
    await outcomes.give_up(hall, token=(await begin(hall)).token, reason="No")
    failed = (await details(hall, ceo.actor, task)).task
    for state in State:
        for command in Command:
            error = refusal(failed, command)
            error.state = state.value
            told = envelope(Refusal(409, error.code, error.message, error=error))
            assert isinstance(told, ErrorAnswer)
            assert told.error.startswith(f"Task is {STATUS[state]}; it cannot ")
    assert not [name for name in FIELDS if "_" not in name]


async def test_without_credits_no_worker_begins(ceo: Customer, hall: Hall, clock: Clock) -> None:
    team = (await ceo.team())["id"]
    spent, failed, idle = [await put_up(ceo, team, role=ROLE, status="ready") for _ in range(3)]
    await ceo.post(f"/tasks/{failed['id']}/run", status=200)
    await outcomes.give_up(hall, token=(await begin(hall)).token, reason="No")
    await ceo.post(f"/tasks/{spent['id']}/run", status=200)
    run = await begin(hall)
    await working.record_usage(hall, token=run.token, input_tokens=9, output_tokens=1, charged=100)
    for path in (f"/tasks/{idle['id']}/run", f"/tasks/{failed['id']}/resume"):
        answer = await ceo.ask("POST", path)
        assert answer.status_code == 429
        assert answer.json()["error"].startswith("Today's credits are used up")
        assert 0 < int(answer.headers["retry-after"]) <= 86_400
    for task, status in ((idle, "ready"), (failed, "failed")):
        assert (await ceo.get(f"/tasks/{task['id']}"))["status"] == status
    clock.advance(int(answer.headers["retry-after"]))
    await ceo.post(f"/tasks/{idle['id']}/run", status=200)
    await ceo.post(f"/tasks/{failed['id']}/resume", status=200)
