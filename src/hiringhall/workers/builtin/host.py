"""The hall's side of the process that runs the agents' loops: started late, and again if it dies.

Its imports take seconds and 170 MB, so there is one for all runs, and none before the first.
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec
import structlog

from hiringhall.workers.builtin.shell import Shell, ShellGone
from hiringhall.workers.builtin.wire import (
    Begin,
    Checked,
    Did,
    Do,
    End,
    FromLoop,
    Keep,
    Kept,
    Outcome,
    Ran,
    Tell,
    ToLoop,
    frame,
    read_frame,
)
from hiringhall.workers.sandboxes.port import SandboxError

log = structlog.get_logger()

END_S = 5.0
IDLE_S = 600.0
"""How long the process is kept when no run is at work in it: it holds 170 MB."""
_SAID_BYTES = 1_000
_PATH = "/usr/local/bin:/usr/bin:/bin"

_decoder: "msgspec.msgpack.Decoder[FromLoop]" = msgspec.msgpack.Decoder(FromLoop)


class LoopDied(Exception):
    """The process ended while the run was at work in it; the run may begin again in a new one."""


@dataclass
class Sides:
    """What a run's loop reaches: its sandbox, its poster, and where it keeps what is to be kept.

    `check` writes down of one of the task's own criteria, by its number, what was found.
    """

    shell: Shell
    tell: Callable[[str], Awaitable[None]]
    keep: Callable[[bytes], Awaitable[None]]
    check: Callable[[Checked], Awaitable[None]]


@dataclass
class _Run:
    sides: Sides
    ended: "asyncio.Future[Outcome]"
    doing: set["asyncio.Task[None]"] = field(default_factory=set["asyncio.Task[None]"])


class LoopHost:
    """All loops of this hall, in one process of its own with an empty environment."""

    def __init__(self) -> None:
        self._starting = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._hearing: list[asyncio.Task[None]] = []
        self._runs: dict[str, _Run] = {}
        self._idling: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        """The process's id, while there is one."""
        return None if self._process is None else self._process.pid

    async def run(self, begin: Begin, sides: Sides) -> Outcome:
        """Work until the agent's loop ends. Cancelled, it lets go of the run there too.

        Raises:
            LoopDied: the process ended before.
        """
        run = _Run(sides, asyncio.get_running_loop().create_future())
        async with self._starting:
            if self._writer is None:
                await self._start()
            self._runs[begin.run] = run
            self._stay()
        try:
            await self._say(begin)
            return await run.ended
        finally:
            self._runs.pop(begin.run, None)
            for task in run.doing:
                task.cancel()
            await asyncio.gather(*run.doing, return_exceptions=True)
            if not run.ended.done() or run.ended.cancelled():
                with contextlib.suppress(LoopDied):
                    await self._say(End(begin.run))
            self._idle()

    def _stay(self) -> None:
        if self._idling is not None:
            self._idling.cancel()
            self._idling = None

    def _idle(self) -> None:
        """Let go of the process after a while, unless a run comes to it before."""
        self._stay()
        if not self._runs:
            self._idling = asyncio.get_running_loop().call_later(IDLE_S, self._let_go)

    def _let_go(self) -> None:
        # Its end is seen by who hears it; a run that comes now waits for that, and starts another.
        self._idling = None
        if not self._runs and self._writer is not None:
            log.info("builtin.loop_idle")
            self._writer.close()
            self._writer = None

    async def close(self) -> None:
        """End the process, and every run in it."""
        self._stay()
        process = self._process
        if process is None:
            return
        if self._writer is not None:
            self._writer.close()
        try:
            async with asyncio.timeout(END_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        await asyncio.gather(*self._hearing, return_exceptions=True)

    async def _start(self) -> None:
        await asyncio.gather(*self._hearing, return_exceptions=True)
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-m", "hiringhall.workers.builtin.loop",
                str(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                # Nothing of the hall's own: it holds provider keys.
                env={"PATH": _PATH, "LANG": "C.UTF-8"},
                cwd="/",
            )  # fmt: skip
        reader, self._writer = await asyncio.open_unix_connection(sock=ours)
        self._hearing = [
            asyncio.create_task(self._hear(reader, self._writer)),
            asyncio.create_task(_log_faults(self._process)),
        ]
        log.info("builtin.loop_started", pid=self._process.pid)

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self._take(_decoder.decode(await read_frame(reader)))
        except EOFError:
            pass
        except msgspec.DecodeError:
            log.exception("builtin.loop_talks_nonsense")
        finally:
            self._writer = None
            writer.close()
            for run in self._runs.values():
                if not run.ended.done():
                    run.ended.set_exception(LoopDied())
            process = self._process
            if process is not None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
                self._process = None
                log.info("builtin.loop_ended", code=process.returncode)

    def _take(self, message: FromLoop) -> None:
        run = self._runs.get(message.run)
        if run is None or run.ended.done():
            return
        if isinstance(message, Outcome):
            run.ended.set_result(message)
            return
        task = asyncio.create_task(self._serve(run, message))
        run.doing.add(task)
        task.add_done_callback(run.doing.discard)

    async def _serve(self, run: _Run, message: Do | Keep | Tell | Checked) -> None:
        try:
            if isinstance(message, Do):
                await self._say(await _do(run.sides.shell, message))
            elif isinstance(message, Keep):
                await run.sides.keep(message.history)
                await self._say(Kept(message.run))
            elif isinstance(message, Checked):
                await run.sides.check(message)
                await self._say(Did(message.run, message.number, Ran(0, 0, b"")))
            else:
                await run.sides.tell(message.text)
        except LoopDied:
            return
        except Exception as error:  # noqa: BLE001  told to whoever waits for the run
            if not run.ended.done():
                run.ended.set_exception(error)

    async def _say(self, message: ToLoop) -> None:
        if self._writer is None:
            raise LoopDied
        try:
            self._writer.write(frame(message))
            await self._writer.drain()
        except ConnectionError as error:
            raise LoopDied from error


async def _do(shell: Shell, order: Do) -> Did:
    try:
        ran = await shell.run(
            order.script,
            stdin=order.stdin,
            timeout_s=order.timeout_s,
            most_bytes=order.most_bytes,
        )
    except ShellGone as error:
        return Did(order.run, order.number, lost=error.why)
    except SandboxError as error:
        return Did(order.run, order.number, lost=error.sentence)
    return Did(order.run, order.number, ran)


async def _log_faults(process: asyncio.subprocess.Process) -> None:
    """What the process complains of, a bounded piece at a time: no secret is where it is."""
    assert process.stderr is not None
    while said := await process.stderr.read(_SAID_BYTES):
        log.warning("builtin.loop_says", text=said.decode(errors="replace").strip())
