"""Tasks: put on a team's board, read with all that belongs to them, filtered, parted."""

import re
from typing import Any

import pytest

from hiringhall.actions.runs import outcomes
from hiringhall.domain.tasks import State
from hiringhall.doors.agentix.words import STATUS
from hiringhall.hall import Hall
from hiringhall.queries import boards
from tests.doors.agentix.conftest import Customer
from tests.doors.agentix.test_events import as_worker, key_of
from tests.doors.conftest import Worker
from tests.support.halls import begin

pytestmark = pytest.mark.anyio

ROLE = "backend-engineer"
FIELDS = {
    "id", "teamId", "parentTaskId", "parentTask", "title", "description", "acceptCriteria", "role",
    "status", "priority", "dependencies", "output", "question", "waiting", "createdBy", "subtasks",
    "workers", "events", "createdAt", "updatedAt",
}  # fmt: skip
STATUSES = ("backlog", "ready", "in_progress", "review", "done", "failed")


async def task_of(ceo: Customer, **fields: Any) -> dict[str, Any]:
    """A task, in a team of its own where none is given."""
    team = fields.pop("teamId", None) or (await ceo.team())["id"]
    return await ceo.post("/tasks", {"teamId": team, "title": "Add rate limiting", **fields})


async def ready(ceo: Customer, **fields: Any) -> dict[str, Any]:
    """One that a worker may be spawned for."""
    return await task_of(ceo, **{"status": "ready", "role": ROLE, **fields})


@pytest.mark.promise("AX-TASKS-CREATE", "AX-TASKS-DEFAULT-STATUS")
async def test_a_task_needs_a_team_and_a_title(ceo: Customer) -> None:
    team = await ceo.team()
    task = await ceo.post("/tasks", {"teamId": team["id"], "title": " Add rate  limiting "})
    assert task.keys() == FIELDS
    assert re.fullmatch(r"task_[a-z2-7]{26}", task["id"])
    assert (task["teamId"], task["title"], task["status"]) == (
        team["id"], "Add rate limiting", "backlog",
    )  # fmt: skip
    for field in ("description", "acceptCriteria", "role", "parentTask", "output", "question"):
        assert task[field] is None
    for field in ("dependencies", "subtasks", "workers"):
        assert task[field] == []
    assert re.fullmatch(r"user:user_[a-z2-7]{26}", task["createdBy"])
    assert "title is required" in await ceo.post("/tasks", {"teamId": team["id"]}, 400)
    assert "teamId is required" in await ceo.post("/tasks", {"title": "x"}, 400)
    seen = await ceo.get(f"/tasks/{task['id']}")
    assert {**seen, "events": []} == {**task, "events": []}


@pytest.mark.promise("AX-TASKS-CREATE-BODY")
async def test_all_that_is_said_of_a_task_is_shown(ceo: Customer) -> None:
    team = await ceo.team()
    first = await task_of(ceo, teamId=team["id"])
    said = {
        "role": ROLE,
        "title": "Add rate limiting to POST /register",
        "description": "Implement IP-based rate limiting using Redis...",
        "acceptCriteria": "1. Returns 429 after 5 attempts\n2. All tests pass",
        "status": "ready",
        "priority": 1,
        "dependencies": [first["id"]],
        "createdBy": "ceo",
    }
    task = await ceo.post("/tasks", {"teamId": team["id"], **said})
    assert {name: task[name] for name in said} == said
    seen = await ceo.get(f"/tasks/{task['id']}")
    assert {name: seen[name] for name in said} == said
    assert [one["type"] for one in seen["events"]] == ["status_change", "task_created"]


@pytest.mark.promise("AX-TASKS-FLOW")
async def test_a_status_is_one_of_six(ceo: Customer) -> None:
    team = await ceo.team()
    assert set(STATUSES) == set(STATUS.values())
    assert STATUS.keys() == set(State)
    for status in STATUSES:
        task = await task_of(ceo, teamId=team["id"], status=status)
        assert task["status"] == (await ceo.get(f"/tasks/{task['id']}"))["status"] == status
    for status in ("open", "", "READY", "cancelled"):
        assert "status is one of" in await ceo.post(
            "/tasks", {"teamId": team["id"], "title": "x", "status": status}, 400
        )


