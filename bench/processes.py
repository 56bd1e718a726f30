"""The programs that are measured: each a child that ends with the bench, and what it has used."""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec

from bench.load import Job, Report

START_S = 120.0
"""How long a server may take to answer: generous, for a loaded machine."""
STOP_S = 30.0

_PR_SET_PDEATHSIG = 1
_ROOT = Path(__file__).parent.parent


class BenchError(Exception):
    """Something that was to be measured did not run; the message says what it said."""


class Child:
    """A process of ours: in a session of its own, and killed when the bench is."""

    def __init__(
        self, command: list[str], *, folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # "-m", "bench.load", …
        self._log = folder / f"{command[1].partition('.')[2]}.log"
        # The hall's settings are the bench's own, whatever the caller has set.
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("HIRINGHALL_")}
        libc, parent = ctypes.CDLL(None), os.getpid()

        def die_with_parent() -> None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=_ROOT,
                env={**inherited, **(environment or {})},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509  the bench has one thread
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def line(self, deadline_s: float) -> bytes:
        """The next line of its output. Raises BenchError when it ends or is late."""
        assert self.process.stdout is not None
        until_s, said = time.monotonic() + deadline_s, b""
        while not said.endswith(b"\n"):
            left_s = max(0.0, until_s - time.monotonic())
            if not select.select([self.process.stdout], [], [], left_s)[0]:
                raise BenchError(f"{self._log.stem} was silent for {deadline_s:.0f} s")
            part = os.read(self.process.stdout.fileno(), 1 << 20)
            if not part:
                raise BenchError(f"{self._log.stem} ended: {self._tail()}")
            said += part
        return said

    def cpu_ns(self) -> int:
        """User and system time of all its threads so far, the ended ones too.

        By the process's own CPU clock (`clock_getcpuclockid(3)`), which counts nanoseconds where
        /proc/<pid>/stat counts hundredths of a second.
        """
        return time.clock_gettime_ns((~self.process.pid << 3) | 2)

    def memory_bytes(self) -> int:
        """What it has in memory now (resident set)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (kib,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(kib) * 1024

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it politely, or by force when it takes too long."""
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def _tail(self) -> str:
        return self._log.read_text(errors="replace")[-2000:] or "without a word"


class Server(Child):
    """A child that says its URL in a line of JSON once it serves."""

    def __init__(
        self, command: list[str], *, folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        begun_s = time.monotonic()
        super().__init__(command, folder=folder, environment=environment)
        try:
            said: dict[str, Any] = json.loads(self.line(START_S))
        except BaseException:
            self.kill()
            raise
        self.started_in_s = time.monotonic() - begun_s
        address = urlsplit(str(said["url"]))
        self.host, self.port = address.hostname or "", address.port or 0


def _settings(
    folder: Path, database_url: str, slots: int, script: Path | None, more: Mapping[str, str]
) -> dict[str, str]:
    given = {
        "DATA_DIR": str(folder),
        "DATABASE_URL": database_url,
        "RUNTIME": "rehearsal",
        "LOCAL_RUNS": str(slots),
        "REHEARSAL_SCRIPT": str(script or ""),
        **more,
    }
    return {f"HIRINGHALL_{name}": value for name, value in given.items()}


def start_hall(
    folder: Path, database_url: str, *, slots: int, script: Path | None, **settings: str
) -> Server:
    """`hiringhall serve` on a data folder and a free port, with rehearsal for its worker."""
    environment = _settings(folder, database_url, slots, script, settings)
    command = ["-m", "hiringhall.cli.main", "serve", "--json", "--host", "127.0.0.1", "--port", "0"]
    return Server(command, folder=folder, environment=environment)


def start_worker(
    folder: Path, database_url: str, *, slots: int, script: Path, **settings: str
) -> Child:
    """`hiringhall worker` on a data folder of its own, at work when this returns."""
    environment = _settings(folder, database_url, slots, script, settings)
    worker = Child(
        ["-m", "hiringhall.cli.main", "worker", "--json"], folder=folder, environment=environment
    )
    try:
        worker.line(START_S)
    except BaseException:
        worker.kill()
        raise
    return worker


def start_floor(folder: Path, database_url: str) -> Server:
    """The floor (`bench/floor.py`) on a database of its own."""
    return Server(["-m", "bench.floor", database_url], folder=folder)


class Load(Child):
    """The client process, which takes one job at a time."""

    def __init__(self, folder: Path) -> None:
        super().__init__(["-m", "bench.load"], folder=folder)

    def run(self, job: Job) -> Report:
        """Have a job carried out. Raises BenchError when any answer was not as expected."""
        assert self.process.stdin is not None
        self.process.stdin.write(msgspec.json.encode(job) + b"\n")
        self.process.stdin.flush()
        report = msgspec.json.decode(self.line(job.deadline_s + STOP_S), type=Report)
        if report.wrong:
            raise BenchError(f"an answer was not {job.status}: {report.wrong[0][:500]}")
        return report
