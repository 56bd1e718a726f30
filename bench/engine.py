"""What the local engine costs: how soon a run begins, how many are done, what idleness takes."""

import json
import time
from collections.abc import Iterator
from typing import Any

from bench.figures import Line, p50_p99, percentile
from bench.load import Job
from bench.places import Made, Place
from bench.processes import BenchError, Load, Server
from bench.racing import post_requests
from bench.scale import Plan

FIRST_STEP_MS = 10.0
IDLE_PERCENT = 1.0
RESTART_S = 5.0
SLOTS = 4
DONE_S = 180.0

_LIVE = "SELECT count(*) FROM runs WHERE ended_at_us IS NULL"
_NEWEST = "SELECT coalesce(max(id), '') FROM runs"
# From the row of the run, written just before its commit, to the event that it has begun.
_TIMES = """
SELECT runs.queued_at_us, events.at_us, runs.ended_at_us
FROM runs JOIN events ON events.task_id = runs.task_id AND events.type = 'run_started'
WHERE runs.id > '{after}'
"""


def runs(plan: Plan, place: Place) -> Iterator[Line]:
    """From a task's posting to its run's first step, and how many runs are done in a second."""
    made = place.make("runs", plan.scale.thousand)
    script = plan.work / "script.json"
    script.write_text(json.dumps({"turns": [{"progress": ["Playing"], "solution": "Done"}]}))
    with Load(plan.work) as load:
        with made.hall(slots=SLOTS, script=script) as hall:
            _post(load, hall, made, plan.scale.warm_up // 20 + 1)
            _until_done(place, made)
            after = _newest(place, made)
            plan.say(f"{place.name}: runs, one after the other")
            _post(load, hall, made, plan.scale.paced_runs, pace_s=plan.scale.pace_s)
            _until_done(place, made)
            paced = _times(place, made, after)
        after = _newest(place, made)
        with made.hall() as hall:
            _post(load, hall, made, plan.scale.queued_runs)
    plan.say(f"{place.name}: runs, a queue of them")
    with made.hall(slots=SLOTS, script=script):
        _until_done(place, made)
    queued = _times(place, made, after)
    waits_ms = [(begun - posted) / 1000 for posted, begun, _ in paced]
    took_s = (max(end for *_, end in queued) - min(begun for _, begun, _ in queued)) / 1e6
    yield Line(
        f"{place.name}: from posting to a run's first step, p50",
        percentile(waits_ms, 0.5),
        "ms",
        FIRST_STEP_MS,
        cells={"hall_ms": p50_p99(waits_ms)},
        details={"p99": percentile(waits_ms, 0.99)},
    )
    yield Line(f"{place.name}: runs done in a second", len(queued) / took_s, "runs/s")


def idle(plan: Plan, place: Place) -> Iterator[Line]:
    """What a hall takes of a core, and of memory, while nothing happens."""
    plan.say(f"{place.name}: an idle hall, for {plan.scale.idle_s:g} s")
    with place.make("idle", plan.scale.thousand).hall(slots=SLOTS) as hall:
        time.sleep(min(2.0, plan.scale.idle_s))
        before_ns, begun_s = hall.cpu_ns(), time.monotonic()
        time.sleep(plan.scale.idle_s)
        percent = (hall.cpu_ns() - before_ns) / 1e7 / (time.monotonic() - begun_s)
        memory_mib = hall.memory_bytes() / (1 << 20)
    yield Line(f"{place.name}: an idle hall, of a core", percent, "%", IDLE_PERCENT)
    yield Line(f"{place.name}: memory of an idle hall", memory_mib, "MiB")


def restart(plan: Plan, place: Place) -> Iterator[Line]:
    """From a killed hall's next start until it serves, in the middle of posting."""
    tasks = plan.scale.million
    if not tasks or place.why_not(tasks):
        tasks = plan.scale.thousand
    plan.say(f"{place.name}: kill -9 and start again, with {tasks:,} tasks")
    made = place.make("restart", tasks)
    took_s: list[float] = []
    with Load(plan.work) as load:
        for _ in range(plan.scale.restarts + 1):
            hall = made.hall()
            try:
                took_s.append(hall.started_in_s)
                _post(load, hall, made, plan.scale.warm_up)
            finally:
                hall.kill()
                hall.stop()
    yield Line(
        f"{place.name}: restart after kill -9, {tasks:,} tasks, the longest",
        max(took_s[1:]),
        "s",
        RESTART_S,
        details={"took_s": took_s},
    )


def _post(load: Load, hall: Server, made: Made, count: int, *, pace_s: float = 0) -> None:
    requests = post_requests(made.population, count)
    load.run(Job(hall.host, hall.port, requests, status=201, connections=8, pace_s=pace_s))


def _newest(place: Place, made: Made) -> str:
    return str(place.rows(made, _NEWEST)[0][0])


def _until_done(place: Place, made: Made) -> None:
    until_s = time.monotonic() + DONE_S
    while live := place.rows(made, _LIVE)[0][0]:
        if time.monotonic() > until_s:
            raise BenchError(f"after {DONE_S:g} s {live} runs had not ended")
        time.sleep(0.1)


def _times(place: Place, made: Made, after: str) -> list[Any]:
    """When each of the runs behind `after` was queued, begun and ended."""
    return place.rows(made, _TIMES.format(after=after))
