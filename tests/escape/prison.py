"""A hall in a process of its own, asked again and again while a run tries to use the machine up."""

import asyncio
import contextlib
import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from hiringhall.actions.accounts import tidy_email
from hiringhall.actions.roles import set_role
from hiringhall.app import open_app
from hiringhall.settings import read_settings
from tests.escape.cell import HELPERS, interpreter
from tests.sandboxes.processes import children_of, family_of, groups_of, is_alive
from tests.support.halls import open_account
from tests.workers.agents_at_work import SOURCE

PATIENCE_S = 120.0
SLOWEST_S = 5.0
"""How long any answer may take, on a machine that may be busy with other tests, too."""

RUN_BRIEF = 'import json; exec(json.load(open("/session/brief.json"))["description"])'
LIMITS: Mapping[str, Any] = {
    "memory_mib": 128, "processes": 48, "disk_mib": 64, "timeout_s": 6,
}  # fmt: skip


@dataclass
class Pulse:
    """How long the hall's answers took while something went on."""

    slowest_s: float = 0.0
    answers: int = 0
    wrong: list[str] = field(default_factory=list[str])


@dataclass
class Prison:
    """A served hall, an account in it, and roles for programs that mean it harm."""

    url: str
    pid: int
    folder: Path
    key: str
    log: Path

    def __post_init__(self) -> None:
        self.client = httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=60
        )

    def post(self, program: str, *, role: str = "attack") -> str:
        """A task whose run does what the program says; its id."""
        body = {"title": "An attack", "description": program, "role": role}
        answer = self.client.post("/api/v1/tasks/", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["task_id"])

    def ended(self, task: str) -> tuple[str, str]:
        """Wait until a task's run is over: its status and all that its log says."""
        until, status = time.monotonic() + PATIENCE_S, ""
        while time.monotonic() < until:
            status = self.client.get(f"/api/v1/tasks/{task}").json()["status"]
            if status != "processing":
                result = self.client.get(f"/api/v1/tasks/{task}/result")
                events = self.client.get(f"/api/v1/tasks/{task}/events")
                text = result.json().get("result_text") or ""
                lines = [str(event["content"]) for event in events.json()["events"]]
                return status, "\n".join([text, *lines])
            time.sleep(0.05)
        raise AssertionError(f"the run did not end: {status}")

    def attack(self, program: str, *, role: str = "attack") -> tuple[str, str, Pulse]:
        """An attack from its posting to its end, the hall asked all the while."""
        task = self.post(program, role=role)
        with self.pulse(task) as pulse:
            status, said = self.ended(task)
        assert pulse.wrong == [], pulse
        assert pulse.answers > 3, pulse
        assert pulse.slowest_s < SLOWEST_S, pulse
        return status, said, pulse

    @contextlib.contextmanager
    def pulse(self, task: str) -> Generator[Pulse]:
        """Ask the hall for its health and for a task, from two threads, until the block ends."""
        pulse, stop = Pulse(), threading.Event()

        def ask(path: str) -> None:
            with httpx.Client(base_url=self.url, headers=self.client.headers) as client:
                while not stop.wait(0.02):
                    begun = time.monotonic()
                    try:
                        answer = client.get(path, timeout=30)
                    except httpx.HTTPError as error:
                        pulse.wrong.append(f"{path}: {error!r}")
                        continue
                    pulse.slowest_s = max(pulse.slowest_s, time.monotonic() - begun)
                    pulse.answers += 1
                    if answer.status_code != 200:
                        pulse.wrong.append(f"{path}: {answer.status_code}")

        asking = [
            threading.Thread(target=ask, args=(path,), daemon=True)
            for path in ("/healthz", f"/api/v1/tasks/{task}")
        ]
        for thread in asking:
            thread.start()
        try:
            yield pulse
        finally:
            stop.set()
            for thread in asking:
                thread.join(PATIENCE_S)

    def memory_bytes(self) -> int:
        """What the hall's own process has in memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        (kib,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
        return int(kib) * 1024

    def left(self) -> list[str]:
        """What is still there of runs: processes, control groups, folders, mounts; and the log."""
        children = {pid: _command(pid) for pid in children_of(self.pid)}
        (warden,) = (pid for pid, command in children.items() if "keeper import serve" in command)
        keepers = children_of(warden)
        found = [f"child {command}" for pid, command in children.items() if pid != warden]
        found += [f"process {pid}" for keeper in keepers for pid in family_of(keeper)[1:]]
        found += [f"child {pid}" for pid in keepers[2:]]
        # Other halls of this machine have groups, too; what is left has no keeper that lives.
        groups = groups_of(range_of_pids(warden))
        found += [f"group {name}" for name in groups if not is_alive(int(name.split("-")[1]))]
        for name in ("work/runs", "runs/homes", "runs/reports", "work/bin", "runs/bin"):
            folder = self.folder / name
            found += [str(path) for path in (folder.iterdir() if folder.is_dir() else ())]
        mounts = Path("/proc/self/mountinfo").read_text()
        found += [line for line in mounts.splitlines() if str(self.folder) in line]
        found += [line for line in self.log.read_text().splitlines() if "Traceback" in line]
        return found

    def leaves_nothing(self) -> None:
        """Wait until nothing of any run is there; fails with what stays."""
        until = time.monotonic() + 30
        while (left := self.left()) and time.monotonic() < until:
            time.sleep(0.05)
        assert left == [], left


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def range_of_pids(warden: int) -> list[int]:
    """Every number that a keeper of this warden can have had: those that came after it."""
    most = int(Path("/proc/sys/kernel/pid_max").read_text())
    return list(range(warden, min(warden + 2_000_000, most + 1)))


@contextlib.contextmanager
def prison(folder: Path, **settings: str) -> Generator[Prison]:
    """Serve a hall with roles that do as their brief says, within small limits."""
    key = asyncio.run(_prepare(folder / "data"))
    program = Path(sys.executable).with_name("hiringhall")
    argv = [str(program), "serve", "--json", "--port", "0", "--data-dir", str(folder / "data")]
    environ = {
        "PATH": os.environ["PATH"],
        "HIRINGHALL_REQUIRE_SANDBOX": "1",
        **{f"HIRINGHALL_{name.upper()}": value for name, value in settings.items()},
    }
    log = folder / "log"
    with log.open("wb") as errors:
        server = subprocess.Popen(
            argv, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
        )
    try:
        assert server.stdout is not None
        said = json.loads(server.stdout.readline())
        made = Prison(said["url"], server.pid, folder / "data", key, log)
        with made.client:
            yield made
    finally:
        server.terminate()
        server.communicate(timeout=PATIENCE_S)


async def _prepare(data_dir: Path) -> str:
    """An account with its roles, before anything is served; its key."""
    argv, mounts = interpreter()
    shown = [str(path) for path, _ in mounts]
    async with open_app(read_settings({}, data_dir=data_dir, require_sandbox=True)) as app:
        issued = await open_account(app.hall)
        email = tidy_email("ada@example.com")
        command = {"argv": [*argv, "-c", HELPERS + RUN_BRIEF], "mounts": shown}
        for name, config in {
            "attack": {**command, **LIMITS},
            "narrow": {**command, **LIMITS, "disk_mib": 4, "timeout_s": 30},
            "roomy": {**command, **LIMITS, "memory_mib": 512, "disk_mib": 512, "timeout_s": 60},
        }.items():
            await set_role(app.hall, email=email, name=name, runtime="command", config=config)
        await set_role(
            app.hall,
            email=email,
            name="agent",
            runtime="acp:generic",
            config={**played(), **LIMITS, "timeout_s": 60, "memory_mib": 512},
        )
    return issued.secret


def played() -> dict[str, Any]:
    """A role's settings for an agent that does what its brief says."""
    argv, mounts = interpreter()
    play = json.dumps([[{"python": RUN_BRIEF_OF_AGENT}]])
    return {
        "argv": [*argv, "/played/agent.py"],
        "mounts": [*(str(path) for path, _ in mounts), f"{SOURCE}:/played/agent.py"],
        "environment": {"PLAY": play, "HELPERS": HELPERS},
    }


RUN_BRIEF_OF_AGENT = """
import re
told = json.loads(self.path.read_text())[-1]
exec(os.environ["HELPERS"])
exec(re.search("PROGRAM(.*?)END", told, re.S).group(1))
"""


def as_agent(program: str) -> str:
    """A program as it stands in the brief of an agent, which finds it there."""
    return f"PROGRAM\n{program}\nEND"


def marks(count: int = 1) -> Sequence[str]:
    """Words that stand nowhere else."""
    return [f"mark-{secrets.token_hex(8)}" for _ in range(count)]
