"""One run from the queue to its outcome, whatever runtime does the work."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any

import structlog

from hiringhall.actions import housekeeping, timers
from hiringhall.actions.runs import autonomy, outcomes, pausing, recovery, spending, working
from hiringhall.actions.runs.claiming import Round
from hiringhall.actions.runs.working import RunBrief
from hiringhall.actions.tasks import held_up
from hiringhall.blobs import Blobs
from hiringhall.domain.errors import HallError, Invalid, Superseded
from hiringhall.domain.runs import EXTERNAL, Run, RunToken
from hiringhall.hall import Hall
from hiringhall.queries.fronts import Front, fronts
from hiringhall.store.errors import StoreError
from hiringhall.workers.masking import LiveSecrets
from hiringhall.workers.presence import Presence
from hiringhall.workers.runtimes.port import (
    Asked,
    Broke,
    Delivered,
    GaveUp,
    Outcome,
    OverBudget,
    Parked,
    Planned,
    Runtime,
    Said,
)
from hiringhall.workers.saying import without_secrets
from hiringhall.workers.stretch import RunningStretch

log = structlog.get_logger()

LEASE_S = 30
TEND_S = 5.0
MIN_TEND_S = 0.01
CLEAN_EVERY_US = 3_600_000_000

Turn = tuple[str, int]
"""A task's id, and which turn of it."""


