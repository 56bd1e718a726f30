"""The hall's end of the keepers: give an order, get a running process with its streams.

Nothing here forks the hall: pipes, the order and the files go to the warden by descriptor passing,
and each descriptor has one owner at every moment.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hiringhall.workers.sandboxes.cgroups import Found, GroupPlan
from hiringhall.workers.sandboxes.pipes import ReadPipe, WritePipe
from hiringhall.workers.sandboxes.port import LINE_BYTES, Exit, ExitReason, SandboxError

_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from hiringhall.workers.sandboxes.keeper import serve; serve(sys.argv[2])"
)
_SOURCE = Path(__file__).resolve().parents[3]
_STARTS_AT_ONCE = 16
_PATIENCE_S = 30.0
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


@dataclass(frozen=True, slots=True)
class Order:
    """What a keeper is to start."""

    program: str
    """Absolute path; `argv[0]` is only its name."""
    argv: Sequence[str]
    environment: Mapping[str, str]
    wall_s: float
    disk_folders: Sequence[str]
    disk_bytes: int
    folder: str = "/"
    files: Sequence[bytes] = ()
    """Contents the process finds at descriptors 3, 4, …"""
    reports: bool = False
    """Bubblewrap's status report goes to the descriptor after the files."""
    groups: Sequence[GroupPlan] = ()
    rlimits: Sequence[tuple[int, int]] = ()
    loose_processes: int = 0
    """Where no group counts them: how many more this user may have; 0 does not bound them."""
    stdin: bytes = b""
    interactive: bool = False
    silence_s: float | None = None

    def to_json(self) -> bytes:
        plain: dict[str, Any] = {
            "program": self.program,
            "argv": list(self.argv),
            "environment": dict(self.environment),
            "wall_s": self.wall_s,
            "silence_s": self.silence_s,
            "folder": self.folder,
            "reports": self.reports,
            "groups": [asdict(plan) for plan in self.groups],
            "rlimits": list(self.rlimits),
            "loose_processes": self.loose_processes,
            "disk": {"folders": list(self.disk_folders), "limit_bytes": self.disk_bytes},
        }
        return json.dumps(plain).encode()


class Warden:
    """Starts the warden's process when it is first needed, and again should it have died.

    With `silence_s`, what is kept ends where this process has not run for so many seconds: by then
    another node may be at the same work.
    """

    def __init__(self, silence_s: float | None = None) -> None:
        self._silence_s = silence_s
        self._beating: asyncio.Task[None] | None = None
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._room = asyncio.Semaphore(_STARTS_AT_ONCE)
        self._waking = asyncio.Lock()
        self._kept: set[Kept] = set()

    async def launch(self, order: Order, groups: Found) -> "Kept":
        """Returns when the process runs; raises `SandboxError` when it could not be started."""
        order = replace(order, silence_s=self._silence_s)
        async with self._room:
            kept = await self._hand_over(order, groups)
            self._kept.add(kept)
            self._keep_beating()
            kept.when_ended(self._kept.discard)
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await kept.started()
            except TimeoutError:
                kept.let_go()
                raise SandboxError("No answer from the process that starts sandboxes.") from None
            except BaseException:
                kept.let_go()
                raise
            return kept

    async def _hand_over(self, order: Order, groups: Found) -> "Kept":
        for last in (False, True):
            hall = await self._wake(groups)
            with contextlib.ExitStack() as given:
                kept, theirs = _open_ends(order, given)
                try:
                    socket.send_fds(hall, [b"keep"], theirs)
                except BlockingIOError:
                    kept.let_go()
                    raise SandboxError("The process that starts sandboxes is stuck.") from None
                except (BrokenPipeError, ConnectionResetError):
                    kept.let_go()
                    self._drop()
                    if last:
                        raise SandboxError("The process that starts sandboxes has died.") from None
                else:
                    return kept
        raise AssertionError

    async def _wake(self, groups: Found) -> socket.socket:
        async with self._waking:
            if self._socket is None:
                await self._bury()
                self._process, self._socket = _start(groups)
            return self._socket

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _keep_beating(self) -> None:
        if self._silence_s is not None and (self._beating is None or self._beating.done()):
            self._beating = asyncio.create_task(self._beat(self._silence_s / 5))

    async def _beat(self, pause_s: float) -> None:
        """Say to every keeper that this process runs, as long as there are any."""
        while self._kept:
            for kept in tuple(self._kept):
                kept.beat()
            await asyncio.sleep(pause_s)

    async def close(self) -> None:
        """End everything kept, then the warden."""
        if self._beating is not None:
            self._beating.cancel()
        await asyncio.gather(*(kept.kill() for kept in list(self._kept)))
        self._drop()
        await self._bury()

    async def _bury(self) -> None:
        """Wait for a warden that lost its socket, or its life."""
        if self._process is not None:
            await asyncio.to_thread(self._process.wait, _PATIENCE_S)
            self._process = None


