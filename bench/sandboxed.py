"""What a run costs beside its sandbox: until its program runs, and in memory meanwhile."""

import contextlib
import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bench.bare import Job as BareJob
from bench.figures import Line, p50_p99, percentile
from bench.load import Job
from bench.places import Made, Place
from bench.processes import BenchError, Child, Load, Server
from bench.racing import post_request
from bench.scale import Plan

WITHOUT_MS = 60.0
WITH_MS = 150.0
LIVE_MIB = 5.0
REPOSITORY_BYTES = 10_000_000
_FILES = 200
_DONE_S = 240.0
_HOLD_S = 2.0
_HOLD_MORE_S = 0.1
"""How long a live run lives, and by how much longer for each that lives beside it."""

_STAMP = "date +%s%N"
_NEWEST = "SELECT coalesce(max(id), '') FROM runs"
_LIVE = "SELECT count(*) FROM runs WHERE ended_at_us IS NULL"
_TIMES = """
SELECT runs.id, runs.task_id, runs.queued_at_us, runs.state, deliverables.text
FROM runs LEFT JOIN deliverables ON deliverables.run_id = runs.id
WHERE runs.id > '{after}'
"""


def measure(plan: Plan, place: Place) -> Iterator[Line]:
    """Runs one after the other and many at once, without a repository and with one of 10 MB."""
    if place.name != "SQLite":
        return  # which database it is tells in `runs`; the rest of a start is the same
    program = shutil.which("bwrap")
    if program is None or shutil.which("git") is None:
        plan.say(f"{place.name}: no sandboxed runs, for bubblewrap and git are not both here")
        return
    made = place.make("sandboxed", plan.scale.thousand)
    most = max(plan.scale.live_runs)
    key = _prepare(made, most)
    repository = _repository(plan.work / f"{place.name}-repository")
    with (
        Load(plan.work) as load,
        Child(["-m", "bench.bare"], folder=plan.work) as bare,
        _serve(made, slots=most) as hall,
    ):
        bench = _Bench(plan, place, made, hall, load, key)
        bench.done(bench.post("stamp", 2))
        bench.done(bench.post("stamp", 1, repository=repository))
        for at_once in (1, *plan.scale.live_runs):
            floor_ms = _bare(bare, program, plan.scale.sandboxed_runs, at_once)
            for where, target in ((None, WITHOUT_MS), (repository, WITH_MS)):
                plan.say(f"{place.name}: {at_once} at once{' with a repository' * bool(where)}")
                yield bench.starts(at_once, where, target, floor_ms)
        for live in plan.scale.live_runs:
            plan.say(f"{place.name}: memory of {live} live runs")
            yield bench.memory(live)


class _Bench:
    """One hall under measurement."""

    def __init__(
        self, plan: Plan, place: Place, made: Made, hall: Server, load: Load, key: str
    ) -> None:
        self._plan, self._place, self._made = plan, place, made
        self._hall, self._load, self._key = hall, load, key

    def post(
        self, role: str, count: int, *, repository: Path | None = None, pace_s: float = 0
    ) -> tuple[str, int]:
        """Post tasks for a role; what `done` needs to find their runs."""
        after = str(self._place.rows(self._made, _NEWEST)[0][0])
        body: dict[str, Any] = {"title": "Stamp", "description": "Say when.", "role": role}
        if repository is not None:
            body["repository"] = str(repository)
        requests = [post_request(self._key, body) for _ in range(count)]
        job = Job(self._hall.host, self._hall.port, requests, 201, connections=8, pace_s=pace_s)
        self._load.run(job)
        return after, count

    def done(self, posted: tuple[str, int]) -> list[float]:
        """Wait for the runs' end; from queue to program in milliseconds, none lost or doubled."""
        after, count = posted
        until_s = time.monotonic() + _DONE_S
        while live := self._place.rows(self._made, _LIVE)[0][0]:
            if time.monotonic() > until_s:
                raise BenchError(f"after {_DONE_S:g} s {live} runs had not ended")
            time.sleep(0.1)
        rows = self._place.rows(self._made, _TIMES.format(after=after))
        if len(rows) != count or len({row[1] for row in rows}) != count:
            raise BenchError(f"{count} tasks had {len(rows)} runs")
        unsaid = [row for row in rows if not str(row[4] or "").split()[:1]]
        if unsaid:
            raise BenchError(f"{len(unsaid)} runs delivered nothing, such as {tuple(unsaid[0])}")
        stamps_ns = [int(str(row[4]).split()[0]) for row in rows]
        if len(set(stamps_ns)) != count:
            raise BenchError("two runs had the same stamp")
        return [ns / 1e6 - row[2] / 1000 for ns, row in zip(stamps_ns, rows, strict=True)]

    def starts(
        self, at_once: int, repository: Path | None, target: float, floor_ms: Sequence[float]
    ) -> Line:
        """From a task's posting to its program, that many at once; beside bubblewrap by itself."""
        took_ms: list[float] = []
        while len(took_ms) < max(self._plan.scale.sandboxed_runs, at_once):
            if at_once == 1:
                # One at a time: the next is posted when the last is over.
                took_ms += self.done(self.post("stamp", 1, repository=repository))
            else:
                took_ms += self.done(self.post("stamp", at_once, repository=repository))
        ours, floor = percentile(took_ms, 0.5), percentile(floor_ms, 0.5)
        what = "10 MB repository" if repository else "no repository"
        return Line(
            f"{self._place.name}: the hall's part of a run's start, {what}, {at_once} at once, p50",
            ours - floor,
            "ms",
            target if at_once == 1 else None,
            cells={"hall_ms": p50_p99(took_ms), "against_ms": p50_p99(floor_ms)},
            details={
                "hall_ms": {"p50": ours, "p99": percentile(took_ms, 0.99)},
                "floor_ms": {"p50": floor, "p99": percentile(floor_ms, 0.99)},
                "times_the_floor": ours / floor,
                "runs": len(took_ms),
            },
        )

    def memory(self, live: int) -> Line:
        """What the hall's processes, sandboxes' own included, take more for each run that lives."""
        before, _ = _pss_bytes(self._hall.process.pid)
        posted = self.post("hold", live)
        until_s = time.monotonic() + _DONE_S
        while _pss_bytes(self._hall.process.pid)[1] < live:
            if time.monotonic() > until_s:
                raise BenchError(f"{live} runs were never alive at once")
            time.sleep(0.05)
        during, _ = _pss_bytes(self._hall.process.pid)
        self.done(posted)
        return Line(
            f"{self._place.name}: memory of the hall for a live run, {live} at once",
            (during - before) / live / (1 << 20),
            "MiB",
            LIVE_MIB,
            details={"before_bytes": before, "during_bytes": during},
        )


