"""Workers elsewhere: leased with a key of their own, kept alive, and reported by the webhook."""

from typing import Any

import pytest
from sqlalchemy import bindparam, update

from hiringhall.actions.runs import recovery, service_keys, working
from hiringhall.actions.tasks import answer
from hiringhall.actions.timers import fire_due
from hiringhall.domain.ids import SERVICE_KEY_PREFIX
from hiringhall.domain.tasks import State, Task, Waiting
from hiringhall.doors.agentix.words import ref
from hiringhall.hall import Hall, Staffing
from hiringhall.queries.audit import audit_all
from hiringhall.store import deliverables
from hiringhall.store.database import Database, Tx
from hiringhall.store.deliverables import Deliverable
from hiringhall.store.statements import Statement
from hiringhall.store.tables import tasks
from tests.doors.agentix.conftest import Customer
from tests.support.halls import Clock, QuietEngine, begin, make_hall, post, view

pytestmark = pytest.mark.anyio

_accept_at_once = Statement(
    update(tasks).where(tasks.c.id == bindparam("task_id")).values(acceptance="on_delivery"),
    name="accept_at_once",
)


@pytest.fixture
def hall(database: Database, clock: Clock, engine: QuietEngine) -> Hall:
    """A hall where roles may say that their work is done elsewhere."""
    staffing = Staffing("rehearsal", "", {"rehearsal": "", "external": ""})
    return make_hall(database, clock=clock, engine=engine, staffing=staffing)


async def outside(ceo: Customer, hall: Hall, **fields: Any) -> tuple[Task, str]:
    """A task whose worker is elsewhere, and that worker."""
    team, *_ = await ceo.get("/teams")
    role = {"teamId": team["id"], "name": "far", "systemPrompt": "Far away.", **fields}
    await ceo.post("/roles", {**role, "runtime": "external"})
    task = await post(hall, ceo.actor, role="far")
    (worker,) = await ceo.get(f"/workers?teamId={team['id']}")
    return task, worker["id"]


async def leased(ceo: Customer, worker: str, **body: Any) -> tuple[Customer, dict[str, Any]]:
    """Whoever took a run in hand, with its key, and what it was told."""
    lease = await ceo.post(f"/hall/v1/runs/{worker}/lease", body, 200)
    return Customer(ceo.http, ceo.actor, lease["service_key"]), lease


def report_of(lease: dict[str, Any], **more: Any) -> dict[str, Any]:
    names = lease["report"]
    return {
        "worker_id": names["worker_id"],
        "task_id": names["task_id"],
        "status": "completed",
        "summary": "Added rate limiting. All tests pass.",
        **more,
    }


async def made(hall: Hall, task: Task) -> list[Deliverable]:
    async def look(tx: Tx) -> list[Deliverable]:
        return await deliverables.of_task(tx, task.id)

    return await hall.database.read(look)


