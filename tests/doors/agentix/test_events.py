"""Events: a team's feed, newest first, by exact cursors; and what is reported into it."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hiringhall.actions.runs import outcomes, recovery, service_keys, working
from hiringhall.actions.tasks import answer
from hiringhall.domain import events
from hiringhall.domain.feed import ReportedType
from hiringhall.domain.ids import SERVICE_KEY_PREFIX
from hiringhall.domain.questions import make_question
from hiringhall.domain.runs import Run
from hiringhall.domain.tasks import State, Task
from hiringhall.doors.agentix import wire_events as wire
from hiringhall.doors.agentix.words import STATUS, ref
from hiringhall.hall import Hall
from tests.doors.agentix.conftest import Customer
from tests.support.halls import begin, post, sign_up, view

pytestmark = pytest.mark.anyio


async def default_team(ceo: Customer) -> str:
    team, *_ = await ceo.get("/teams")
    return team["id"]


async def worked(ceo: Customer, hall: Hall) -> tuple[str, Task, Run]:
    """A team, a task of it that was delivered and accepted, and the run that did it."""
    task = await post(hall, ceo.actor)
    run = await begin(hall)
    await working.report_progress(hall, token=run.token, text="half of it")
    await outcomes.deliver(hall, token=run.token, text="All of it.", branch="worker/x")
    await answer.decide_deliverable(hall, actor=ceo.actor, task_id=task.id, accepted=True)
    return ref("team", task.team_id), task, run


async def key_of(hall: Hall, run: Run) -> str:
    return await service_keys.issue_service_key(hall, token=run.token)


def as_worker(ceo: Customer, key: str) -> Customer:
    assert key.startswith(SERVICE_KEY_PREFIX)
    return Customer(ceo.http, ceo.actor, key)


@pytest.mark.promise("AX-EVENTS-LIST", "AX-EVENTS-EMITTED", "AX-EVENTS-LOG")
async def test_a_teams_feed_says_what_happened_newest_first(ceo: Customer, hall: Hall) -> None:
    team, task, run = await worked(ceo, hall)
    feed = await ceo.get(f"/events?teamId={team}")
    assert [(one["type"], one["data"]) for one in reversed(feed)] == [
        ("task_created", {"title": "Build a page", "role": None}),
        ("status_change", {"status": "ready"}),
        ("status_change", {"status": "in_progress"}),
        ("worker_spawned", {"runtime": "rehearsal", "attempt": 1}),
        ("progress", {"message": "half of it"}),
        (
            "status_change",
            {"status": "review", "summary": "All of it.", "branch": "worker/x", "files": []},
        ),
        ("task_completed", {"status": "done"}),
    ]
    worker = ref("worker", run.id)
    progress = feed[2]
    assert progress == {
        "id": f"evt_{progress['seq']}",
        "seq": 5,
        "teamId": team,
        "taskId": ref("task", task.id),
        "workerId": worker,
        "type": "progress",
        "actor": f"worker:{worker}",
        "data": {"message": "half of it"},
        "timestamp": progress["timestamp"],
    }
    assert feed[0]["actor"] == f"user:{ref('user', ceo.actor.user_id or '')}"
    times = [datetime.fromisoformat(one["timestamp"]) for one in feed]
    assert all(a - b >= timedelta(milliseconds=1) for a, b in itertools.pairwise(times))
    await post(hall, ceo.actor)
    assert (await ceo.get(f"/events?teamId={team}"))[2:] == feed


@pytest.mark.promise("AX-EVENTS-TYPE")
def test_every_event_of_the_hall_is_of_one_of_the_seven_types() -> None:
    assert wire.SHOWN.keys() >= {one.type for one in events.ALL}
    assert STATUS.keys() == set(State)
    words = [word for one in wire.TYPES for word in wire.words_of(one) or ()]
    assert len(words) == len(set(words)) == len(events.ALL) * len(State) + len(ReportedType)


@pytest.mark.promise("AX-EVENTS-TYPE", "AX-EVENTS-TASK")
async def test_the_feed_is_filtered(ceo: Customer, hall: Hall) -> None:
    team, task, _ = await worked(ceo, hall)
    other = await post(hall, ceo.actor)
    run = await begin(hall)
    await outcomes.give_up(hall, token=run.token, reason="No way")
    whole = await ceo.get(f"/events?teamId={team}")
    found: list[dict[str, Any]] = []
    for kind in wire.TYPES:
        part = await ceo.get(f"/events?teamId={team}&type={kind}")
        assert all(one["type"] == kind for one in part)
        found += part
    assert sorted(found, key=lambda one: -one["seq"]) == whole
    failed = await ceo.get(f"/events?teamId={team}&type=task_failed")
    assert [one["data"] for one in failed] == [{"status": "failed", "message": "No way"}]
    one = await ceo.get(f"/events?teamId={team}&taskId={ref('task', other.id)}")
    assert one == [event for event in whole if event["taskId"] == ref("task", other.id)]
    both = f"/events?teamId={team}&taskId={ref('task', task.id)}&type=progress&limit=1"
    assert len(await ceo.get(both)) == 1
    assert "type is one of task_created" in await ceo.get(f"/events?teamId={team}&type=x", 400)


@pytest.mark.promise("AX-EVENTS-CURSOR", "AX-EVENTS-LIMIT")
async def test_pages_follow_by_the_printed_time_or_by_seq(ceo: Customer, hall: Hall) -> None:
    for _ in range(26):
        await post(hall, ceo.actor)
    team = await default_team(ceo)
    first = await ceo.get(f"/events?teamId={team}")
    assert len(first) == 50
    for name in ("timestamp", "seq"):
        paged: list[dict[str, Any]] = []
        cursor = ""
        while page := await ceo.get(f"/events?teamId={team}&limit=7{cursor}"):
            assert len(page) <= 7
            paged += page
            cursor = f"&cursor={page[-1][name]}"
        assert [one["seq"] for one in paged] == list(range(52, 0, -1))
        assert paged[:50] == first
    # The same moment, as others write it.
    at = datetime.fromisoformat(first[10]["timestamp"])
    told = [
        at.isoformat(),
        at.astimezone(UTC).isoformat().replace("+00:00", "%2B00:00"),
        at.replace(tzinfo=None).isoformat(),
    ]
    for written in told:
        page = await ceo.get(f"/events?teamId={team}&limit=1&cursor={written}")
        assert page == [first[11]]
    assert await ceo.get(f"/events?teamId={team}&cursor=2020-01-01") == []
    assert len(await ceo.get(f"/events?teamId={team}&limit=200&cursor=9999-01-01")) == 52
    assert len(await ceo.get(f"/events?teamId={team}&limit=200&cursor={10**30}")) == 52


@pytest.mark.promise("AX-EVENTS-TEAM", "AX-TENANTS")
async def test_what_cannot_be_read_is_refused(ceo: Customer, rival: Customer, hall: Hall) -> None:
    team = await default_team(ceo)
    task = ref("task", (await post(hall, ceo.actor)).id)
    assert "teamId is required" in await ceo.get("/events", 400)
    for bad in ("limit=0", "limit=201", "limit=x", "limit=1.5", "cursor=soon", "cursor="):
        await ceo.get(f"/events?teamId={team}&{bad}", 400)
    assert "not yours" in await rival.get(f"/events?teamId={team}", 403)
    own = await default_team(rival)
    assert "not yours" in await rival.get(f"/events?teamId={own}&taskId={task}", 403)
    await ceo.get("/events?teamId=team_x", 404)
    await ceo.get(f"/events?teamId={team}&taskId=task_x", 404)
    # A task of another team of one's own has nothing to say in this one.
    second = await ceo.team(name="second")
    assert await ceo.get(f"/events?teamId={second['id']}&taskId={task}") == []
    await Customer(ceo.http, ceo.actor).get(f"/events?teamId={team}", 401)


@pytest.mark.promise("AX-EVENTS-EMIT", "AX-EVENTS-EMIT-BODY")
async def test_progress_is_reported_as_it_was_given(ceo: Customer, hall: Hall) -> None:
    task = await post(hall, ceo.actor)
    run = await begin(hall)
    before = (await view(hall, ceo.actor, task)).task
    worker = ref("worker", run.id)
    body = {
        "teamId": ref("team", task.team_id),
        "taskId": ref("task", task.id),
        "workerId": worker,
        "type": "progress",
        "actor": f"worker:{worker}",
        "data": {"message": "Starting subtask 2 of 4", "of": [1, {"x": None}]},
    }
    event = await ceo.post("/events", body)
    assert {name: event[name] for name in body} == body
    newest, *_ = await ceo.get(f"/events?teamId={body['teamId']}")
    assert newest == event
    assert (await view(hall, ceo.actor, task)).task == before
    plain = await ceo.post("/events", {"teamId": body["teamId"], "type": "message"})
    assert (plain["taskId"], plain["workerId"], plain["data"]) == (None, None, {})
    assert plain["actor"] == f"user:{ref('user', ceo.actor.user_id or '')}"
    assert plain["seq"] == event["seq"] + 1


async def test_a_repeated_report_is_one(ceo: Customer) -> None:
    body = {"teamId": await default_team(ceo), "type": "message", "data": {"message": "hello"}}
    headers = {"Idempotency-Key": "once"}
    first, second = [await ceo.post("/events", body, headers=headers) for _ in range(2)]
    assert first == second
    assert await ceo.get(f"/events?teamId={body['teamId']}") == [first]


async def test_what_the_hall_says_nobody_else_can(ceo: Customer, rival: Customer) -> None:
    team = await default_team(ceo)
    for kind in set(wire.TYPES) - {"progress", "message"}:
        assert "hall alone" in await ceo.post("/events", {"teamId": team, "type": kind}, 403)
    for bad in (
        {"type": "deployed"},
        {"type": "progress", "actor": "x" * 201},
        {"type": "progress", "data": {"message": "x" * 70_000}},
        {"type": "progress", "data": "text"},
        {"type": 1},
        {},
    ):
        await ceo.post("/events", {"teamId": team, **bad}, 400)
    body = {"teamId": team, "type": "progress"}
    assert "not yours" in await rival.post("/events", body, 403)
    await ceo.post("/events", {**body, "taskId": "task_x"}, 404)
    await ceo.post("/events", {**body, "workerId": "worker_x"}, 404)
    assert await ceo.get(f"/events?teamId={team}") == []


async def test_what_is_named_belongs_together(ceo: Customer, rival: Customer, hall: Hall) -> None:
    task = await post(hall, ceo.actor)
    run = await begin(hall)
    other = await post(hall, ceo.actor)
    team, second = ref("team", task.team_id), (await ceo.team(name="second"))["id"]
    body = {"teamId": team, "taskId": ref("task", task.id), "type": "progress"}
    assert "not in this team" in await ceo.post("/events", {**body, "teamId": second}, 400)
    worker = {"workerId": ref("worker", run.id)}
    wrong = {**body, **worker, "taskId": ref("task", other.id)}
    assert "does not work on" in await ceo.post("/events", wrong, 400)
    theirs = await default_team(rival)
    assert "not yours" in await rival.post("/events", {**body, "teamId": theirs}, 403)
    wrong = {"teamId": theirs, "type": "progress", **worker}
    assert "not yours" in await rival.post("/events", wrong, 403)


async def test_a_message_answers_the_question_that_a_task_waits_on(
    ceo: Customer, hall: Hall
) -> None:
    task = await post(hall, ceo.actor)
    run = await begin(hall)
    asked = [make_question("single_select", "Which?", ["red", "blue"])]
    await outcomes.ask(hall, token=run.token, asked=asked)
    team = ref("team", task.team_id)
    question, *_ = await ceo.get(f"/events?teamId={team}")
    assert question["type"] == "message"
    assert question["data"] == {"question": "Which? (red / blue)"}
    assert question["workerId"] == ref("worker", run.id)
    body = {"teamId": team, "taskId": ref("task", task.id), "type": "message"}
    assert "data.message" in await ceo.post("/events", body, 400)
    assert "empty" in await ceo.post("/events", {**body, "data": {"message": " "}}, 400)
    event = await ceo.post("/events", {**body, "data": {"message": "red"}})
    assert (event["type"], event["data"]) == ("message", {"message": "red"})
    assert event["actor"].startswith("user:user_")
    now = (await view(hall, ceo.actor, task)).task
    assert now.state is State.IN_PROGRESS
    assert (await begin(hall)).previous_run_id == run.id
    # Nothing is asked any more, so the next one is a message like any other.
    again = await ceo.post("/events", {**body, "data": {"message": "blue"}})
    assert again["data"] == {"message": "blue"}
    assert (await view(hall, ceo.actor, task)).task.last_activity_at_us >= now.last_activity_at_us


async def test_a_run_speaks_of_its_own_task_alone(ceo: Customer, hall: Hall) -> None:
    task = await post(hall, ceo.actor)
    run = await begin(hall)
    other = await post(hall, ceo.actor)
    worker = as_worker(ceo, await key_of(hall, run))
    team = ref("team", task.team_id)
    event = await worker.post(
        "/events", {"teamId": team, "type": "progress", "data": {"message": "on it"}}
    )
    assert (event["taskId"], event["workerId"]) == (ref("task", task.id), ref("worker", run.id))
    assert event["actor"] == f"worker:{ref('worker', run.id)}"
    body = {"teamId": team, "type": "message"}
    assert "own task" in await worker.post(
        "/events", {**body, "taskId": ref("task", other.id)}, 403
    )
    assert "own worker" in await worker.post(
        "/events", {**body, "workerId": ref("worker", task.id)}, 403
    )
    second = (await ceo.team(name="second"))["id"]
    assert "not in this team" in await worker.post("/events", {**body, "teamId": second}, 400)
    theirs = ref("team", (await post(hall, await sign_up(hall, "bob"))).team_id)
    assert "not yours" in await worker.post("/events", {**body, "teamId": theirs}, 403)
    # A service key reads no feed, and a run that is over says no more.
    await worker.get(f"/events?teamId={team}", 401)
    await recovery.replace_lost_run(hall, run_id=run.id)
    await worker.post("/events", body, 409)
