"""Tasks that move: by hand, and by workers that are spawned for them, resumed and stopped."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from hiringhall.actions.runs import outcomes, recovery, working
from hiringhall.actions.runs.working import RunBrief
from hiringhall.domain.ids import id_of_ref
from hiringhall.doors.agentix.words import ref
from hiringhall.hall import Hall
from hiringhall.queries.audit import audit_all
from hiringhall.workers.briefs import CRITERIA, as_json, as_markdown, news, seen_of
from tests.doors.agentix.conftest import Customer
from tests.doors.agentix.test_tasks import ROLE, STATUSES, ready, task_of
from tests.doors.conftest import Worker
from tests.support.halls import QuietEngine, begin
from tests.support.market import funded

pytestmark = pytest.mark.anyio


async def started(hall: Hall) -> RunBrief:
    """What the next worker is told."""
    run = await working.claim_next_run(hall, node_id="n", lease_s=9, runtimes=["rehearsal"])
    assert run is not None
    return await working.start_run(hall, token=run.token)


async def run(ceo: Customer, task: dict[str, Any]) -> dict[str, Any]:
    return await ceo.post(f"/tasks/{task['id']}/run", None, 200)


async def seen(ceo: Customer, task: dict[str, Any]) -> dict[str, Any]:
    return await ceo.get(f"/tasks/{task['id']}")


@pytest.mark.promise("AX-TASKS-RUN", "AX-TASKS-RUN-ANSWER", "AX-TASKS-CREATE-READY")
async def test_a_worker_is_spawned_and_does_the_task(ceo: Customer, worker: Worker) -> None:
    task = await ready(ceo)
    spawned = await run(ceo, task)
    assert spawned.keys() == {"workerId", "sandboxId"}
    assert spawned["workerId"].startswith("worker_")
    assert spawned["sandboxId"].startswith("fc-")
    assert (await seen(ceo, task))["status"] == "in_progress"
    await worker.solves("Limits are in place.")
    done = await seen(ceo, task)
    assert (done["status"], done["output"]["summary"]) == ("done", "Limits are in place.")
    (shown,) = done["workers"]
    assert (shown["id"], shown["sandboxId"], shown["status"]) == (
        spawned["workerId"], spawned["sandboxId"], "completed",
    )  # fmt: skip
    assert [one["type"] for one in done["events"]] == [
        "task_completed", "worker_spawned", "status_change", "status_change", "task_created",
    ]  # fmt: skip


async def test_a_team_that_reviews_has_deliveries_looked_at(ceo: Customer, worker: Worker) -> None:
    team = await ceo.team(config={"review": True})
    task = await ready(ceo, teamId=team["id"])
    await run(ceo, task)
    await worker.solves("Done")
    assert (await seen(ceo, task))["status"] == "review"
    back = await ceo.patch(f"/tasks/{task['id']}", {"status": "ready"})
    assert (back["status"], back["output"]["summary"]) == ("ready", "Done")
    await run(ceo, task)
    await worker.solves("Better")
    done = await ceo.patch(f"/tasks/{task['id']}", {"status": "done"})
    assert (done["status"], done["output"]["summary"]) == ("done", "Better")


@pytest.mark.promise("AX-TASKS-RUN-400")
async def test_without_a_role_no_worker_is_spawned(ceo: Customer) -> None:
    task = await ready(ceo, role=None)
    path = f"/tasks/{task['id']}/run"
    assert await ceo.post(path, None, 400) == "Task has no role assigned"
    await ceo.patch(f"/tasks/{task['id']}", {"role": "nobody"})
    assert "'nobody' does not exist in this team" in await ceo.post(path, None, 400)
    await ceo.patch(f"/tasks/{task['id']}", {"role": ROLE})
    await ceo.post(path, None, 200)


@pytest.mark.promise("AX-TASKS-RUN-409", "AX-TASKS-ONLY-READY")
async def test_only_what_is_ready_is_run(ceo: Customer) -> None:
    team = await ceo.team()
    for status in set(STATUSES) - {"ready"}:
        task = await task_of(ceo, teamId=team["id"], status=status, role=ROLE)
        refused = await ceo.post(f"/tasks/{task['id']}/run", None, 409)
        if status == "in_progress":
            assert refused == "Task is already in_progress"
        assert (await seen(ceo, task))["workers"] == []
    task = await ready(ceo, teamId=team["id"])
    await run(ceo, task)
    again = await ceo.post(f"/tasks/{task['id']}/run", None, 409)
    assert again == "Task is already in_progress"


async def test_of_many_at_once_one_worker_is_spawned(ceo: Customer, hall: Hall) -> None:
    team = await ceo.team()
    for _ in range(6):
        task = await ready(ceo, teamId=team["id"])
        answers = await asyncio.gather(
            *(ceo.ask("POST", f"/tasks/{task['id']}/run") for _ in range(5))
        )
        assert Counter(one.status_code for one in answers) == {200: 1, 409: 4}
        assert len((await seen(ceo, task))["workers"]) == 1
    assert (await audit_all(hall.database)).problems == ()


async def test_running_and_cancelling_at_once_leaves_nobody_at_work(
    ceo: Customer, hall: Hall
) -> None:
    team = await ceo.team()
    for number in range(8):
        task = await ready(ceo, teamId=team["id"])
        asked = [
            ceo.ask("POST", f"/tasks/{task['id']}/run"),
            ceo.ask("DELETE", f"/tasks/{task['id']}"),
        ]
        answers = await asyncio.gather(*(asked if number % 2 else asked[::-1]))
        assert {one.status_code for one in answers} <= {200, 409}
        path = f"/tasks/{task['id']}"
        ended = await ceo.delete(path)
        assert ended["status"] == "failed"
        assert {one["status"] for one in ended["workers"]} <= {"failed"}
    assert (await audit_all(hall.database)).problems == ()


@pytest.mark.promise("AX-TASKS-DEPENDENCIES")
async def test_what_depends_on_others_runs_once_they_are_done(ceo: Customer) -> None:
    team = await ceo.team()
    first = await ready(ceo, teamId=team["id"])
    second = await ready(ceo, teamId=team["id"])
    task = await ready(ceo, teamId=team["id"], dependencies=[first["id"], second["id"]])
    path = f"/tasks/{task['id']}/run"
    refused = await ceo.post(path, None, 409)
    assert first["id"] in refused
    assert second["id"] in refused
    await ceo.patch(f"/tasks/{first['id']}", {"status": "done"})
    assert first["id"] not in await ceo.post(path, None, 409)
    await ceo.patch(f"/tasks/{second['id']}", {"status": "done"})
    await ceo.post(path, None, 200)


@pytest.mark.promise("AX-TASKS-PRIORITY")
async def test_the_more_urgent_begins_first(ceo: Customer, hall: Hall) -> None:
    team = await ceo.team()
    for priority in (1, 7, -2, 3):
        await run(ceo, await ready(ceo, teamId=team["id"], priority=priority))
    assert [(await started(hall)).run.priority for _ in range(4)] == [7, 3, 1, -2]


@pytest.mark.promise("AX-TASKS-DESCRIPTION", "AX-TASKS-CRITERIA")
async def test_a_worker_is_told_what_to_do_and_how_it_is_judged(ceo: Customer, hall: Hall) -> None:
    criteria = "1. Returns 429 after 5 attempts\n2. All tests pass"
    task = await ready(ceo, description="Use Redis.", acceptCriteria=criteria)
    await run(ceo, task)
    brief = await started(hall)
    told = as_markdown(brief)
    assert told.startswith(f"# {task['title']}\n\nUse Redis.\n\n{CRITERIA}\n\n{criteria}")
    assert "verify each before you hand in" in CRITERIA
    assert '"accept_criteria": "1. Returns 429' in as_json(brief)
    plain = await ready(ceo, teamId=task["teamId"])
    await run(ceo, plain)
    assert as_markdown(await started(hall)) == f"# {plain['title']}\n"


async def test_a_worker_that_goes_on_is_told_of_a_changed_brief(ceo: Customer, hall: Hall) -> None:
    task = await ready(ceo, description="Use Redis.")
    await run(ceo, task)
    first = await started(hall)
    await outcomes.give_up(hall, token=first.run.token, reason="No Redis here")
    path = f"/tasks/{task['id']}"
    await ceo.post(f"{path}/resume", None, 200)
    second = await started(hall)
    assert news(second, seen_of(first)) == []
    await outcomes.give_up(hall, token=second.run.token, reason="Still none")
    await ceo.patch(path, {"description": "Use memory.", "acceptCriteria": "It is fast"})
    await ceo.post(f"{path}/resume", None, 200)
    told = "\n".join(news(await started(hall), seen_of(second)))
    assert "The brief has changed" in told
    assert "Use memory." in told
    assert "It is fast" in told


@pytest.mark.promise("AX-TASKS-PATCH")
async def test_any_of_what_a_task_says_is_changed(ceo: Customer) -> None:
    task = await ready(ceo)
    path = f"/tasks/{task['id']}"
    for said in (
        {"title": "Another"},
        {"description": "More"},
        {"acceptCriteria": "It works"},
        {"role": "writer"},
        {"priority": -5},
        {"status": "backlog"},
        {"description": None, "acceptCriteria": None, "role": None},
    ):
        before = await seen(ceo, task)
        changed = await ceo.patch(path, said)
        assert {name: changed[name] for name in said} == said
        rest = FREE - said.keys()
        assert {name: changed[name] for name in rest} == {name: before[name] for name in rest}
        assert changed == await seen(ceo, task)
    same = await seen(ceo, task)
    assert await ceo.patch(path, {}) == same
    assert await ceo.patch(path, {"status": "backlog", "priority": -5}) == same


FREE = {"title", "description", "acceptCriteria", "role", "priority", "status", "dependencies"}


@pytest.mark.promise("AX-TASKS-PATCH-OUTPUT")
async def test_what_came_of_it_is_said_along_with_a_status(ceo: Customer) -> None:
    task = await task_of(ceo)
    path = f"/tasks/{task['id']}"
    said = {"summary": "Done", "branch": "worker/task_xxx"}
    changed = await ceo.patch(path, {"status": "ready", "priority": 2, "output": said})
    assert (changed["status"], changed["priority"]) == ("ready", 2)
    assert changed["output"] == {**said, "files": [], "error": None}
    changed = await ceo.patch(path, {"output": {"summary": "Better"}})
    assert changed["output"] == {**said, "summary": "Better", "files": [], "error": None}
    failed = await ceo.patch(path, {"status": "failed", "output": {"error": "No luck"}})
    assert (failed["status"], failed["output"]["error"]) == ("failed", "No luck")
    done = await ceo.patch(path, {"status": "done", "output": {}})
    assert (done["output"]["summary"], done["output"]["error"]) == ("Better", None)
    for wrong in ("Done", ["Done"], {"summary": 5}, {"branch": "x" * 256}):
        await ceo.patch(path, {"output": wrong}, 400)


async def test_what_a_worker_is_on_stays_where_it_is(ceo: Customer, hall: Hall) -> None:
    task = await ready(ceo)
    await run(ceo, task)
    path = f"/tasks/{task['id']}"
    for status in set(STATUSES) - {"in_progress"}:
        assert "A worker is on this task" in await ceo.patch(path, {"status": status}, 409)
    assert (await ceo.patch(path, {"status": "in_progress", "title": "New"}))["title"] == "New"
    assert (await begin(hall)).task_id == id_of_ref("task", task["id"])


async def test_where_money_is_held_a_board_moves_nothing(ceo: Customer, hall: Hall) -> None:
    task = await funded(hall, ceo.actor)
    path = f"/tasks/{ref('task', task.id)}"
    assert "say 'accept' instead" in await ceo.patch(path, {"status": "done"}, 409)
    assert "say 'deliver' instead" in await ceo.patch(path, {"output": {}}, 409)
    await ceo.patch(path, {"title": "More for the same"}, 409)
    assert (await ceo.post(f"{path}/run", None, 409)).startswith("Task is on offer to others")
    assert (await ceo.get(path))["status"] == "ready"


@pytest.mark.promise("AX-TASKS-DELETE")
async def test_a_cancelled_task_is_failed_and_stays_on_record(
    ceo: Customer, hall: Hall, engine: QuietEngine
) -> None:
    task = await ready(ceo)
    await run(ceo, task)
    at_work = await begin(hall)
    path = f"/tasks/{task['id']}"
    cancelled = await ceo.delete(path)
    assert (cancelled["id"], cancelled["status"]) == (task["id"], "failed")
    assert cancelled["output"]["error"] == "Cancelled"
    assert engine.stopped == [at_work.token]
    kept = await ceo.get(path)
    assert kept == cancelled
    assert [one["type"] for one in kept["events"]][-1] == "task_created"
    assert await ceo.delete(path) == cancelled
    assert task["id"] in {
        one["id"] for one in await ceo.get(f"/tasks?teamId={task['teamId']}&status=failed")
    }


@pytest.mark.promise("AX-TASKS-RESUME", "AX-TASKS-RESUME-ANSWER", "AX-TASKS-RESUME-SESSION")
async def test_what_has_failed_is_resumed(ceo: Customer, worker: Worker, hall: Hall) -> None:
    task = await ready(ceo)
    path = f"/tasks/{task['id']}"
    await ceo.post(f"{path}/resume", None, 409)
    spawned = await run(ceo, task)
    await ceo.post(f"{path}/resume", None, 409)
    await worker.gives_up("It is too hard")
    failed = await ceo.get(path)
    assert (failed["status"], failed["output"]["error"]) == ("failed", "It is too hard")
    resumed = await ceo.post(f"{path}/resume", None, 200)
    assert resumed.keys() == {"workerId", "sandboxId", "resumed"}
    assert resumed["resumed"] is True
    assert resumed["workerId"] != spawned["workerId"]
    second = await begin(hall)
    assert second.previous_run_id == id_of_ref("worker", spawned["workerId"])
    timed_out = await recovery.run_broke(
        hall, token=second.token, reason="Its time was over", may_retry=False
    )
    assert timed_out.id == second.task_id
    assert (await ceo.get(path))["output"]["error"] == "Its time was over"
    await ceo.post(f"{path}/resume", None, 200)
    await worker.solves("At last")
    done = await ceo.get(path)
    assert (done["status"], done["output"]["error"]) == ("done", None)
    assert [one["status"] for one in done["workers"]] == ["completed", "failed", "failed"]
    await ceo.post(f"{path}/resume", None, 409)
    never = await ready(ceo)
    await ceo.delete(f"/tasks/{never['id']}")
    assert "nothing to resume" in await ceo.post(f"/tasks/{never['id']}/resume", None, 409)
