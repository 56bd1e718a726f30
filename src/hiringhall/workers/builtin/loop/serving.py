"""All runs of one hall in this process: messages are handed to their run, and back to the hall."""

import asyncio
import functools
import traceback
from dataclasses import dataclass, field

import msgspec

from hiringhall.workers.builtin.loop.running import go
from hiringhall.workers.builtin.loop.work import Work
from hiringhall.workers.builtin.tools import CannotDo
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

_decoder = msgspec.msgpack.Decoder(ToLoop)


@dataclass
class _Run:
    """A run that is at work here, and the answers that it waits for."""

    task: asyncio.Task[None] | None = None
    answers: dict[int, asyncio.Future[Ran]] = field(
        default_factory=dict[int, "asyncio.Future[Ran]"]
    )
    kept: asyncio.Future[None] | None = None
    count: int = 0


class Lost(CannotDo):
    """The run has no sandbox any more; the hall ends it."""


class Serving:
    """The loops of one hall."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._runs: dict[str, _Run] = {}

    def hear(self, message: ToLoop) -> None:
        """Take one message of the hall's."""
        if isinstance(message, Begin):
            run = self._runs[message.run] = _Run()
            run.task = asyncio.create_task(self._go(message, run))
            return
        run = self._runs.get(message.run)
        if run is None:
            return
        if isinstance(message, End):
            if run.task is not None:
                run.task.cancel()
        elif isinstance(message, Kept):
            if run.kept is not None and not run.kept.done():
                run.kept.set_result(None)
        else:
            _resolve(run.answers.pop(message.number, None), message)

    async def _go(self, begin: Begin, run: _Run) -> None:
        work = Work(
            run=functools.partial(self._do, begin.run, run),
            tell=lambda text: self._say(Tell(begin.run, text)),
            note=functools.partial(self._note, begin.run, run),
            given=tuple(begin.criteria),
        )
        try:
            outcome = await go(begin, work, lambda history: self._keep(begin.run, run, history))
        except Lost as error:
            outcome = Outcome(begin.run, "broke", str(error))
        except Exception:  # noqa: BLE001  a run's fault is its own: the others go on
            traceback.print_exc()
            outcome = Outcome(begin.run, "broke", "The agent's loop broke down", may_retry=True)
        finally:
            self._runs.pop(begin.run, None)
        await self._say(msgspec.structs.replace(outcome, run=begin.run))

    async def _do(
        self, name: str, run: _Run, script: str, stdin: bytes, timeout_s: int, most_bytes: int
    ) -> Ran:
        run.count += 1
        number = run.count
        answer = run.answers[number] = asyncio.get_running_loop().create_future()
        await self._say(Do(name, number, script, stdin, timeout_s, most_bytes))
        return await answer

    async def _note(self, name: str, run: _Run, checked: Checked) -> None:
        """Have it written down before anything is handed in."""
        run.count += 1
        answer = run.answers[run.count] = asyncio.get_running_loop().create_future()
        await self._say(msgspec.structs.replace(checked, run=name, number=run.count))
        await answer

    async def _keep(self, name: str, run: _Run, history: bytes) -> None:
        run.kept = asyncio.get_running_loop().create_future()
        await self._say(Keep(name, history))
        await run.kept

    async def _say(self, message: FromLoop) -> None:
        self._writer.write(frame(message))
        await self._writer.drain()


def _resolve(waiting: "asyncio.Future[Ran] | None", did: Did) -> None:
    if waiting is None or waiting.done():
        return
    if did.ran is None:
        waiting.set_exception(Lost(did.lost))
    else:
        waiting.set_result(did.ran)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve until the hall is gone."""
    serving = Serving(writer)
    while True:
        try:
            serving.hear(_decoder.decode(await read_frame(reader)))
        except EOFError:
            return
