"""The bench runs to its end on both databases and prints every line; its figures are not judged."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repository import ROOT

AGAINST_ANOTHER = {
    "GET against the floor, 40 tasks",
    "POST against the floor, 40 tasks",
    "GET against the floor, 80 tasks",
    "POST against the floor, 80 tasks",
    "GET, 80 tasks against 40",
    "POST, 80 tasks against 40",
}
BY_ITSELF = {
    "from posting to a run's first step, p50",
    "runs done in a second",
    "an idle hall, of a core",
    "memory of an idle hall",
    "memory of the hall after the load",
    "restart after kill -9, 80 tasks, the longest",
    "the gateway's part of a stream's first byte, p50",
    "memory of an open stream of events",
    "from a commit to the one stream that waits, p50",
    "from a commit to each of all streams, p50",
    "CPU of the hall for a cycle of hold and release",
    "the slowest page, 400 tasks, p95",
    "the largest page, 400 tasks",
    *(
        f"32 race for {what}, all answered, p50"
        for what in ("the last slot for a proposal", "a claim", "a release", "a refund")
    ),
    *(
        f"the board, {asked}, 80 tasks against 40"
        for asked in (
            "listing",
            "listing a category",
            "a page further on",
            "a word that many have",
            "a word that none has",
        )
    ),
}
ON_ONE = {
    "SQLite: cycles of hold and release, against the same statements alone",
    "PostgreSQL: cycles of hold and release, against pgbench",
    "PostgreSQL: cycles of hold and release, against pgbench with one round trip",
}
QUEUE = {
    f"{what}, by {engine}"
    for engine in ("local", "procrastinate")
    for what in (
        "from commit to claimed at a worker, p50",
        "an idle worker, of a core",
        "an idle server, of a core",
        "memory of an idle worker",
        "claims in a second, where many wait",
        "kill -9 to begun elsewhere, with a lease of 6 s, the longest",
    )
}
DATABASES = ("SQLite", "PostgreSQL")
SANDBOXED = {
    *(
        f"the hall's part of a run's start, {where}, {at_once} at once, p50"
        for where in ("no repository", "10 MB repository")
        for at_once in (1, 2)
    ),
    "memory of the hall for a live run, 2 at once",
}


@pytest.mark.sandbox
def test_every_figure_is_measured_printed_and_written_down(tmp_path: Path) -> None:
    bench = subprocess.Popen(
        [sys.executable, "-m", "bench", "--tiny", "--results", str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    shown, said = bench.communicate(timeout=280)
    assert bench.returncode == 0, said
    (path,) = tmp_path.glob("*.json")
    assert f"Written to {path}" in said
    told = json.loads(path.read_text())
    lines = {line["name"]: line for line in told["lines"]}
    on_both = {f"{on}: {name}" for on in DATABASES for name in AGAINST_ANOTHER | BY_ITSELF}
    assert lines.keys() == on_both | ON_ONE | {f"SQLite: {name}" for name in SANDBOXED} | {
        f"PostgreSQL: {name}" for name in QUEUE
    }
    for name, line in lines.items():
        assert name in shown
        # Of a handful of runs a figure may be anything; that many at once share their memory. In a
        # fifth of a second a hall or worker without work may have done nothing at all.
        may_be_none = name.partition(": ")[2] in SANDBOXED
        is_idle = ": an idle " in name and ", of a core" in name
        assert line["value"] > 0 or may_be_none or (is_idle and line["value"] == 0)
        assert line["verdict"] in ("reached", "missed") or line["target"] is None
        if name.partition(": ")[2] in AGAINST_ANOTHER:
            assert len(line["details"]["ratios"]) == told["rounds"] == 3
    assert {left.name for left in tmp_path.iterdir()} == {path.name, "cache"}
    assert _left_of(bench.pid) == []


def _left_of(bench_pid: int) -> list[str]:
    """The command lines of processes that were given the bench's work folder."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            told = command + (process / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue  # somebody else's, or gone by now
        if f"work-{bench_pid}-" in told:
            found.append(command)
    return found
