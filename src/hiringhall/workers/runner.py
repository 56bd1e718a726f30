"""One run from the queue to its outcome, whatever runtime does the work."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass

import structlog

from hiringhall.actions import timers
from hiringhall.actions.hall import Hall
from hiringhall.actions.runs import outcomes, recovery, working
from hiringhall.actions.runs.outcomes import NewFile
from hiringhall.actions.runs.working import RunBrief
from hiringhall.blobs import Blobs
from hiringhall.domain.errors import HallError, Superseded
from hiringhall.domain.runs import Run, RunToken
from hiringhall.workers.runtimes.port import (
    Asked,
    Broke,
    Delivered,
    GaveUp,
    MadeFile,
    Outcome,
    Planned,
    Runtime,
    Said,
)

log = structlog.get_logger()

LEASE_S = 30
HEARTBEAT_S = 10.0
TEND_S = 5.0
MIN_TEND_S = 0.01


@dataclass(frozen=True, slots=True)
class RunningStretch:
    """A stretch of work as its runtime sees it."""

    hall: Hall
    brief: RunBrief

    async def progress(self, text: str) -> None:
        """Tell the poster how far it is."""
        await working.report_progress(self.hall, token=self.brief.run.token, text=text)

    async def used(self, *, input_tokens: int, output_tokens: int) -> None:
        """Meter what a model used; command and rehearsal cost no credits."""
        await working.record_usage(
            self.hall,
            token=self.brief.run.token,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            charged=0,
        )


class Runner:
    """Takes runs, has their runtimes do them, and writes what came of it.

    `node_id` names this process for ever: what it had in hand before it started is lost.
    """

    def __init__(
        self, hall: Hall, *, blobs: Blobs, runtimes: Mapping[str, Runtime], node_id: str
    ) -> None:
        self._hall = hall
        self._blobs = blobs
        self._runtimes = runtimes
        self._node_id = node_id
        self._at_work: dict[str, asyncio.Task[None]] = {}

    async def recover(self) -> int:
        """At start: replace the runs this node had in hand, and engage tasks that waited."""
        lost = await recovery.find_lost_runs(self._hall, node_id=self._node_id)
        for run_id in lost:
            await recovery.replace_lost_run(self._hall, run_id=run_id)
        await self.engage_idle()
        return len(lost)

    async def engage_idle(self) -> None:
        """Queue runs for tasks that nobody could work on, where somebody can now."""
        after = ""
        while page := await recovery.find_idle_tasks(self._hall, after=after):
            for task_id in page:
                await recovery.engage_idle_task(self._hall, task_id=task_id)
            after = page[-1]

    async def take(self) -> Run | None:
        """The next queued run that a runtime here can do."""
        return await working.claim_next_run(
            self._hall,
            node_id=self._node_id,
            lease_s=LEASE_S,
            runtimes=self._hall.staffing.ready,
        )

    async def tend(self) -> float:
        """Fire due timers, replace runs whose node is gone; seconds until the next look."""
        for run_id in await recovery.find_lost_runs(self._hall, node_id=None):
            if run_id not in self._at_work:
                await recovery.replace_lost_run(self._hall, run_id=run_id)
        next_due_at_us = await timers.fire_due(self._hall)
        if next_due_at_us is None:
            return TEND_S
        wait_s = (next_due_at_us - self._hall.clock()) / 1_000_000
        return min(TEND_S, max(MIN_TEND_S, wait_s))

    def stop(self, token: RunToken) -> None:
        """End a run at once: it was cancelled, and its row says so already."""
        task = self._at_work.get(token.run_id)
        if task is not None:
            task.cancel()

    async def do(self, job: Run) -> None:
        """Do one run from its start to its outcome."""
        working_on = asyncio.create_task(self._work(job))
        self._at_work[job.id] = working_on
        try:
            await asyncio.shield(working_on)
        except asyncio.CancelledError:
            # Either this run was stopped, or the whole engine is: then its lease tells.
            working_on.cancel()
            await asyncio.gather(working_on, return_exceptions=True)
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
        finally:
            del self._at_work[job.id]

    async def _work(self, job: Run) -> None:
        token = job.token
        try:
            brief = await working.start_run(self._hall, token=token)
            async with _beating(self._hall, token, asyncio.current_task()):
                outcome = await self._outcome(brief)
            await self._hand_in(token, outcome)
        except Superseded as error:
            log.info("run.superseded", run_id=token.run_id, reason=error.message)
        except HallError as error:
            # The worker said something that cannot be taken, such as a sixth option.
            await self._break(token, error.message)

    async def _outcome(self, brief: RunBrief) -> Outcome:
        runtime = self._runtimes[brief.run.runtime]
        try:
            return await runtime.work(RunningStretch(self._hall, brief))
        except HallError:
            raise
        except Exception:
            log.exception("run.fault", run_id=brief.run.id)
            return Broke("The worker broke down; the server's log has the details")

    async def _break(self, token: RunToken, reason: str, *, may_retry: bool = True) -> None:
        with contextlib.suppress(Superseded):
            await recovery.run_broke(self._hall, token=token, reason=reason, may_retry=may_retry)

    async def _hand_in(self, token: RunToken, outcome: Outcome) -> None:
        match outcome:
            case Asked(questions):
                await outcomes.ask(self._hall, token=token, asked=questions)
            case Said(text):
                await outcomes.message_customer(self._hall, token=token, text=text)
            case Planned(text):
                await outcomes.propose_plan(self._hall, token=token, text=text)
            case Delivered():
                await outcomes.deliver(
                    self._hall,
                    token=token,
                    text=outcome.text,
                    files=await self._store(outcome.files),
                    branch=outcome.branch,
                    commit=outcome.commit,
                )
            case GaveUp(reason):
                await outcomes.give_up(self._hall, token=token, reason=reason)
            case Broke(reason, may_retry):
                await self._break(token, reason, may_retry=may_retry)

    async def _store(self, files: Sequence[MadeFile]) -> list[NewFile]:
        stored: list[NewFile] = []
        for file in files:
            data = await file.read()
            key = self._hall.new_id()
            kept = await self._blobs.put(key, data)
            stored.append(NewFile(file.name, kept.size_bytes, kept.sha256, key))
        return stored


@contextlib.asynccontextmanager
async def _beating(
    hall: Hall, token: RunToken, worker: asyncio.Task[None] | None
) -> AsyncGenerator[None]:
    """Keep a run's lease while it works, and stop it when the run may not go on."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            try:
                await working.heartbeat(hall, token=token, lease_s=LEASE_S)
            except Superseded:
                if worker is not None:
                    worker.cancel()
                return
            except Exception:
                # The database may be away for a moment; the lease outlasts several beats.
                log.exception("run.heartbeat_fault", run_id=token.run_id)

    heart = asyncio.create_task(beat())
    try:
        yield
    finally:
        heart.cancel()
        await asyncio.gather(heart, return_exceptions=True)
