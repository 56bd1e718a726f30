"""Carries runs in the server's own process: woken at once, and looking by itself now and then."""

import asyncio
import contextlib
import math
from typing import Generic, TypeVar

import structlog

from hiringhall.engine.work import Waiting, Work

Job = TypeVar("Job")

log = structlog.get_logger()

FAULT_PAUSE_S = 1.0
SETTLE_S = 0.1
"""How often news lets the engine tend: far sooner than any timer is due, and no price of each."""


class LocalEngine(Generic[Job]):
    """Starts jobs as places come free, in the event loop it is carried on.

    `slots` is how many jobs run at once; with none this process only tends.
    """

    def __init__(self, *, slots: int) -> None:
        self._slots = slots
        self._news = asyncio.Event()
        self._jobs: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Something may be ready to start, or to be tended, now."""
        self._news.set()

    def hand_on(self, job: Waiting, /) -> bool:
        """Every node looks for itself, when it is told."""
        return False

    @property
    def busy(self) -> int:
        """How many jobs are being done."""
        return len(self._jobs)

    async def carry(self, work: Work[Job]) -> None:
        """Carry work until cancelled; then cancel the jobs in hand and wait for them."""
        loop = asyncio.get_running_loop()
        tended_s, due_s = -math.inf, loop.time()
        try:
            while True:
                self._news.clear()
                try:
                    await self._fill(work)
                    if loop.time() >= due_s:
                        tended_s = loop.time()
                        due_s = tended_s + await work.tend()
                except Exception:
                    # The database may be away for a while: say so, and look again.
                    log.exception("engine.fault")
                    due_s = loop.time() + FAULT_PAUSE_S
                # Not wait_for: before Python 3.12 it can swallow a cancellation.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(due_s):
                        await self._news.wait()
                        due_s = min(due_s, tended_s + SETTLE_S)
        finally:
            for job in self._jobs:
                job.cancel()
            await asyncio.gather(*self._jobs, return_exceptions=True)

    async def _fill(self, work: Work[Job]) -> None:
        while len(self._jobs) < self._slots:
            job = await work.take()
            if job is None:
                return
            task = asyncio.create_task(self._do(work, job))
            self._jobs.add(task)
            task.add_done_callback(self._done)

    async def _do(self, work: Work[Job], job: Job) -> None:
        try:
            await work.do(job)
        except Exception:
            # Its lease runs out, and the job is found again.
            log.exception("engine.job_fault")

    def _done(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        self._news.set()
