"""What a run leaves for the task's next run: the agent's own files, and which conversation it was.

    root/<task id>/home/           what the agent sees at `/session`
    root/<task id>/session.json    what the hall has to know to go on with it

A session belongs to one task and one runtime. It outlives runs, restarts and crashes; a task whose
runtime has changed begins a new one.
"""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hiringhall.domain.ids import is_uuid
from hiringhall.workers.git.folders import Bin

_PATIENCE_S = 20.0


class StillInUse(Exception):
    """A process of an earlier run of the same task is alive yet."""


class Occupant(msgspec.Struct, frozen=True):
    """A process of this machine, so that another one with its number is not taken for it."""

    boot: str
    pid: int
    started: str

    @property
    def lives(self) -> bool:
        """Whether it still runs."""
        # One without a beginning was never a process here: its engine runs elsewhere.
        return bool(self.started) and self.boot == _boot() and _started(self.pid) == self.started

    @classmethod
    def of(cls, pid: int) -> "Occupant":
        """The process that has a number now."""
        return cls(_boot(), pid, _started(pid))


class Seen(msgspec.Struct, frozen=True):
    """How much of a task's thread an agent has been told, and which brief (its digest)."""

    exchanges: int = 0
    plans: int = 0
    deliverables: int = 0
    brief: str = ""


class Held(msgspec.Struct, frozen=True):
    """What an agent wanted to do, and was put to the requester."""

    what: str
    question: str


class Record(msgspec.Struct, frozen=True):
    """A session as the hall keeps it. `agent_session` is the agent's own id of the conversation.

    `seen` is None until the agent has shown that it was told of its task, `allowed` is what the
    requester has said yes to, `held` what waits for an answer.
    """

    task_id: str
    runtime: str
    agent_session: str | None = None
    seen: Seen | None = None
    occupant: Occupant | None = None
    allowed: tuple[str, ...] = ()
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One task's session, opened for a run."""

    folder: Path
    record: Record

    @property
    def home(self) -> Path:
        """What the agent sees at `/session`."""
        return self.folder / "home"

    def write_file(self, name: str, text: str) -> None:
        """Put a file of the hall's into the session, whatever an agent has put in its way.

        No link is followed out of the session: an agent could have left one there.
        """
        parts = Path(name).parts
        with contextlib.ExitStack() as opened:
            folder = os.open(self.home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            opened.callback(os.close, folder)
            for part in parts[:-1]:
                folder = _step_into(folder, part)
                opened.callback(os.close, folder)
            _replace(folder, parts[-1], text)

    def forget(self, patterns: Sequence[str], rubbish: Bin) -> None:
        """Take out what no run may leave to the next: files and folders by plain paths."""
        for name in patterns:
            path = self.home / name
            if path.parent.resolve().is_relative_to(self.home.resolve()):
                with contextlib.suppress(NotADirectoryError):
                    rubbish.put_aside(path)


class Sessions:
    """All sessions under one folder, which no other hall uses."""

    def __init__(self, root: Path, rubbish: Bin) -> None:
        self._root = root
        self._rubbish = rubbish

    async def open(self, task_id: str, runtime: str) -> Session:
        """The task's session, as its last run left it; a new one where there is none to go on with.

        Raises:
            StillInUse: an earlier run's process is alive, and stayed so.
        """
        folder = self.folder(task_id)
        record = self._read(folder)
        if record is not None and record.occupant is not None:
            await _until_gone(record.occupant)
        if record is None or record.runtime != runtime:
            self._rubbish.put_aside(folder)
            record = Record(task_id, runtime)
        session = Session(folder, record)
        session.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return session

    async def bring(self, task_id: str, folder: Path) -> None:
        """Have a folder that came from another node as the task's session, in place of this one's.

        Raises StillInUse as `open` does.
        """
        here = self.folder(task_id)
        record = self._read(here)
        if record is not None and record.occupant is not None:
            await _until_gone(record.occupant)
        self._put(here, folder)

    def _put(self, here: Path, folder: Path) -> None:
        self._rubbish.put_aside(here)
        here.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.rename(here)

    def has(self, task_id: str) -> bool:
        """Whether the task has a session here."""
        return self.folder(task_id).is_dir()

    def runtime_of(self, task_id: str) -> str | None:
        """Whose session the task has here; None where it has none."""
        record = self._read(self.folder(task_id))
        return None if record is None else record.runtime

    def save(self, session: Session) -> None:
        """Keep what the hall knows of a session; it is on the disk when this returns."""
        path = session.folder / "session.json"
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(session.record))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)

    def tasks(self) -> list[str]:
        """The tasks that have a session here."""
        names = [folder.name for folder in self._root.iterdir()] if self._root.is_dir() else []
        return sorted(name for name in names if is_uuid(name))

    async def drop(self, task_ids: Collection[str]) -> None:
        """Remove the sessions of tasks that will not go on."""
        for task_id in task_ids:
            self._rubbish.put_aside(self.folder(task_id))
        await self._rubbish.empty()

    def folder(self, task_id: str) -> Path:
        """Where a task's session is, or would be."""
        if not is_uuid(task_id):
            raise ValueError("a task's id is a UUID")
        return self._root / task_id

    def _read(self, folder: Path) -> Record | None:
        with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):
            return msgspec.json.decode((folder / "session.json").read_bytes(), type=Record)
        return None


async def _until_gone(occupant: Occupant) -> None:
    """A killed hall's sandboxes end by themselves, but not in the same moment."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while occupant.lives:  # noqa: ASYNC110  nothing tells but a look: it is nobody's child
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise StillInUse from error


def _step_into(folder: int, name: str) -> int:
    """Open a folder in a folder, made where it is not there; what else has its name goes."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    for _ in range(2):
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o755, dir_fd=folder)
        try:
            return os.open(name, flags, dir_fd=folder)
        except NotADirectoryError:
            os.unlink(name, dir_fd=folder)
    raise NotADirectoryError(name)


def _replace(folder: int, name: str, text: str) -> None:
    fresh = f".{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(fresh, flags, 0o644, dir_fd=folder)
    with os.fdopen(fd, "w") as file:
        file.write(text)
    os.replace(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _started(pid: int) -> str:
    """When a process began, in the kernel's own ticks; empty when there is none, or a dead one."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
