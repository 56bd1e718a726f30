"""How runs reach a worker in another process, by each engine, side by side: PostgreSQL alone."""

import contextlib
import json
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Line, p50_p99, percentile
from bench.load import Job
from bench.places import Made, Place
from bench.processes import BenchError, Child, Load, Server, start_hall, start_worker
from bench.racing import post_requests
from bench.scale import Plan

ENGINES = ("local", "procrastinate")
LEASE_S = 6
START_MS = 10.0
IDLE_PERCENT = 1.0
PATIENCE_S = 60.0
QUEUED = 100

# From the row of the run, written just before its commit, to its claim, likewise.
_CLAIMED = """
SELECT runs.queued_at_us, events.at_us FROM runs
JOIN events ON events.task_id = runs.task_id AND events.type = 'task_claimed'
WHERE runs.id > '{after}' AND runs.generation = 1
"""
_NEWEST = "SELECT coalesce(max(id), '') FROM runs"
_BEGUN = "SELECT max(generation) FROM runs WHERE id > '{after}' AND started_at_us IS NOT NULL"
_LIVE = "SELECT count(*) FROM runs WHERE ended_at_us IS NULL AND id > '{after}'"


@dataclass(frozen=True, slots=True)
class Hall:
    """A server that takes no runs, for one engine, and how workers join it."""

    plan: Plan
    place: Place
    made: Made
    engine: str
    server: Server
    load: Load

    @contextlib.contextmanager
    def worker(self, name: str, turn: dict[str, object], *, slots: int) -> Generator[Child]:
        """A worker that plays a turn for each run."""
        script = self.made.folder / f"{name}.json"
        script.write_text(json.dumps({"turns": [{**turn, "solution": "Done"}]}))
        shared = _shared(self.made.folder, self.engine)
        folder = self.made.folder / name
        with start_worker(folder, self.made.url, slots=slots, script=script, **shared) as child:
            yield child

    def post(self, count: int, *, pace_s: float = 0) -> str:
        """Post tasks; the newest run before them."""
        after = str(self.place.rows(self.made, _NEWEST)[0][0])
        requests = post_requests(self.made.population, count)
        host, port = self.server.host, self.server.port
        self.load.run(Job(host, port, requests, status=201, connections=8, pace_s=pace_s))
        return after

    def claimed(self, after: str, count: int) -> list[tuple[int, int]]:
        """When each of so many runs was queued and claimed, once all are."""
        until_s = time.monotonic() + PATIENCE_S
        while len(found := self.place.rows(self.made, _CLAIMED.format(after=after))) < count:
            if time.monotonic() > until_s:
                raise BenchError(f"{len(found)} of {count} runs were claimed")
            time.sleep(0.05)
        return [(queued, claimed) for queued, claimed in found]

    def until_done(self, after: str) -> None:
        until_s = time.monotonic() + PATIENCE_S
        while self.place.rows(self.made, _LIVE.format(after=after))[0][0]:
            if time.monotonic() > until_s:
                raise BenchError("runs did not end")
            time.sleep(0.05)


def measure(plan: Plan, place: Place) -> Iterator[Line]:
    """Starts, idleness, a queue, and a killed worker, by each engine."""
    if place.name == "SQLite":
        return
    for engine in ENGINES:
        made = place.make(f"queue_{engine}", plan.scale.thousand)
        plan.say(f"{place.name}: runs by {engine}")
        shared = _shared(made.folder, engine)
        with (
            Load(plan.work) as load,
            start_hall(made.folder, made.url, slots=0, script=None, **shared) as server,
        ):
            hall = Hall(plan, place, made, engine, server, load)
            yield from _starts(hall)
            yield from _queue(hall)
            yield from _death(hall)


def _shared(folder: Path, engine: str) -> dict[str, str]:
    """What all processes of one hall have in common."""
    return {
        "ENGINE": engine,
        "LEASE_S": str(LEASE_S),
        "SECRET_KEY_FILE": str(folder / "secret.key"),
        "BLOBS": f"file://{folder / 'files'}",
    }


def _starts(hall: Hall) -> Iterator[Line]:
    scale = hall.plan.scale
    with hall.worker("starts", {}, slots=4) as worker:
        after = hall.post(scale.warm_up // 20 + 1)
        hall.until_done(after)
        after = hall.post(scale.paced_runs, pace_s=scale.pace_s)
        times = hall.claimed(after, scale.paced_runs)
        hall.until_done(after)
        before = worker.cpu_ns(), hall.server.cpu_ns()
        begun_s = time.monotonic()
        time.sleep(scale.idle_s)
        took_s = time.monotonic() - begun_s
        used_ns = worker.cpu_ns() - before[0], hall.server.cpu_ns() - before[1]
        memory_mib = worker.memory_bytes() / (1 << 20)
    waits_ms = [(claimed - queued) / 1000 for queued, claimed in times]
    yield Line(
        _named(hall, "from commit to claimed at a worker, p50"),
        percentile(waits_ms, 0.5),
        "ms",
        START_MS,
        cells={"hall_ms": p50_p99(waits_ms)},
        details={"p99": percentile(waits_ms, 0.99)},
    )
    for name, ns in zip(("worker", "server"), used_ns, strict=True):
        percent = ns / 1e7 / took_s
        yield Line(_named(hall, f"an idle {name}, of a core"), percent, "%", IDLE_PERCENT)
    yield Line(_named(hall, "memory of an idle worker"), memory_mib, "MiB")


def _queue(hall: Hall) -> Iterator[Line]:
    count = min(QUEUED, hall.plan.scale.queued_runs)
    after = hall.post(count)
    with hall.worker("queue", {"sleep": 3}, slots=count):
        times = hall.claimed(after, count)
        hall.until_done(after)
    claims = sorted(claimed for _, claimed in times)
    rate = (count - 1) / max(1e-6, (claims[-1] - claims[0]) / 1e6)
    yield Line(_named(hall, "claims in a second, where many wait"), rate, "runs/s")


def _death(hall: Hall) -> Iterator[Line]:
    took_s: list[float] = []
    for number in range(hall.plan.scale.restarts):
        with hall.worker(f"dies-{number}", {"sleep": 600}, slots=1) as dies:
            after = hall.post(1)
            _until_at_work(hall, after, generation=1)
            with hall.worker(f"lives-{number}", {"sleep": 0}, slots=1):
                dies.kill()
                killed_s = time.monotonic()
                _until_at_work(hall, after, generation=2)
                took_s.append(time.monotonic() - killed_s)
                hall.until_done(after)
    yield Line(
        _named(hall, f"kill -9 to begun elsewhere, with a lease of {LEASE_S} s, the longest"),
        max(took_s),
        "s",
        2.0 * LEASE_S,
        details={"took_s": took_s},
    )


def _until_at_work(hall: Hall, after: str, *, generation: int) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while (hall.place.rows(hall.made, _BEGUN.format(after=after))[0][0] or 0) < generation:
        if time.monotonic() > until_s:
            raise BenchError(f"no run of generation {generation} began")
        time.sleep(0.02)


def _named(hall: Hall, what: str) -> str:
    return f"{hall.place.name}: {what}, by {hall.engine}"