def _bare(bare: Child, program: str, count: int, at_once: int) -> list[float]:
    job = BareJob(program, ["/bin/sh", "-c", _STAMP], max(count, at_once), at_once)
    assert bare.process.stdin is not None
    bare.process.stdin.write(msgspec.json.encode(job) + b"\n")
    bare.process.stdin.flush()
    return msgspec.json.decode(bare.line(_DONE_S), type=list[float])


def _prepare(made: Made, most: int) -> str:
    """An account with roles that stamp, in the database before it is served; its key."""
    made.folder.mkdir(parents=True, exist_ok=True)
    email = "bench@example.org"
    said = _admin(made, "create-user", "--email", email, "--name", "Bench", "--json")
    hold = f"{_STAMP}; exec sleep {_HOLD_S + _HOLD_MORE_S * most:g}"
    for name, script in (("stamp", _STAMP), ("hold", hold)):
        _admin(made, "role", "set", name, "--email", email, "--", "/bin/sh", "-c", script)
    return str(json.loads(said)["api_key"])


def _admin(made: Made, *words: str) -> str:
    command = [sys.executable, "-m", "hiringhall.cli.main", "admin", *words]
    options = ["--data-dir", str(made.folder), "--database-url", made.url]
    at = command.index("--") if "--" in command else len(command)
    done = subprocess.run(
        [*command[:at], *options, *command[at:]], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BenchError(f"hiringhall admin {words[0]}: {done.stderr.strip()}")
    return done.stdout


def _serve(made: Made, *, slots: int) -> Server:
    environment = {
        "HIRINGHALL_DATA_DIR": str(made.folder),
        "HIRINGHALL_DATABASE_URL": made.url,
        "HIRINGHALL_LOCAL_RUNS": str(slots),
        "HIRINGHALL_ALLOW_LOCAL_REPOSITORIES": "1",
        "HIRINGHALL_REQUIRE_SANDBOX": "1",
    }
    command = ["-m", "hiringhall.cli.main", "serve", "--json", "--host", "127.0.0.1", "--port", "0"]
    return Server(command, folder=made.folder, environment=environment)


def _repository(folder: Path) -> Path:
    """A repository of ten million bytes that cannot be packed smaller."""
    folder.mkdir(parents=True)
    draw = random.Random(0)
    for number in range(_FILES):
        (folder / f"{number}.bin").write_bytes(draw.randbytes(REPOSITORY_BYTES // _FILES))
    who = ("-c", "user.name=Bench", "-c", "user.email=bench@example.org")
    for words in (("init", "-q", "-b", "main"), ("add", "."), (*who, "commit", "-qm", "All")):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def _pss_bytes(pid: int) -> tuple[int, int]:
    """What a hall's processes have in memory, each page once, and how many runs are alive.

    A run's own program (a `sleep`) is not the hall's and does not count.
    """
    total, live, waiting = 0, 0, [pid]
    while waiting:
        one = waiting.pop()
        with contextlib.suppress(OSError, IndexError):
            name = Path(f"/proc/{one}/comm").read_text().strip()
            if name == "sleep":
                live += 1
                continue
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
    return total, live