def _start(groups: Found) -> tuple[subprocess.Popen[bytes], socket.socket]:
    # Once in a hall's life, in the loop's own time: this is no fork but a vfork, a millisecond
    # however large the hall is.
    places = json.dumps([asdict(place) for place in groups.places()])
    argv = [sys.executable, "-I", "-S", "-X", "utf8", "-c", _BOOT, str(_SOURCE), places]
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs, contextlib.ExitStack() as failed:
        failed.enter_context(ours)
        ours.settimeout(0)
        # Its own session: a Ctrl-C at the hall's terminal is the hall's to handle. No environment:
        # what the hall knows by its own must be in no other process.
        process = subprocess.Popen(
            argv, stdin=theirs.fileno(), env={}, cwd="/", start_new_session=True
        )
        failed.pop_all()
    return process, ours


def _open_ends(order: Order, theirs: contextlib.ExitStack) -> "tuple[Kept, list[int]]":
    """Make every descriptor of one sandbox; the other side's ends are closed with `theirs`."""

    def give(fd: int) -> int:
        theirs.callback(os.close, fd)
        return fd

    ours = contextlib.ExitStack()
    with ours:
        control, their_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.enter_context(control)
        theirs.enter_context(their_control)
        stdin_fd: int | None = None
        if order.interactive:
            their_stdin, stdin_fd = os.pipe()
            ours.callback(os.close, stdin_fd)
            give(their_stdin)
        else:
            their_stdin = give(_file_of(order.stdin))
        stdout_fd, their_stdout = os.pipe()
        ours.callback(os.close, stdout_fd)
        give(their_stdout)
        stderr_fd, their_stderr = os.pipe()
        ours.callback(os.close, stderr_fd)
        give(their_stderr)
        files = [give(_file_of(data)) for data in (order.to_json(), *order.files)]
        given = [their_control.fileno(), files[0], their_stdin, their_stdout, their_stderr]
        kept = Kept(control, stdin_fd, stdout_fd, stderr_fd)
        ours.pop_all()
    return kept, [*given, *files[1:]]


def _file_of(data: bytes) -> int:
    """A file in memory that nobody can change any more, read from its beginning."""
    if not data:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    fd = os.memfd_create("hiringhall", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        os.lseek(fd, 0, os.SEEK_SET)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
    except BaseException:
        os.close(fd)
        raise
    return fd


class Kept:
    """A running sandbox (`port.Sandboxed`): its keeper's socket and its streams."""

    def __init__(
        self, control: socket.socket, stdin_fd: int | None, stdout_fd: int, stderr_fd: int
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._control = control
        control.settimeout(0)
        self._stdout = ReadPipe(stdout_fd, limit_bytes=LINE_BYTES)
        self._stderr = ReadPipe(stderr_fd, limit_bytes=64 * 1024)
        self._stdin = None if stdin_fd is None else WritePipe(stdin_fd, limit_bytes=64 * 1024)
        self._started: asyncio.Future[int] = self._loop.create_future()
        self._ended: asyncio.Future[Exit] = self._loop.create_future()
        self._loop.add_reader(control, self._on_message)

    @property
    def pid(self) -> int:
        return self._started.result()

    @property
    def stdin(self) -> asyncio.StreamWriter | None:
        return None if self._stdin is None else self._stdin.stream

    @property
    def stdout(self) -> asyncio.StreamReader:
        return self._stdout.stream

    @property
    def stderr(self) -> asyncio.StreamReader:
        return self._stderr.stream

    async def started(self) -> None:
        await asyncio.wait([self._started])
        self._started.result()

    async def wait(self) -> Exit:
        await asyncio.wait([self._ended])
        return self._ended.result()

    async def kill(self) -> Exit:
        if not self._ended.done():
            # Not a message: one left unread would make the keeper's last word an error here.
            with contextlib.suppress(OSError):
                self._control.shutdown(socket.SHUT_WR)
        return await self.wait()

    def beat(self) -> None:
        """Say that this process runs; one that cannot be told so now is told with the next."""
        if not self._ended.done():
            with contextlib.suppress(OSError):
                self._control.send(b"+")

    def let_go(self) -> None:
        """Close our end; the keeper takes that as the order to end everything."""
        self._finish(Exit(137, ExitReason.BROKEN))

    def when_ended(self, call: Any) -> None:
        self._ended.add_done_callback(lambda _: call(self))

    def _on_message(self) -> None:
        try:
            data = self._control.recv(64 * 1024)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._finish(Exit(137, ExitReason.BROKEN))
            return
        message: dict[str, Any] = json.loads(data)
        if "pid" in message:
            self._started.set_result(int(message["pid"]))
        elif "error" in message:
            self._refuse(f"Could not start: {message['error']}.")
            self._finish(Exit(127, ExitReason.BROKEN))
        else:
            reason = ExitReason(message["reason"])
            self._finish(Exit(int(message["code"]), reason, int(message["kills"])))

    def _refuse(self, sentence: str) -> None:
        self._started.set_exception(SandboxError(sentence))
        self._started.exception()  # seen, should nobody be waiting any more

    def _finish(self, result: Exit) -> None:
        if self._ended.done():
            return
        self._loop.remove_reader(self._control)
        self._control.close()
        self._stdout.finish()
        self._stderr.finish()
        if self._stdin is not None:
            self._stdin.abort()
        if not self._started.done():
            self._refuse("The process that kept the sandbox has died.")
        self._ended.set_result(result)
