"""Runs, an idle hall, and a restart: what the local engine costs, and how soon it begins."""

import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from bench.figures import Line, p50_p99, percentile
from bench.fill import filled_file
from bench.load import Job
from bench.processes import BenchError, Load, Server, start_hall
from bench.racing import post_requests
from bench.scale import Scale

FIRST_STEP_MS = 10.0
IDLE_PERCENT = 1.0
RESTART_S = 5.0
SLOTS = 4
DONE_S = 120.0

Say = Callable[[str], None]

_ENDED = "SELECT count(*) FROM runs WHERE ended_at_us IS NOT NULL AND id > ?"
_TIMES = (
    "SELECT queued_at_us, started_at_us, ended_at_us FROM runs"
    " WHERE ended_at_us IS NOT NULL AND id > ? ORDER BY id"
)


def runs(folder: Path, scale: Scale, rounds: int, say: Say) -> list[Line]:
    """From a task's posting to its run's first step, and how many runs are done in a second."""
    script = folder / "script.json"
    folder.mkdir(parents=True)
    script.write_text(json.dumps({"turns": [{"solution": "Done"}]}))
    hall = folder / "hall"
    filled = filled_file(scale.thousand)
    filled.copy_to(hall / "hall.db")
    settings = {"HIRINGHALL_REHEARSAL_SCRIPT": str(script)}
    with (
        start_hall(hall, local_runs=SLOTS, settings=settings) as server,
        Load(folder) as load,
    ):
        begun = _newest(hall)
        say("  one after the other")
        for number in range(scale.paced_runs):
            _post(load, server, post_requests(filled.population, 1, seed=number), 1)
            time.sleep(scale.pace_s)
        paced = _times(hall, begun, scale.paced_runs)
        begun = _newest(hall)
        say("  all at once")
        _post(load, server, post_requests(filled.population, scale.queued_runs, seed=1), 16)
        queued = _times(hall, begun, scale.queued_runs)
    waits_ms = [(started - queued_at) / 1000 for queued_at, started, _ in paced]
    took_s = (max(end for *_, end in queued) - min(start for start, *_ in queued)) / 1_000_000
    return [
        Line(
            "SQLite: from posting to a run's first step, p50",
            percentile(waits_ms, 0.5),
            "ms",
            FIRST_STEP_MS,
            cells={"hall_ms": p50_p99(waits_ms)},
        ),
        Line("SQLite: runs done in a second", scale.queued_runs / took_s, "runs/s"),
    ]


def idle(folder: Path, scale: Scale, rounds: int, say: Say) -> list[Line]:
    """What a hall takes of a core while nothing happens."""
    with start_hall(folder / "hall", local_runs=SLOTS) as server:
        time.sleep(min(2.0, scale.idle_s))
        before_ns = server.cpu_ns()
        time.sleep(scale.idle_s)
        percent = (server.cpu_ns() - before_ns) / 1e9 / scale.idle_s * 100
        memory_mib = server.memory_bytes() / (1 << 20)
    return [
        Line(f"SQLite: an idle hall, over {scale.idle_s:g} s", percent, "%", IDLE_PERCENT),
        Line("SQLite: memory of an idle hall", memory_mib, "MiB"),
    ]


def restart(folder: Path, scale: Scale, rounds: int, say: Say) -> list[Line]:
    """From the start of a killed hall's successor until it serves, with the tasks it has."""
    hall = folder / "hall"
    filled_file(scale.million or scale.thousand).copy_to(hall / "hall.db")
    took_s: list[float] = []
    for _ in range(scale.restarts + 1):
        server = start_hall(hall, local_runs=SLOTS)
        took_s.append(server.started_in_s)
        server.kill()
        server.stop()
    worst_s = max(took_s[1:])
    return [Line("SQLite: restart after kill -9, the longest", worst_s, "s", RESTART_S)]


def _post(load: Load, server: Server, requests: list[str], connections: int) -> None:
    load.run(Job(server.host, server.port, requests, status=201, connections=connections))


def _rows(hall: Path, statement: str, *values: str) -> list[tuple[int, ...]]:
    connection = sqlite3.connect(f"file:{hall / 'hall.db'}?mode=ro", uri=True)
    try:
        return connection.execute(statement, values).fetchall()
    finally:
        connection.close()


def _newest(hall: Path) -> str:
    ((newest,),) = _rows(hall, "SELECT coalesce(max(id), '') FROM runs")
    return str(newest)


def _times(hall: Path, after: str, count: int) -> list[tuple[int, ...]]:
    """When each of the runs behind `after` was queued, started and ended, once all have."""
    until_s = time.monotonic() + DONE_S
    while (done := _rows(hall, _ENDED, after)[0][0]) < count:
        if time.monotonic() > until_s:
            raise BenchError(f"after {DONE_S:g} s only {done} of {count} runs had ended")
        time.sleep(0.05)
    return _rows(hall, _TIMES, after)
