"""A hall served as its operator would serve it, on one folder and one port, start after start."""

import asyncio
import contextlib
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.chaos import reaper

_ROOT = Path(__file__).parents[2]
_POLL_S = 0.005
_PORTS = range(20_000, 30_000)
"""Below those that the kernel gives to clients: one that calls a closed port among them can meet
itself there, and keep the server out."""


class DidNotServe(Exception):
    """The server ended, or was not ready in time; the message says where its log is."""


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    for port in random.SystemRandom().sample(_PORTS, 200):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                trial.bind(("127.0.0.1", port))
                return port
    raise DidNotServe("no port is free")


@dataclass
class Life:
    """One server's process, from its start to when nothing of it is left."""

    reaper: asyncio.subprocess.Process
    pid: int
    handle: int
    begun_s: float
    ended: "asyncio.Future[int]"
    cleared: "asyncio.Future[float]"
    killed_at_s: float | None = None
    watching: "asyncio.Task[None] | None" = None


@dataclass
class Served:
    """The hall under test; `environment` are its settings."""

    folder: Path
    environment: Mapping[str, str]
    start_s: float
    port: int = field(default_factory=free_port)
    life: Life | None = None

    @property
    def url(self) -> str:
        """Where it is, also while it is not."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def data_dir(self) -> Path:
        """The hall's folder."""
        return self.folder / "hall"

    @property
    def log(self) -> Path:
        """What every server said, one after the other."""
        return self.folder / "server.log"

    async def spawn(self) -> Life:
        """Start the server's process; it is not ready yet."""
        begun_s = time.monotonic()
        with self.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-S",
                reaper.__file__,
                sys.executable,
                "-m",
                "hiringhall.cli.main",
                "serve",
                "--port",
                str(self.port),
                "--data-dir",
                str(self.data_dir),
                cwd=_ROOT,
                env=self._environment(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert process.stdout is not None
        word, _, pid = (await process.stdout.readline()).decode().partition(" ")
        if word != "pid":
            raise DidNotServe(f"the server could not be started; see {self.log}")
        loop = asyncio.get_running_loop()
        life = Life(
            reaper=process,
            pid=int(pid),
            handle=os.pidfd_open(int(pid)),
            begun_s=begun_s,
            ended=loop.create_future(),
            cleared=loop.create_future(),
        )
        life.watching = asyncio.create_task(_watch(life))
        self.life = life
        return life

    async def ready(self) -> float:
        """Wait until it says that it is ready; seconds since it was started."""
        life = self._living()
        while not await self._says_ready():
            if life.ended.done():
                raise DidNotServe(f"the server ended by itself; see {self.log}")
            if time.monotonic() > life.begun_s + self.start_s:
                raise DidNotServe(f"not ready after {self.start_s:g} s; see {self.log}")
            await asyncio.sleep(_POLL_S)
        return time.monotonic() - life.begun_s

    def kill(self) -> None:
        """Kill -9, now; harmless when it is dead."""
        life = self.life
        if life is not None and life.killed_at_s is None:
            life.killed_at_s = time.monotonic()
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(life.handle, signal.SIGKILL)

    async def stop(self, within_s: float) -> int:
        """Ask it to stop, as an operator does; its exit code."""
        life = self._living()
        signal.pidfd_send_signal(life.handle, signal.SIGTERM)
        async with asyncio.timeout(within_s):
            return await asyncio.shield(life.ended)

    async def close(self) -> None:
        """End whatever is there, by force."""
        if self.life is not None:
            await end(self.life)

    def left(self, life: Life) -> list[str]:
        """What a dead server has left that still lives, by command line."""
        return [
            found for pid in reaper.children(life.reaper.pid) for found in _family(pid) if found
        ]

    async def _says_ready(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        try:
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: hall\r\nConnection: close\r\n\r\n")
            return (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        except OSError:
            return False
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("HIRINGHALL_")}
        return {**inherited, "HIRINGHALL_LOG_FORMAT": "json", **self.environment}

    def _living(self) -> Life:
        assert self.life is not None, "no server was started"
        return self.life


async def end(life: Life) -> None:
    """End a server and all that is left of it, by force, and take its parent's leave."""
    if life.reaper.stdin is not None:
        life.reaper.stdin.close()
    if life.watching is not None:
        await life.watching
    await life.reaper.wait()


async def _watch(life: Life) -> None:
    """Read what the reaper says to its end."""
    assert life.reaper.stdout is not None
    while line := await life.reaper.stdout.readline():
        word, _, rest = line.decode().strip().partition(" ")
        if word == "ended":
            life.ended.set_result(int(rest))
        elif word == "clear":
            life.cleared.set_result(time.monotonic())
    os.close(life.handle)


def _family(pid: int) -> list[str]:
    """The command lines of a process and of all that come from it; not of those that are dead."""
    found: list[str] = []
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
        if state != "Z":
            found.append(f"{pid} {command.decode(errors='replace')[:200]}")
    for child in reaper.children(pid):
        found += _family(child)
    return found
