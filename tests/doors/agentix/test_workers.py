"""Workers: the hall's runs under the door's words, alone and by team; and what they used."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hiringhall.actions.runs import outcomes, recovery, working
from hiringhall.actions.tasks import answer
from hiringhall.domain.runs import Run, RunState
from hiringhall.domain.tasks import Task
from hiringhall.doors.agentix import wire_workers as wire
from hiringhall.doors.agentix.words import ref, time_of
from hiringhall.hall import Hall
from tests.doors.agentix.conftest import Customer
from tests.support.halls import START_US, Clock, begin, post

pytestmark = pytest.mark.anyio


async def default_team(ceo: Customer) -> str:
    team, *_ = await ceo.get("/teams")
    return team["id"]


async def begun(ceo: Customer, hall: Hall) -> tuple[Task, Run]:
    task = await post(hall, ceo.actor)
    return task, await begin(hall)


@pytest.mark.promise("AX-WORKERS-GET")
async def test_a_worker_is_shown_with_its_task_and_what_it_did(ceo: Customer, hall: Hall) -> None:
    task, run = await begun(ceo, hall)
    await working.report_progress(hall, token=run.token, text="half")
    worker = ref("worker", run.id)
    found = await ceo.get(f"/workers/{worker}")
    assert re.fullmatch(r"fc-[a-z2-7]{26}", found["sandboxId"])
    events = found.pop("events")
    assert found == {
        "id": worker,
        "taskId": ref("task", task.id),
        "role": None,
        "status": "running",
        "sandboxId": found["sandboxId"],
        "startedAt": found["startedAt"],
        "completedAt": None,
        "task": {
            "id": ref("task", task.id),
            "title": "Build a page",
            "role": None,
            "status": "in_progress",
            "priority": 0,
        },
    }
    assert [one["type"] for one in events] == ["progress", "worker_spawned", "status_change"]
    assert {one["workerId"] for one in events} == {worker}
    feed = await ceo.get(f"/events?teamId={ref('team', task.team_id)}")
    assert events == feed[:3]


@pytest.mark.promise("AX-WORKERS-LIST", "AX-WORKERS-STATUS", "AX-WORKERS-COURSE")
async def test_workers_are_listed_by_what_became_of_them(ceo: Customer, hall: Hall) -> None:
    _, delivered = await begun(ceo, hall)
    await outcomes.deliver(hall, token=delivered.token, text="All of it.")
    _, gave_up = await begun(ceo, hall)
    await outcomes.give_up(hall, token=gave_up.token, reason="No way")
    task, lost = await begun(ceo, hall)
    await recovery.replace_lost_run(hall, run_id=lost.id)
    again = await begin(hall)
    await post(hall, ceo.actor)
    team = await default_team(ceo)
    whole = await ceo.get(f"/workers?teamId={team}")
    assert [one["status"] for one in whole] == [
        "starting", "running", "failed", "failed", "completed",
    ]  # fmt: skip
    assert [one["id"] for one in whole[1:]] == [
        ref("worker", run.id) for run in (again, lost, gave_up, delivered)
    ]
    assert whole[0]["startedAt"] is None
    assert whole[1]["taskId"] == whole[2]["taskId"] == ref("task", task.id)
    for status in ("starting", "running", "completed", "failed"):
        part = await ceo.get(f"/workers?teamId={team}&status={status}")
        assert part == [one for one in whole if one["status"] == status]
    first = await ceo.get(f"/workers?teamId={team}&limit=2")
    rest = await ceo.get(f"/workers?teamId={team}&cursor={first[-1]['id']}")
    assert first + rest == whole
    running = f"/workers?teamId={team}&status=running"
    assert await ceo.get(f"{running}&cursor={whole[1]['id']}") == []
    assert "status is one of" in await ceo.get(f"/workers?teamId={team}&status=x", 400)


@pytest.mark.promise("AX-WORKERS-COURSE")
def test_every_state_of_a_run_has_a_word() -> None:
    assert wire.STATUSES.keys() == set(RunState)


async def test_workers_are_their_customers_own(ceo: Customer, rival: Customer, hall: Hall) -> None:
    _, run = await begun(ceo, hall)
    team = await default_team(ceo)
    worker = ref("worker", run.id)
    assert "not yours" in await rival.get(f"/workers/{worker}", 403)
    assert "not yours" in await rival.get(f"/workers?teamId={team}", 403)
    assert "not yours" in await rival.get(f"/usage?teamId={team}", 403)
    await ceo.get("/workers/worker_x", 404)
    await ceo.get(f"/workers/{ref('worker', ceo.actor.organization_id or '')}", 404)
    assert "teamId is required" in await ceo.get("/workers", 400)
    for bad in ("limit=0", "limit=1001"):
        await ceo.get(f"/workers?teamId={team}&{bad}", 400)
    assert await rival.get(f"/workers?teamId={await default_team(rival)}") == []
    assert (await rival.get("/usage"))["totals"] == {"worker_spawn": 0, "compute_minutes": 0}


async def take(ceo: Customer, hall: Hall, clock: Clock, seconds: float) -> Run:
    """A worker that is at work for so long."""
    _, run = await begun(ceo, hall)
    clock.advance(seconds)
    await outcomes.deliver(hall, token=run.token, text="All of it.")
    return run


@pytest.mark.promise("AX-USAGE-GET", "AX-USAGE-ANSWER", "AX-USAGE-TYPE")
async def test_usage_is_summed_and_rounded_up_once(ceo: Customer, hall: Hall, clock: Clock) -> None:
    first = await take(ceo, hall, clock, 30)
    second = await take(ceo, hall, clock, 20.5)
    await post(hall, ceo.actor)
    found = await ceo.get("/usage")
    # Half a minute and twenty seconds are one minute, and a worker that waits is none.
    assert found["totals"] == {"worker_spawn": 2, "compute_minutes": 1}
    assert [(one["type"], one["quantity"], one["milliseconds"]) for one in found["records"]] == [
        ("worker_spawn", 1, None),
        ("compute_minutes", 0, 20_500),
        ("worker_spawn", 1, None),
        ("compute_minutes", 1, 30_000),
    ]
    assert {one["workerId"] for one in found["records"]} == {
        ref("worker", first.id), ref("worker", second.id)
    }  # fmt: skip
    record = found["records"][-1]
    assert record["teamId"] == ref("team", first.team_id)
    assert record["taskId"] == ref("task", first.task_id)
    spawns = await ceo.get("/usage?type=worker_spawn")
    assert spawns["totals"] == {"worker_spawn": 2, "compute_minutes": 0}
    assert {one["type"] for one in spawns["records"]} == {"worker_spawn"}
    minutes = await ceo.get("/usage?type=compute_minutes&limit=1")
    assert minutes["totals"] == {"worker_spawn": 0, "compute_minutes": 1}
    # The minute was begun by the worker before, whom this part does not show.
    assert [one["quantity"] for one in minutes["records"]] == [0]
    third = await take(ceo, hall, clock, 30)
    later = await ceo.get("/usage?type=compute_minutes")
    assert later["totals"]["compute_minutes"] == 2
    assert [one["quantity"] for one in later["records"]] == [1, 0, 1]
    assert later["records"][0]["workerId"] == ref("worker", third.id)
    assert "type is worker_spawn" in await ceo.get("/usage?type=tokens", 400)


async def test_a_worker_counts_while_it_is_at_work(ceo: Customer, hall: Hall, clock: Clock) -> None:
    await begun(ceo, hall)
    clock.advance(90)
    found = await ceo.get("/usage")
    assert found["totals"] == {"worker_spawn": 1, "compute_minutes": 2}
    assert found["records"][1]["milliseconds"] == 90_000


@pytest.mark.promise("AX-USAGE-DATES")
async def test_both_days_of_a_span_are_in_it(ceo: Customer, hall: Hall, clock: Clock) -> None:
    day_us = 86_400_000_000
    midnight_us = START_US // day_us * day_us
    clock.now_us = midnight_us + day_us - 100  # the last moment of the 25th
    late = await take(ceo, hall, clock, 60)
    clock.now_us = midnight_us + 2 * day_us + 5
    early = await take(ceo, hall, clock, 60)

    async def spawns(query: str) -> list[str]:
        found = await ceo.get(f"/usage?type=worker_spawn&{query}")
        assert found["totals"]["worker_spawn"] == len(found["records"])
        return [one["workerId"] for one in found["records"]]

    first, second = ref("worker", late.id), ref("worker", early.id)
    assert await spawns("from=2026-02-25") == [second, first]
    assert await spawns("to=2026-02-25") == await spawns("from=2026-02-25&to=2026-02-25") == [first]
    assert await spawns("from=2026-02-26&to=2026-02-26") == []
    assert await spawns("from=2026-02-26") == await spawns("from=2026-02-27&to=2026-02-27")
    assert await spawns("from=2026-02-27") == [second]
    at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=midnight_us + 2 * day_us)
    assert await spawns(f"to={at:%Y-%m-%dT%H:%M:%S}Z") == [second, first]
    shown = (await ceo.get("/usage"))["records"][0]["recordedAt"]
    assert shown == time_of(midnight_us + 2 * day_us)
    assert await spawns(f"from={shown}&to={shown}") == [second]
    assert await spawns("from=0001-01-01&to=9999-12-31") == [second, first]
    for bad in ("from=yesterday", "to=2026-02-30", "from=", "to=2026-13-01", "from=1772000000"):
        assert "ISO 8601" in await ceo.get(f"/usage?{bad}", 400)


@pytest.mark.promise("AX-USAGE-TEAM", "AX-TEAMS-GET-WORK")
async def test_a_team_is_shown_with_what_it_used(ceo: Customer, hall: Hall, clock: Clock) -> None:
    await take(ceo, hall, clock, 90)
    task, run = await begun(ceo, hall)
    await post(hall, ceo.actor)
    team = await default_team(ceo)
    other = (await ceo.team(name="other"))["id"]
    found = await ceo.get(f"/teams/{team}")
    assert [one["status"] for one in found["workers"]] == ["starting", "running"]
    assert found["workers"][1]["id"] == ref("worker", run.id)
    assert found["usageSummary"] == {"totalSpawns": 2, "totalComputeMinutes": 2}
    await answer.cancel_task(hall, actor=ceo.actor, task_id=task.id)
    assert len((await ceo.get(f"/teams/{team}"))["workers"]) == 1
    empty = await ceo.get(f"/teams/{other}")
    assert (empty["workers"], empty["usageSummary"]) == (
        [],
        {"totalSpawns": 0, "totalComputeMinutes": 0},
    )
    one: dict[str, Any] = await ceo.get(f"/usage?teamId={team}")
    assert one == await ceo.get("/usage")
    assert (await ceo.get(f"/usage?teamId={other}"))["records"] == []
