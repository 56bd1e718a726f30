"""A real hall whose runs try to get out: posted, run in the sandbox, collected and handed in."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hiringhall.actions.accounts import tidy_email
from hiringhall.actions.roles import set_role
from hiringhall.actions.tasks import answer
from hiringhall.app import App
from hiringhall.blobs.port import read_all
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State, Task
from hiringhall.queries.tasks import task_log, task_result
from tests.sandboxes.inside import PRELUDE, python_command
from tests.support.halls import House, post
from tests.workspace.support import everything_below

HELPERS = (
    PRELUDE
    + """
import glob, json, subprocess, time
def outcome(call, *arguments, **more):
    try:
        call(*arguments, **more)
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return "allowed"
def read(path, most=1 << 16):
    try:
        with open(path, "rb") as file:
            return file.read(most).decode(errors="replace")
    except (OSError, ValueError) as error:
        return ""
def run(*argv, **more):
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, **more)
    except FileNotFoundError:
        return 127, ""
    return done.returncode, done.stdout.decode(errors="replace")
def git(*argv, **more):
    return run("git", *argv, **more)
def say(found):
    print("=> " + json.dumps(found), flush=True)
"""
)
"""What an attempt can use; what it found it says by `say`, and the test reads it from the result."""


@dataclass(frozen=True, slots=True)
class Tried:
    """How an attempt went, as its poster sees it."""

    task: Task
    state: State
    text: str
    files: Mapping[str, bytes]
    words: Sequence[str]

    @property
    def found(self) -> Any:
        """What the attempt itself said it found."""
        for line in self.text.splitlines():
            if line.startswith("=> "):
                return json.loads(line[3:])
        said = "\n".join([self.text, *self.words])[-1500:]
        raise AssertionError(f"the attempt did not come to its end: {said}")


@dataclass
class Cell:
    """One hall with tenants, each of which has a role that does what an attempt says."""

    app: App
    house: House
    folder: Path
    tenants: Mapping[str, Actor]
    _count: int = field(default=0)

    async def role(self, script: str, *arguments: str, who: str = "ada", **config: Any) -> str:
        """Set a role up whose command is a Python program; returns its name."""
        argv, mounts = interpreter()
        self._count += 1
        name = f"attempt{self._count}"
        config = {
            "argv": [*argv, "-c", HELPERS + script, *arguments],
            "mounts": [str(path) for path, _ in mounts],
            "memory_mib": 256,
            "timeout_s": 60,
            **config,
        }
        await set_role(
            self.app.hall,
            email=tidy_email(f"{who}@example.com"),
            name=name,
            runtime="command",
            config=config,
        )
        return name

    async def begin(
        self, script: str, *arguments: str, who: str = "ada", task: Any = None, **config: Any
    ) -> Task:
        """Post a task for such a role; `task` are fields of the task."""
        role = await self.role(script, *arguments, who=who, **config)
        return await post(self.app.hall, self.tenants[who], role=role, **(task or {}))

    async def attempt(self, script: str, *arguments: str, **more: Any) -> Tried:
        """One attempt from its posting to its end."""
        task = await self.begin(script, *arguments, **more)
        return await self.ended(task, who=more.get("who", "ada"))

    async def ended(self, task: Task, *, who: str = "ada") -> Tried:
        """What came of a task, in review or failed."""
        hall, actor = self.app.hall, self.tenants[who]
        row = await self.house.until(actor, task.id, State.IN_REVIEW, State.FAILED)
        result = await task_result(hall, actor=actor, task_id=task.id)
        files = {file.name: await read_all(self.app.blobs, file.blob_key) for file in result.files}
        return Tried(
            task=task,
            state=row.task.state,
            text=result.text or "",
            files=files,
            words=await self.words(task, who=who),
        )

    async def words(self, task: Task, *, who: str = "ada") -> list[str]:
        """All that the task's log says."""
        log = await task_log(self.app.hall, actor=self.tenants[who], task_id=task.id)
        return [str(event.data.get("text", "")) for event in log]

    async def said(self, task: Task, word: str, *, who: str = "ada") -> None:
        """Wait until the task's log says something."""
        with self.app.hall.signals.listening(task.id) as listener:
            while not any(word in text for text in await self.words(task, who=who)):
                assert await listener.wait(60), f"the log never said {word!r}"

    async def send_back(self, task: Task, *, who: str = "ada", reason: str = "Again") -> None:
        """Refuse what was delivered, so that another run begins."""
        hall, actor = self.app.hall, self.tenants[who]
        await answer.decide_deliverable(
            hall, actor=actor, task_id=task.id, accepted=False, reason=reason
        )
        await self.house.until(actor, task.id, State.IN_PROGRESS)

    async def cancel(self, task: Task, *, who: str = "ada") -> None:
        """Take a task back, and wait until nothing of it runs."""
        await answer.cancel_task(self.app.hall, actor=self.tenants[who], task_id=task.id)
        await self.house.until_idle()

    def marker(self) -> Path:
        """A path on the host that nothing has made yet."""
        self._count += 1
        return self.folder / f"marker{self._count}"

    async def kept(self) -> bytes:
        """Every byte below the hall's data folder, when nothing is at work there."""
        await self.house.until_idle()
        return everything_below(self.app.settings.data_dir)


def interpreter() -> tuple[list[str], list[tuple[Path, str]]]:
    """The system's Python, of which nothing need be mounted; else the one of the tests."""
    system = Path("/usr/bin/python3")
    return (["/usr/bin/python3", "-I"], []) if system.exists() else python_command()


async def outside(script: str, *arguments: str) -> Any:
    """What the same attempt finds without walls: that it could have got at something."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", HELPERS + script, *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    (line,) = (one for one in out.decode().splitlines() if one.startswith("=> "))
    return json.loads(line[3:])
