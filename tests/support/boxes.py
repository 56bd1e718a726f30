"""Real processes in the place of containers: what stand-ins of container engines start."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


def _descendants(pid: int) -> list[int]:
    """All that came from a process, the first one first."""
    found, looking = list[int](), [pid] if pid else []
    while looking:
        path = Path(f"/proc/{looking[0]}/task/{looking.pop(0)}/children")
        with contextlib.suppress(OSError):
            looking += (more := [int(one) for one in path.read_text().split()])
            found += more
    return found


def _links() -> list[str]:
    paths = [Path("/", name) for name in _MERGED]
    links = [(str(path.readlink()), str(path)) for path in paths if path.is_symlink()]
    return [word for target, path in links for word in ("--symlink", target, path)]


@dataclass(frozen=True)
class Mount:
    source: str
    target: str
    read_only: bool


@dataclass
class Box:
    """One process behind a wall of bubblewrap, made of what a container was created with."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: str
    uid: int
    gid: int
    mounts: Sequence[Mount]
    tmpfs: Mapping[str, int]
    file_bytes: int
    network: bool = False
    process: asyncio.subprocess.Process | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    code: int = 0
    _waiting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        options = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        options += ["--share-net"] if self.network else []
        options += ["--uid", str(self.uid), "--gid", str(self.gid), "--ro-bind", "/usr", "/usr"]
        options += _links()
        for path in ("/etc/ld.so.cache", "/etc/alternatives"):
            options += ["--ro-bind-try", path, path]
        options += ["--proc", "/proc", "--dev", "/dev"]
        for place, size_bytes in sorted(self.tmpfs.items()):
            options += ["--perms", "1777", "--size", str(size_bytes), "--tmpfs", place]
        for mount in sorted(self.mounts, key=lambda one: one.target):
            options += [
                "--ro-bind" if mount.read_only else "--bind",
                mount.source,
                mount.target,
            ]
        options += [
            "--remount-ro",
            "/proc",
            "--remount-ro",
            "/",
            "--chdir",
            self.folder,
            "--clearenv",
        ]
        for name, value in self.environment.items():
            options += ["--setenv", name, value]
        self.process = await asyncio.create_subprocess_exec(
            "prlimit", f"--fsize={self.file_bytes}", "--core=0", "--", "bwrap", *options, "--",
            *self.argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.environ["PATH"]},
            start_new_session=True,
        )  # fmt: skip
        self._waiting = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        assert self.process is not None
        # Not `wait`, which waits for the pipes, too.
        while (code := self.process.returncode) is None:  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(0.005)
        self.code = code if code >= 0 else 128 - code
        self.ended.set()

    @property
    def pid(self) -> int:
        """The process's id while it runs, else 0."""
        running = self.process is not None and not self.ended.is_set()
        return self.process.pid if running and self.process else 0

    def ask_to_end(self) -> None:
        """What runs inside is told by SIGTERM; bubblewrap itself would end at once."""
        # The first is bubblewrap's own child.
        for pid in _descendants(self.pid)[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def kill(self) -> None:
        if not self.pid:
            return
        # Held still and with all that came from it: a bubblewrap that is killed while it begins
        # may leave a child in a session of its own, which keeps the pipes open.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGSTOP)
        for pid in (*_descendants(self.pid), self.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def end(self) -> None:
        """Kill it and wait for it."""
        if self.process is not None:
            self.kill()
            await self.ended.wait()