@pytest.mark.promise("AX-TASKS-GET")
async def test_a_task_is_read_with_all_that_belongs_to_it(ceo: Customer, hall: Hall) -> None:
    whole = await ready(ceo)
    part = await ceo.post(f"/tasks/{whole['id']}/subtasks", {"title": "Write tests"})
    spawned = await ceo.post(f"/tasks/{whole['id']}/run", None, 200)
    seen = await ceo.get(f"/tasks/{whole['id']}")
    (subtask,) = seen["subtasks"]
    assert (subtask["id"], subtask["title"], subtask["status"]) == (
        part["id"], "Write tests", "backlog",
    )  # fmt: skip
    (worker,) = seen["workers"]
    assert (worker["id"], worker["taskId"]) == (spawned["workerId"], whole["id"])
    assert (worker["role"], worker["status"]) == (ROLE, "starting")
    assert worker["completedAt"] is None
    kinds = [one["type"] for one in seen["events"]]
    assert kinds == ["status_change", "status_change", "task_created"]
    below = await ceo.get(f"/tasks/{part['id']}")
    assert below["parentTaskId"] == whole["id"]
    assert (below["parentTask"]["id"], below["parentTask"]["status"]) == (
        whole["id"], "in_progress",
    )  # fmt: skip
    await begin(hall)
    (worker,) = (await ceo.get(f"/tasks/{whole['id']}"))["workers"]
    assert worker["status"] == "running"
    assert worker["startedAt"] is not None


@pytest.mark.promise("AX-TASKS-LIST", "AX-TASKS-LIST-FULL")
async def test_a_teams_tasks_are_listed_whole_newest_first(
    ceo: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "PAGE", 2)
    team = await ceo.team()
    assert await ceo.get(f"/tasks?teamId={team['id']}") == []
    made = [await ready(ceo, teamId=team["id"], title=f"No. {n}") for n in range(3)]
    await ceo.post(f"/tasks/{made[0]['id']}/run", None, 200)
    made.append(await ceo.post(f"/tasks/{made[0]['id']}/subtasks", {"title": "Write tests"}))
    await task_of(ceo)
    listed = await ceo.get(f"/tasks?teamId={team['id']}")
    assert [one["id"] for one in listed] == [one["id"] for one in reversed(made)]
    for one in listed:
        assert one == await ceo.get(f"/tasks/{one['id']}")
    assert listed[-1]["subtasks"]
    assert listed[-1]["workers"]
    assert "teamId is required" in await ceo.get("/tasks", 400)


@pytest.mark.promise("AX-TEAMS-GET-TASKS")
async def test_a_team_is_shown_with_its_top_level_tasks(ceo: Customer) -> None:
    whole = await ready(ceo)
    await ceo.post(f"/tasks/{whole['id']}/subtasks", {"title": "Write tests"})
    second = await task_of(ceo, teamId=whole["teamId"])
    team = await ceo.get(f"/teams/{whole['teamId']}")
    assert [one["id"] for one in team["tasks"]] == [second["id"], whole["id"]]
    assert team["tasks"] == [await ceo.get(f"/tasks/{one['id']}") for one in (second, whole)]
    assert [one["title"] for one in team["tasks"][1]["subtasks"]] == ["Write tests"]


async def test_a_list_may_be_read_in_parts(ceo: Customer) -> None:
    team = await ceo.team()
    made = [(await task_of(ceo, teamId=team["id"]))["id"] for _ in range(5)]
    path = f"/tasks?teamId={team['id']}&limit=2"
    found: list[str] = []
    while page := await ceo.get(path + (f"&cursor={found[-1]}" if found else "")):
        assert len(page) <= 2
        found += [one["id"] for one in page]
    assert found == made[::-1]
    for wrong in ("limit=0", "limit=101", "limit=x", "cursor=x", f"cursor={team['id']}"):
        await ceo.get(f"/tasks?teamId={team['id']}&{wrong}", 400)


@pytest.mark.promise("AX-TASKS-LIST-STATUS", "AX-TASKS-LIST-ROLE", "AX-TASKS-LIST-PARENT")
async def test_a_list_is_filtered(ceo: Customer) -> None:
    team = await ceo.team()
    path = f"/tasks?teamId={team['id']}"
    made = {one: await task_of(ceo, teamId=team["id"], status=one) for one in STATUSES}
    written = await task_of(ceo, teamId=team["id"], role="writer")
    part = await ceo.post(f"/tasks/{written['id']}/subtasks", {"title": "x", "role": "writer"})
    dropped = await task_of(ceo, teamId=team["id"])
    await ceo.delete(f"/tasks/{dropped['id']}")

    async def found(query: str) -> set[str]:
        return {one["id"] for one in await ceo.get(f"{path}&{query}")}

    for status in ("ready", "in_progress", "review", "done"):
        assert await found(f"status={status}") == {made[status]["id"]}
    assert await found("status=backlog") == {made["backlog"]["id"], written["id"], part["id"]}
    assert await found("status=failed") == {made["failed"]["id"], dropped["id"]}
    assert await found("role=writer") == {written["id"], part["id"]}
    assert await found(f"parentTaskId={written['id']}") == {part["id"]}
    assert await found(f"parentTaskId={written['id']}&role=nobody&status=ready") == set()
    assert "status is one of" in await ceo.get(f"{path}&status=open", 400)
    await ceo.get(f"{path}&parentTaskId=task_{'a' * 26}", 404)


