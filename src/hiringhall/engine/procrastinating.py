"""Carries runs by jobs of procrastinate on PostgreSQL: each says "look", to one node with a place.

Which run starts is the claim's word, and a run's rows are the truth: a job that is lost, or too
many, is a look too late, or for nothing. Its tables have a schema of their own, which holds nothing
that would be missed: one that another version made is made anew.
"""

import asyncio
import contextlib
import importlib.metadata
import logging
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

import structlog

from hiringhall.engine.local import FAULT_PAUSE_S, LocalEngine
from hiringhall.engine.work import Waiting, WaitingWork

if TYPE_CHECKING:
    import procrastinate
    from procrastinate.tasks import Task

Job = TypeVar("Job")

log = structlog.get_logger()

Look: TypeAlias = "Task[..., Any, ...]"

LOOK_S = 5.0
"""How often those who wait are handed on again, whatever was heard."""
CONNECT_S = 10
# "jobs" in ASCII: whoever holds this lock makes the tables.
_LOCK = 0x6A6F6273
_SEARCH = "-c search_path=hiringhall_jobs"


class ProcrastinateEngine(Generic[Job]):
    """Starts a job where a place is free, on whichever node takes it first.

    `silence_s` is after how long without a sign a node's jobs are given to others.
    """

    def __init__(self, url: str, *, slots: int, silence_s: int) -> None:
        self._url = url
        self._slots = slots
        self._silence_s = silence_s
        self._tending = LocalEngine[Job](slots=0)
        self._news = asyncio.Event()
        self._to_hand_on: dict[str, Waiting] = {}
        self._jobs: set[asyncio.Task[None]] = set()
        logging.getLogger("procrastinate").setLevel(logging.WARNING)

    def wake(self) -> None:
        """Something may be ready to start, or to be tended, now."""
        self._tending.wake()
        self._news.set()

    def hand_on(self, job: Waiting, /) -> bool:
        """A node that has a place takes the job that says so."""
        self._to_hand_on[job.run_id] = job
        self._news.set()
        return True

    @property
    def busy(self) -> int:
        """How many jobs are being done here."""
        return len(self._jobs)

    async def carry(self, work: WaitingWork[Job]) -> None:
        """Carry work until cancelled; then cancel the jobs in hand and wait for them."""
        tending = asyncio.create_task(self._tending.carry(work))
        try:
            while True:
                try:
                    await self._go(work)
                except Exception:
                    # The database may be away for a while: say so, and begin again.
                    log.exception("engine.fault")
                await asyncio.sleep(FAULT_PAUSE_S)
        finally:
            for task in (tending, *self._jobs):
                task.cancel()
            await asyncio.gather(tending, *self._jobs, return_exceptions=True)

    async def _go(self, work: WaitingWork[Job]) -> None:
        """Hand on and take until something fails, or this is cancelled."""
        await self._make_tables()
        async with self._opened() as app:

            @app.task(name="look", queue="none")
            async def look() -> None:
                await self._look(work)

            parts = [asyncio.create_task(self._hand_all_on(look, app, work))]
            if self._slots:
                parts.append(asyncio.create_task(self._take(app, work)))
            try:
                done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
                for part in done:
                    part.result()
            finally:
                for part in parts:
                    part.cancel()
                await asyncio.gather(*parts, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def _opened(self) -> "AsyncGenerator[procrastinate.App]":
        # Not at the top: it looks at the machine when it is imported, and few halls need it.
        import procrastinate

        connector = procrastinate.PsycopgConnector(
            conninfo=self._url,
            min_size=1,
            max_size=4,
            kwargs={
                "options": _SEARCH,
                "application_name": "hiringhall jobs",
                "connect_timeout": CONNECT_S,
            },
        )
        app = procrastinate.App(connector=connector)
        async with app.open_async():
            yield app

    async def _take(self, app: "procrastinate.App", work: WaitingWork[Job]) -> None:
        """Take jobs of what can be done here, as many at once as there are places."""
        await app.run_worker_async(
            queues=list(work.runtimes),
            concurrency=self._slots,
            delete_jobs="always",
            install_signal_handlers=False,
            # What is being done goes on without the job that said so.
            shutdown_graceful_timeout=0.001,
            fetch_job_polling_interval=LOOK_S,
            update_heartbeat_interval=self._silence_s / 3,
            stalled_worker_timeout=self._silence_s,
        )

    async def _look(self, work: WaitingWork[Job]) -> None:
        """Take and do until nothing may begin; a full node leaves it to the others."""
        while len(self._jobs) < self._slots and (job := await work.take()) is not None:
            self._news.set()
            task = asyncio.create_task(self._do(work, job))
            self._jobs.add(task)
            task.add_done_callback(self._done)
            await asyncio.wait({task})

    async def _do(self, work: WaitingWork[Job], job: Job) -> None:
        try:
            await work.do(job)
        except Exception:
            # Its lease runs out, and the job is found again.
            log.exception("engine.job_fault")

    def _done(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        self._news.set()

    # ── handing on ────────────────────────────────────────────────────────────────────────────

    async def _hand_all_on(
        self,
        look: Look,
        app: "procrastinate.App",
        work: WaitingWork[Job],
    ) -> None:
        """Say of each run that waits that somebody should look; again and again, and at news."""
        from procrastinate.jobs import Status

        loop = asyncio.get_running_loop()
        rescue_at = loop.time()
        while True:
            self._news.clear()
            while self._to_hand_on:
                run_id = next(iter(self._to_hand_on))
                await self._hand_one_on(look, self._to_hand_on[run_id])
                self._to_hand_on.pop(run_id, None)
            if loop.time() >= rescue_at:
                rescue_at = loop.time() + self._silence_s / 3
                await self._rescue(app)
            waiting = await work.waiting()
            if waiting:
                said = await app.job_manager.list_jobs_async(status=Status.TODO.value)
                known = {job.queueing_lock for job in said}
                for one in waiting:
                    if one.run_id not in known:
                        await self._hand_one_on(look, one)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._news.wait()

    async def _hand_one_on(self, look: Look, job: Waiting) -> None:
        """One job that waits is enough for a run.

        It is not locked for longer: whoever looks may have taken another run, and be at work for
        an hour, while this one still waits.
        """
        from procrastinate.exceptions import AlreadyEnqueued

        described = look.configure(
            queue=job.runtime,
            priority=job.priority,
            queueing_lock=job.run_id,
        )
        with contextlib.suppress(AlreadyEnqueued):
            await described.defer_async()

    async def _rescue(self, app: "procrastinate.App") -> None:
        """Let go of jobs whose node is silent: their runs are found by their leases.

        Each by itself, for one that cannot be let go of must not hold up the others.
        """
        from procrastinate.exceptions import ConnectorException
        from procrastinate.jobs import Status

        manager = app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=self._silence_s):
            with contextlib.suppress(ConnectorException):
                await manager.finish_job(job, status=Status.FAILED, delete_job=True)
        await manager.prune_stalled_workers(2 * self._silence_s)

    async def _make_tables(self) -> None:
        """Make procrastinate's tables, unless this version's are there."""
        import psycopg
        from procrastinate.schema import SchemaManager

        version = importlib.metadata.version("procrastinate")
        async with await psycopg.AsyncConnection.connect(
            self._url, options=_SEARCH, connect_timeout=CONNECT_S
        ) as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            found = await connection.execute("SELECT to_regclass('made_by') IS NOT NULL")
            there = await found.fetchone()
            if there is not None and there[0]:
                found = await connection.execute("SELECT version FROM made_by")
                if await found.fetchone() == (version,):
                    return
            await connection.execute("DROP SCHEMA IF EXISTS hiringhall_jobs CASCADE")
            await connection.execute("CREATE SCHEMA hiringhall_jobs")
            await connection.execute(SchemaManager.get_schema().encode())
            await connection.execute("CREATE TABLE made_by (version text)")
            await connection.execute("INSERT INTO made_by VALUES (%s)", [version])