async def problem(who: Customer, worker: str, body: Any, status: int) -> str:
    """The code of a refusal of the native door, which is a problem detail (RFC 9457)."""
    answer = await who.ask("POST", f"/hall/v1/runs/{worker}/lease", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert {"type", "title", "status", "detail", "code", "request_id"} <= told.keys()
    assert told["status"] == status
    return told["code"]


@pytest.mark.promise("NA-LEASE")
async def test_a_run_elsewhere_starts_with_whoever_leases_it(
    ceo: Customer, hall: Hall, clock: Clock
) -> None:
    task, worker = await outside(ceo, hall)
    assert (await ceo.get(f"/workers/{worker}"))["status"] == "starting"
    # No node takes it, whatever else it does.
    assert "external" not in hall.staffing.ready
    claimed = await working.claim_next_run(
        hall, node_id="node", lease_s=9, runtimes=hall.staffing.ready
    )
    assert claimed is None
    far, lease = await leased(ceo, worker, lease_s=60)
    assert far.key is not None
    assert far.key.startswith(SERVICE_KEY_PREFIX)
    assert lease["state"] == "running"
    assert lease["task"] == {
        "id": task.id,
        "title": "Build a page",
        "description": "With a hero.",
        "accept_criteria": None,
        "repository": None,
        "branch": f"worker/{ref('task', task.id)}",
        "role": "far",
        "system_prompt": "Far away.",
    }
    assert lease["report"] == {
        "worker_id": worker,
        "task_id": ref("task", task.id),
        "team_id": ref("team", task.team_id),
    }
    assert (await ceo.get(f"/workers/{worker}"))["status"] == "running"
    assert (await view(hall, ceo.actor, task)).task.state is State.IN_PROGRESS
    # The key is told once; both keys renew.
    clock.advance(50)
    again = await ceo.post(f"/hall/v1/runs/{worker}/lease", {"lease_s": 60}, 200)
    assert again["service_key"] is None
    assert again["lease_until"] > lease["lease_until"]
    clock.advance(50)
    assert await recovery.find_lost_runs(hall, node_id=None) == []
    renewed = await far.post(f"/hall/v1/runs/{worker}/lease", {}, 200)
    assert renewed["lease_until"] > again["lease_until"]
    assert (await audit_all(hall.database)).ok


@pytest.mark.promise("AX-WEBHOOK-COMPLETE", "AX-WEBHOOK-BRANCH", "AX-WEBHOOK-FIELDS")
async def test_its_report_ends_the_worker_and_the_task(ceo: Customer, hall: Hall) -> None:
    task, worker = await outside(ceo, hall)

    async def accept_at_once(tx: Tx) -> int:
        return await tx.run(_accept_at_once, task_id=task.id)

    await hall.database.write(accept_at_once)
    far, lease = await leased(ceo, worker)
    told = await far.post(
        "/events",
        {"teamId": lease["report"]["team_id"], "type": "progress", "data": {"message": "half"}},
    )
    assert told["workerId"] == worker
    report = report_of(lease, git_pushed=True, git_branch="worker/task_xxx")
    for name in ("worker_id", "task_id", "status", "summary"):
        short = {key: value for key, value in report.items() if key != name}
        assert name in await far.post("/webhooks/worker-complete", short, 400)
    assert "status" in await far.post("/webhooks/worker-complete", {**report, "status": "x"}, 400)
    assert "summary" in await far.post("/webhooks/worker-complete", {**report, "summary": " "}, 400)
    bad = {**report, "git_branch": "two words"}
    assert "git_branch" in await far.post("/webhooks/worker-complete", bad, 400)
    assert await far.post("/webhooks/worker-complete", report, 200) == {"ok": True}
    assert (await view(hall, ceo.actor, task)).task.state is State.DONE
    found = await ceo.get(f"/workers/{worker}")
    assert (found["status"], found["task"]["status"]) == ("completed", "done")
    (deliverable,) = await made(hall, task)
    assert (deliverable.text, deliverable.branch) == (report["summary"], "worker/task_xxx")
    newest, *_ = await ceo.get(f"/events?teamId={lease['report']['team_id']}")
    assert (newest["type"], newest["data"]["summary"]) == ("task_completed", report["summary"])
    # The same again changes nothing, and another is not taken.
    assert await far.post("/webhooks/worker-complete", report, 200) == {"ok": True}
    assert await made(hall, task) == [deliverable]
    await far.post("/webhooks/worker-complete", {**report, "summary": "Something else"}, 409)
    await far.post("/webhooks/worker-complete", {**report, "status": "failed"}, 409)
    assert (await audit_all(hall.database)).ok


async def test_what_is_to_be_looked_at_waits_in_review(ceo: Customer, hall: Hall) -> None:
    task, worker = await outside(ceo, hall)
    far, lease = await leased(ceo, worker)
    await far.post("/webhooks/worker-complete", report_of(lease, git_pushed=True), 200)
    assert (await view(hall, ceo.actor, task)).task.state is State.IN_REVIEW
    (deliverable,) = await made(hall, task)
    assert deliverable.branch == f"worker/{ref('task', task.id)}"


@pytest.mark.promise("AX-WEBHOOK-COMPLETE")
async def test_a_failure_is_told_with_its_reason(ceo: Customer, hall: Hall) -> None:
    task, worker = await outside(ceo, hall)
    far, lease = await leased(ceo, worker)
    report = report_of(lease, status="failed", summary="The API is gone", git_pushed=False)
    for _ in range(2):
        assert await far.post("/webhooks/worker-complete", report, 200) == {"ok": True}
    assert (await view(hall, ceo.actor, task)).task.state is State.FAILED
    assert (await ceo.get(f"/workers/{worker}"))["status"] == "failed"
    newest, *_ = await ceo.get(f"/events?teamId={lease['report']['team_id']}")
    assert newest["data"] == {"status": "failed", "message": "The API is gone"}
    assert await made(hall, task) == []


@pytest.mark.promise("AX-WEBHOOK-KEY")
async def test_only_its_own_key_reports(ceo: Customer, hall: Hall) -> None:
    _, worker = await outside(ceo, hall)
    far, lease = await leased(ceo, worker)
    report = report_of(lease)
    await ceo.post("/webhooks/worker-complete", report, 401)
    await Customer(ceo.http, ceo.actor).post("/webhooks/worker-complete", report, 401)
    await Customer(ceo.http, ceo.actor, f"{far.key}x").post(
        "/webhooks/worker-complete", report, 401
    )
    task = ref("task", (await post(hall, ceo.actor)).id)
    own = await begin(hall)
    for wrong in ({"task_id": task}, {"worker_id": ref("worker", own.id)}):
        await far.post("/webhooks/worker-complete", {**report, **wrong}, 403)
    for wrong in ({"task_id": "task_x"}, {"worker_id": lease["id"]}):
        await far.post("/webhooks/worker-complete", {**report, **wrong}, 400)
    # What the hall's own workers make it takes in itself.
    inside = Customer(
        ceo.http, ceo.actor, await service_keys.issue_service_key(hall, token=own.token)
    )
    names = {"worker_id": ref("worker", own.id), "task_id": task}
    await inside.post("/webhooks/worker-complete", {**report, **names}, 403)
    assert (await ceo.get(f"/workers/{worker}"))["status"] == "running"


async def test_who_does_not_renew_has_lost_the_run(ceo: Customer, hall: Hall, clock: Clock) -> None:
    task, worker = await outside(ceo, hall)
    far, lease = await leased(ceo, worker, lease_s=30)
    clock.advance(31)
    (lost,) = await recovery.find_lost_runs(hall, node_id=None)
    await recovery.replace_lost_run(hall, run_id=lost)
    team = lease["report"]["team_id"]
    found = await ceo.get(f"/workers?teamId={team}")
    assert [one["status"] for one in found] == ["starting", "failed"]
    await far.post("/webhooks/worker-complete", report_of(lease), 409)
    await far.post("/events", {"teamId": team, "type": "progress"}, 409)
    assert await problem(far, worker, {}, 409) == "superseded"
    assert await problem(ceo, worker, {}, 409) == "superseded"
    second, lease = await leased(ceo, found[0]["id"])
    await second.post("/webhooks/worker-complete", report_of(lease), 200)
    assert (await view(hall, ceo.actor, task)).task.state is State.IN_REVIEW
    assert (await audit_all(hall.database)).ok


async def test_its_roles_timeout_ends_it(ceo: Customer, hall: Hall, clock: Clock) -> None:
    task, worker = await outside(ceo, hall, timeout=100)
    far, _ = await leased(ceo, worker, lease_s=3_600)
    clock.advance(99)
    await far.post(f"/hall/v1/runs/{worker}/lease", {"lease_s": 3_600}, 200)
    clock.advance(2)
    assert await problem(far, worker, {}, 409) == "superseded"
    assert (await view(hall, ceo.actor, task)).task.state is State.FAILED
    assert await problem(far, worker, {}, 409) == "superseded"


async def test_the_hall_ends_it_though_nobody_says_a_word(
    ceo: Customer, hall: Hall, clock: Clock
) -> None:
    """A lease of an hour does not give a run more than the minutes of its role."""
    task, worker = await outside(ceo, hall, timeout=100)
    far, lease = await leased(ceo, worker, lease_s=3_600)
    clock.advance(99)
    await fire_due(hall)
    assert (await view(hall, ceo.actor, task)).task.state is State.IN_PROGRESS
    # A role that gives more by then is looked at again.
    team, *_ = await ceo.get("/teams")
    role = next(one for one in await ceo.get(f"/roles?teamId={team['id']}") if one["name"] == "far")
    await ceo.patch(f"/roles/{role['id']}", {"timeout": 200})
    clock.advance(2)
    next_due_us = await fire_due(hall)
    assert next_due_us is not None
    assert (await view(hall, ceo.actor, task)).task.state is State.IN_PROGRESS
    clock.advance(99)
    assert await fire_due(hall) is None
    assert (await view(hall, ceo.actor, task)).task.state is State.FAILED
    seen = await ceo.get(f"/tasks/{ref('task', task.id)}")
    assert seen["output"]["error"] == "It took longer than the 200 seconds that its role gives it"
    assert seen["workers"][0]["status"] == "failed"
    await far.post("/webhooks/worker-complete", report_of(lease), 409)
    assert (await audit_all(hall.database)).ok


async def test_its_time_is_over_for_it_alone(ceo: Customer, hall: Hall, clock: Clock) -> None:
    """What was delivered in time, and the worker that comes after, are left alone."""
    task, worker = await outside(ceo, hall, timeout=100)
    far, lease = await leased(ceo, worker, lease_s=3_600)
    await far.post("/webhooks/worker-complete", report_of(lease), 200)
    clock.advance(200)
    await fire_due(hall)
    assert (await view(hall, ceo.actor, task)).task.state is State.IN_REVIEW
    await answer.decide_deliverable(
        hall, actor=ceo.actor, task_id=task.id, accepted=False, reason="More"
    )
    team, *_ = await ceo.get("/teams")
    (second,) = await ceo.get(f"/workers?teamId={team['id']}&status=starting")
    await leased(ceo, second["id"], lease_s=3_600)
    clock.advance(99)
    await fire_due(hall)
    assert (await view(hall, ceo.actor, task)).task.state is State.IN_PROGRESS
    clock.advance(2)
    await fire_due(hall)
    assert (await view(hall, ceo.actor, task)).task.state is State.FAILED
    assert (await audit_all(hall.database)).ok


async def test_what_cannot_be_leased(ceo: Customer, rival: Customer, hall: Hall) -> None:
    _, worker = await outside(ceo, hall)
    task = await post(hall, ceo.actor)
    own = await begin(hall)
    assert await problem(ceo, ref("worker", own.id), {}, 409) == "wrong_state"
    assert await problem(rival, worker, {}, 404) == "not_found"
    assert await problem(ceo, "worker_x", {}, 404) == "not_found"
    assert await problem(ceo, task.id, {}, 404) == "not_found"
    assert await problem(Customer(ceo.http, ceo.actor), worker, {}, 401) == "unauthorized"
    for bad in ({"lease_s": 9}, {"lease_s": 3_601}, {"lease_s": "x"}, []):
        assert await problem(ceo, worker, bad, 400) in ("malformed", "invalid")
    far, lease = await leased(ceo, worker)
    assert await problem(far, own.id, {}, 403) == "forbidden"
    answer = await ceo.ask("GET", f"/hall/v1/runs/{lease['id']}/lease")
    assert (answer.status_code, answer.json()["code"]) == (405, "wrong_method")
    document = await ceo.get("/hall/v1/openapi.json")
    assert document["servers"] == [{"url": "/hall/v1"}]


async def test_a_hall_without_that_runtime_says_so(
    database: Database, clock: Clock, engine: QuietEngine, ceo: Customer, hall: Hall
) -> None:
    await outside(ceo, hall)
    without = make_hall(database, clock=clock, engine=engine)
    task = await post(without, ceo.actor, role="far")
    found = (await view(hall, ceo.actor, task)).task
    assert found.waiting_for is Waiting.WORKER
    assert "no runtime 'external'" in found.waiting_reason