class Runner:
    """Takes runs, has their runtimes do them, and writes what came of it.

    `node_id` names this process for ever: what it had in hand before it started is lost. `clean` is
    asked each hour to remove what no run will need, and `let_go` every few seconds to remove what
    lost runs had finished, unless its turn goes on or is in hand here. `secrets` are taken out of
    all that a run says.
    """

    def __init__(
        self,
        hall: Hall,
        *,
        blobs: Blobs,
        runtimes: Mapping[str, Runtime],
        node_id: str,
        clean: Callable[[], Awaitable[None]] | None = None,
        let_go: Callable[[Callable[[], set[Turn]]], Awaitable[None]] | None = None,
        secrets: LiveSecrets | None = None,
        lease_s: int = LEASE_S,
        presence: Presence | None = None,
    ) -> None:
        self._hall = hall
        self._blobs = blobs
        self._runtimes = runtimes
        self._node_id = node_id
        self._clean = clean or _nothing
        self._let_go = let_go or _nothing
        self._secrets = secrets or LiveSecrets()
        self._at_work: dict[str, asyncio.Task[None]] = {}
        self._turns: dict[str, Turn] = {}
        self._lease_s = lease_s
        self._tend_s = min(TEND_S, lease_s / 6)
        self.presence = presence
        self._round = Round()
        self._to_look_at: set[str] = set()
        self._closing = False
        self._clean_at_us = 0
        self._swept_at_us = 0

    async def recover(self) -> int:
        """At start: replace the runs this node had in hand, and engage tasks that waited."""
        lost = await recovery.find_lost_runs(self._hall, node_id=self._node_id)
        for run_id in lost:
            await recovery.replace_lost_run(self._hall, run_id=run_id)
        unfinished = await recovery.find_unfinished_runs(self._hall)
        for runtime in self._runtimes.values():
            await runtime.tidy(unfinished)
        await recovery.engage_idle(self._hall)
        await held_up.tell_all(self._hall)
        return len(lost)

    def check_role(self, runtime: str, config: Mapping[str, Any]) -> None:
        """Refuse a role whose runtime is not here, or cannot mean its settings; raises Invalid."""
        if runtime == EXTERNAL:
            return  # what its workers read of a role is their own affair
        chosen = self._runtimes.get(runtime)
        if chosen is None:
            known = ", ".join(sorted([*self._runtimes, EXTERNAL]))
            raise Invalid(
                f"There is no runtime '{runtime}'; there are {known}", {"runtime": "unknown"}
            )
        chosen.check_role(config)

    async def take(self) -> Run | None:
        """The next queued run that a runtime here can do."""
        return await working.claim_next_run(
            self._hall,
            node_id=self._node_id,
            lease_s=self._lease_s,
            runtimes=self.runtimes,
            begins=self._round,
        )

    @property
    def runtimes(self) -> tuple[str, ...]:
        """What can be done here."""
        return self._hall.staffing.ready

    async def waiting(self) -> list[Front]:
        """Of each team and runtime the run that is next."""
        return await fronts(self._hall)

    async def tend(self) -> float:
        """Fire due timers, now and then replace lost runs and clean; seconds until the next look.

        It is called for every run that is queued, before that run is taken: so what costs a scan
        has an interval of its own.
        """
        now_us = self._hall.clock()
        # Either way, for the clock may be put back.
        if abs(now_us - self._swept_at_us) >= self._tend_s * 1_000_000:
            self._swept_at_us = now_us
            if self.presence is not None and await self.presence.beat():
                await recovery.engage_idle(self._hall)
            await self._replace_lost()
            await autonomy.spawn_all_ready(self._hall)
            await self._let_go(lambda: set(self._turns.values()))
        while self._to_look_at:
            team_id = self._to_look_at.pop()
            await held_up.tell_team(self._hall, team_id=team_id)
            await autonomy.spawn_ready(self._hall, team_id=team_id)
        if now_us >= self._clean_at_us:
            self._clean_at_us = now_us + CLEAN_EVERY_US
            await housekeeping.forget_old(self._hall)
            await held_up.tell_all(self._hall)
            await spending.settle_left_over(self._hall)
            await self._clean()
        next_due_at_us = await timers.fire_due(self._hall)
        if next_due_at_us is None:
            return self._tend_s
        wait_s = (next_due_at_us - self._hall.clock()) / 1_000_000
        return min(self._tend_s, max(MIN_TEND_S, wait_s))

    def look_at(self, team_id: str) -> None:
        """See soon what a team may begin by itself, and what holds its tasks up."""
        self._to_look_at.add(team_id)

    async def _replace_lost(self) -> None:
        """Queue a successor for each run whose node is gone."""
        for run_id in await recovery.find_lost_runs(self._hall, node_id=None):
            if run_id not in self._at_work:
                await recovery.replace_lost_run(self._hall, run_id=run_id)

    def stop(self, run_id: str) -> None:
        """End a run at once if it is here: it was cancelled, and its row says so already."""
        task = self._at_work.get(run_id)
        if task is not None:
            task.cancel()

    async def do(self, job: Run) -> None:
        """Do one run from its start to its outcome."""
        working_on = asyncio.create_task(self._work(job))
        self._at_work[job.id] = working_on
        self._turns[job.id] = (job.task_id, job.turn)
        current = asyncio.current_task()
        try:
            await asyncio.shield(working_on)
        except asyncio.CancelledError:
            # Either this run was stopped, or the whole engine is: then its lease tells.
            self._closing = self._closing or bool(current and current.cancelling())
            working_on.cancel()
            await asyncio.gather(working_on, return_exceptions=True)
            if self._closing:
                raise
        finally:
            del self._at_work[job.id], self._turns[job.id]
            # Of its team another may begin now, on whichever node has a place.
            self._hall.engine.wake()
            self._hall.engine.look_at(job.team_id)

    async def _work(self, job: Run) -> None:
        token = job.token
        try:
            brief = await working.start_run(self._hall, token=token)
        except Superseded as error:
            log.info("run.superseded", run_id=token.run_id, reason=error.message)
            return
        try:
            async with self._beating(token, asyncio.current_task()):
                outcome = await self._outcome(brief)
                await self._runtimes[job.runtime].save(brief)
                mask = self._secrets.masker(job.organization_id).text
                await self._hand_in(token, without_secrets(outcome, mask))
        except Superseded as error:
            log.info("run.superseded", run_id=token.run_id, reason=error.message)
        except HallError as error:
            # The worker said something that cannot be taken, such as a sixth option.
            mask = self._secrets.masker(job.organization_id).text
            await self._break(token, mask(error.message))
        except asyncio.CancelledError:
            # Stopped for good, its files go; with the whole server, they are found at its start.
            await self._runtimes[job.runtime].save(brief)
            if not self._closing:
                await self._runtimes[job.runtime].settled(brief)
            elif self.presence is not None:
                # Nobody has to wait for the lease: another node goes on at once.
                with contextlib.suppress(StoreError):
                    await recovery.replace_lost_run(self._hall, run_id=job.id)
            raise
        await self._runtimes[job.runtime].settled(brief)

    @contextlib.asynccontextmanager
    async def _beating(
        self, token: RunToken, worker: asyncio.Task[None] | None
    ) -> AsyncGenerator[None]:
        """Keep a run's lease while it works, and stop it when the run may not go on."""

        async def beat() -> None:
            await self._until_over(token)
            if worker is not None:
                worker.cancel()

        heart = asyncio.create_task(beat())
        try:
            yield
        finally:
            heart.cancel()
            await asyncio.gather(heart, return_exceptions=True)

    async def _until_over(self, token: RunToken) -> None:
        """Renew a lease until another run has the place, or others may take it for given up."""
        now_s = asyncio.get_running_loop().time
        pause_s = self._lease_s / 3
        over_s = now_s() + self._lease_s
        while True:
            await asyncio.sleep(pause_s)
            began_s = now_s()
            try:
                await working.heartbeat(self._hall, token=token, lease_s=self._lease_s)
                over_s = began_s + self._lease_s
            except Superseded:
                return
            except Exception:
                # The database may be away for a moment; the lease outlasts several beats.
                log.exception("run.heartbeat_fault", run_id=token.run_id)
            if self.presence is not None and now_s() + pause_s >= over_s:
                log.warning("run.lease_over", run_id=token.run_id)
                return

    async def _outcome(self, brief: RunBrief) -> Outcome:
        runtime = self._runtimes[brief.run.runtime]
        try:
            return await runtime.work(RunningStretch(self._hall, self._blobs, brief, self._secrets))
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
                    files=outcome.files,
                    branch=outcome.branch,
                    commit=outcome.commit,
                    links=outcome.links,
                    patch=outcome.patch,
                )
            case GaveUp(reason):
                await outcomes.give_up(self._hall, token=token, reason=reason)
            case Broke(reason, may_retry):
                await self._break(token, reason, may_retry=may_retry)
            case OverBudget(reached):
                await pausing.pause_for_budget(self._hall, token=token, reached=reached)
            case Parked(until_us, reason):
                await pausing.park(self._hall, token=token, until_us=until_us, reason=reason)


async def _nothing(*_: object) -> None:
    return