@pytest.mark.promise("AX-TASKS-SUBTASK", "AX-TASKS-SUBTASK-BODY")
async def test_a_task_is_parted(ceo: Customer) -> None:
    whole = await ready(ceo)
    said = {
        "title": "Write unit tests for rate limiter",
        "description": "...",
        "createdBy": "worker:worker_xxx",
    }
    part = await ceo.post(f"/tasks/{whole['id']}/subtasks", said)
    assert {name: part[name] for name in said} == said
    assert (part["parentTaskId"], part["teamId"]) == (whole["id"], whole["teamId"])
    assert part["status"] == "backlog"
    assert part.keys() == FIELDS
    more = {"status": "ready", "role": ROLE, "priority": 3, "dependencies": [part["id"]]}
    second = await ceo.post(f"/tasks/{whole['id']}/subtasks", {**said, **more})
    assert {name: second[name] for name in more} == more
    assert "title" in await ceo.post(f"/tasks/{whole['id']}/subtasks", {"title": " "}, 400)


@pytest.mark.promise("AX-TASKS-SUBTASK-WORKERS")
async def test_a_worker_parts_its_own_task_and_no_other(ceo: Customer, hall: Hall) -> None:
    whole = await ready(ceo)
    other = await ready(ceo, teamId=whole["teamId"])
    spawned = await ceo.post(f"/tasks/{whole['id']}/run", None, 200)
    run = await begin(hall)
    worker = as_worker(ceo, await key_of(hall, run))
    part = await worker.post(f"/tasks/{whole['id']}/subtasks", {"title": "Write tests"})
    assert part["createdBy"] == f"worker:{spawned['workerId']}"
    await worker.post(f"/tasks/{other['id']}/subtasks", {"title": "x"}, 403)
    for method, path in (
        ("GET", f"/tasks/{whole['id']}"),
        ("PATCH", f"/tasks/{whole['id']}"),
        ("POST", f"/tasks/{whole['id']}/run"),
        ("DELETE", f"/tasks/{whole['id']}"),
    ):
        assert (await worker.ask(method, path, json={})).status_code == 401
    await outcomes.deliver(hall, token=run.token, text="Done")
    answer = await worker.ask("POST", f"/tasks/{whole['id']}/subtasks", json={"title": "x"})
    assert answer.status_code in (401, 409)
    assert len((await ceo.get(f"/tasks/{whole['id']}"))["subtasks"]) == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"title": " \n"}, "title cannot be empty"),
        ({"title": "x" * 501}, "title is longer than 500"),
        ({"title": 5}, "title"),
        ({"priority": 1.5}, "priority"),
        ({"priority": 2**31}, "priority"),
        ({"priority": "high"}, "priority"),
        ({"dependencies": "task_x"}, "dependencies"),
        ({"dependencies": ["task_xxx"]}, "dependencies"),
        ({"dependencies": [f"task_{'a' * 26}"]}, "not in this team"),
        ({"dependencies": [f"team_{'a' * 26}"]}, "dependencies"),
        ({"description": "x" * 200_001}, "description is longer"),
        ({"acceptCriteria": "x" * 50_001}, "acceptCriteria is longer"),
        ({"role": "x" * 101}, "role is longer"),
        ({"createdBy": "x" * 201}, "createdBy is longer"),
        ({"title": "a\x00b"}, "NUL"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_what_cannot_be_meant_is_refused(
    ceo: Customer, fields: dict[str, Any], says: str
) -> None:
    team = await ceo.team()
    body = {"teamId": team["id"], "title": "x", **fields}
    assert says in await ceo.post("/tasks", body, 400)
    assert await ceo.get(f"/tasks?teamId={team['id']}") == []


async def test_dependencies_stay_in_their_team_and_go_in_no_circle(ceo: Customer) -> None:
    a = await task_of(ceo)
    b = await task_of(ceo, teamId=a["teamId"], dependencies=[a["id"]])
    elsewhere = await task_of(ceo)
    path = f"/tasks/{a['id']}"
    assert "circle" in await ceo.patch(path, {"dependencies": [b["id"]]}, 400)
    assert "circle" in await ceo.patch(path, {"dependencies": [a["id"]]}, 400)
    assert "not in this team" in await ceo.patch(path, {"dependencies": [elsewhere["id"]]}, 400)
    assert (await ceo.patch(f"/tasks/{b['id']}", {"dependencies": []}))["dependencies"] == []
    assert (await ceo.patch(path, {"dependencies": [b["id"]]}))["dependencies"] == [b["id"]]


@pytest.mark.promise("AX-TENANTS", "AX-ERROR-403", "AX-ERROR-404")
async def test_anothers_task_is_403_and_an_unknown_one_404(ceo: Customer, rival: Customer) -> None:
    task = await ready(ceo)
    own = await rival.team()
    assert await rival.get(f"/tasks?teamId={task['teamId']}", 403) == "This team is not yours"
    await rival.get(f"/tasks?teamId={own['id']}&parentTaskId={task['id']}", 403)
    await rival.post("/tasks", {"teamId": task["teamId"], "title": "x"}, 403)
    await rival.post(
        "/tasks", {"teamId": own["id"], "title": "x", "dependencies": [task["id"]]}, 400
    )
    for given, status in ((task["id"], 403), (f"task_{'a' * 26}", 404), ("task_xxx", 404)):
        path = f"/tasks/{given}"
        await rival.get(path, status)
        await rival.patch(path, {"title": "Mine"}, status)
        await rival.delete(path, status)
        for word in ("run", "resume"):
            await rival.post(f"{path}/{word}", None, status)
        await rival.post(f"{path}/subtasks", {"title": "x"}, status)
    seen = await ceo.get(f"/tasks/{task['id']}")
    assert (seen["title"], seen["status"], seen["subtasks"]) == (task["title"], "ready", [])


async def test_a_repeated_request_makes_one_task(ceo: Customer) -> None:
    team = await ceo.team()
    key = {"Idempotency-Key": "once"}
    body = {"teamId": team["id"], "title": "x", "status": "ready", "role": ROLE}
    task = await ceo.post("/tasks", body, headers=key)
    assert await ceo.post("/tasks", body, headers=key) == task
    await ceo.post("/tasks", {**body, "title": "y"}, 409, headers=key)
    path = f"/tasks/{task['id']}"
    part = await ceo.post(f"{path}/subtasks", {"title": "x"}, headers=key)
    assert await ceo.post(f"{path}/subtasks", {"title": "x"}, headers=key) == part
    spawned = await ceo.post(f"{path}/run", None, 200, headers=key)
    assert await ceo.post(f"{path}/run", None, 200, headers=key) == spawned
    assert len(await ceo.get(f"/tasks?teamId={team['id']}")) == 2
    await ceo.delete(path)
    resumed = await ceo.post(f"{path}/resume", None, 200, headers=key)
    assert await ceo.post(f"{path}/resume", None, 200, headers=key) == resumed
    assert len((await ceo.get(path))["workers"]) == 2


async def test_what_was_handed_in_can_be_fetched(ceo: Customer, worker: Worker) -> None:
    task = await ready(ceo)
    await ceo.post(f"/tasks/{task['id']}/run", None, 200)
    await worker.solves("Done", {"docs/a.txt": b"hello"})
    output = (await ceo.get(f"/tasks/{task['id']}"))["output"]
    (file,) = output["files"]
    assert (file["name"], file["sizeBytes"]) == ("docs/a.txt", 5)
    assert (output["summary"], output["error"]) == ("Done", None)
    fetched = await ceo.http.get(file["url"])
    assert (fetched.status_code, fetched.content) == (200, b"hello")
    (listed,) = await ceo.get(f"/tasks?teamId={task['teamId']}")
    assert [one["name"] for one in listed["output"]["files"]] == ["docs/a.txt"]


async def test_a_question_stands_on_its_task_until_it_is_answered(
    ceo: Customer, worker: Worker, hall: Hall
) -> None:
    task = await ready(ceo)
    await ceo.post(f"/tasks/{task['id']}/run", None, 200)
    await worker.asks({"type": "single_select", "question": "Which?", "options": ["A", "B"]})
    seen = await ceo.get(f"/tasks/{task['id']}")
    assert seen["status"] == "in_progress"
    assert seen["question"]["questions"] == [
        {"type": "single_select", "question": "Which?", "options": ["A", "B"]}
    ]
    assert "Which?" in seen["question"]["text"]
    (first,) = seen["workers"]
    assert (first["status"], seen["output"]) == ("completed", None)
    message = {"teamId": task["teamId"], "taskId": task["id"], "type": "message"}
    await ceo.post("/events", {**message, "data": {"message": "A"}})
    seen = await ceo.get(f"/tasks/{task['id']}")
    assert seen["question"] is None
    assert [one["status"] for one in seen["workers"]] == ["starting", "completed"]
    await worker.solves("A it is")
    assert (await ceo.get(f"/tasks/{task['id']}"))["status"] == "done"
