"""One run of the hall's own agent: from what it is told to how its loop ended."""

import asyncio
import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import structlog

from hiringhall.actions.runs import preparing
from hiringhall.domain.criteria import MOST_EVIDENCE, read_criteria
from hiringhall.domain.errors import Invalid
from hiringhall.domain.questions import make_question
from hiringhall.workers.briefs import as_markdown, news, seen_of
from hiringhall.workers.builtin.host import LoopDied, LoopHost, Sides
from hiringhall.workers.builtin.prompts import first_prompt, instructions, next_prompt
from hiringhall.workers.builtin.shell import Shell
from hiringhall.workers.builtin.wire import Begin, Checked
from hiringhall.workers.builtin.wire import Outcome as LoopOutcome
from hiringhall.workers.coordination.desk import HandIn
from hiringhall.workers.place import Place
from hiringhall.workers.reaching import Reached
from hiringhall.workers.runlog import RunLog
from hiringhall.workers.runtimes.builtin_role import BuiltinRole, ModelChoice
from hiringhall.workers.runtimes.in_session import Ending
from hiringhall.workers.runtimes.port import (
    Asked,
    Broke,
    GaveUp,
    Planned,
    Stretch,
)
from hiringhall.workers.sandboxes.port import Limits, Sandboxed, SandboxSpec
from hiringhall.workers.sessions import Occupant, Session
from hiringhall.workers.sockets import MODEL
from hiringhall.workers.workspace import Workspace

log = structlog.get_logger()

CONVERSATION = "conversation.json"
"""The whole conversation, beside the session's home: nothing in the sandbox can write it."""
MOST_LOOPS = 3
"""How often the loops' process may die under one run."""
SLACK_S = 30.0
_PATH = "/opt/agents/bin:/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class Means:
    """What a run works with: its role and model, its place, and the process of the loops."""

    role: BuiltinRole
    model: ModelChoice
    place: Place
    workspace: Workspace
    loops: LoopHost
    limits: Limits


class BuiltinRun:
    """One run. Everything it keeps is in its session, so that the next can go on."""

    def __init__(
        self, stretch: Stretch, means: Means, reached: Reached, session: Session, run_log: RunLog
    ) -> None:
        self._stretch = stretch
        self._means = means
        self._reached = reached
        self._session = session
        self._log = run_log
        self._deadline = asyncio.get_running_loop().time() + means.limits.wall_s

    async def go(self) -> Ending:
        """Work to the outcome. Cancelled, it ends every process and keeps the conversation."""
        shell = Shell(self._start)
        try:
            async with asyncio.timeout_at(self._deadline):
                for _ in range(MOST_LOOPS):
                    ended = await self._loop(shell)
                    if ended is not None:
                        return ended
                return Broke("The process of the agents' loops died again and again")
        except TimeoutError:
            wall_s = self._means.limits.wall_s
            return Broke(f"The agent took longer than its {wall_s:.0f} s", may_retry=False)
        finally:
            await asyncio.shield(shell.close())
            self._keep_record(occupant=None)

    async def _loop(self, shell: Shell) -> Ending | None:
        """The agent's loop to its end, or to where no model may be called; None where it died."""
        sides = Sides(shell, self._tell, self._keep, self._check)
        models = self._reached.models
        looping = asyncio.create_task(self._means.loops.run(await self._begin(), sides))
        stopped = asyncio.create_task(models.stopped())
        try:
            await asyncio.wait({looping, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not looping.done():
                return models.outcome()
            outcome = looping.result()
        except LoopDied:
            log.warning("builtin.loop_died", run_id=self._stretch.brief.run.id)
            return models.outcome()
        finally:
            for task in (looping, stopped):
                task.cancel()
            await asyncio.gather(looping, stopped, return_exceptions=True)
        self._log.write("<", f"{outcome.kind}: {outcome.text}")
        halted = models.outcome()
        return halted if halted and outcome.kind == "broke" else _ending(outcome)

    async def _begin(self) -> Begin:
        brief, means = self._stretch.brief, self._means
        history = await asyncio.to_thread(self._conversation)
        places = means.place.sandbox.places(
            workspace=means.workspace.folder, session=self._session.home, sockets=None
        )
        return Begin(
            run=brief.run.id,
            speaks=means.model.speaks,
            model=means.model.name,
            model_socket=str(self._reached.sockets.folder / MODEL),
            instructions=instructions(
                system_prompt=means.role.system_prompt,
                repository=brief.task.repository is not None,
                workspace=places.workspace,
                branch=means.workspace.branch,
                plan_first=self._plan_first,
            ),
            prompt=self._prompt(goes_on=bool(history)),
            history=history,
            plan_first=self._plan_first,
            most_steps=means.role.steps,
            criteria=list(read_criteria(brief.task.accept_criteria)),
            anew=self._prompt(goes_on=False),
        )

    @property
    def _plan_first(self) -> bool:
        task = self._stretch.brief.task
        return task.spec_approval and not task.plan_approved

    def _prompt(self, *, goes_on: bool) -> str:
        brief, seen = self._stretch.brief, self._session.record.seen
        if not goes_on or seen is None:
            return first_prompt(as_markdown(brief))
        return next_prompt("\n\n".join(news(brief, seen)))

    # ── what the loop reaches ─────────────────────────────────────────────────────────────────────

    async def _tell(self, text: str) -> None:
        self._log.write("<", text)
        await self._stretch.progress(text)

    async def _check(self, checked: Checked) -> None:
        """Write down what was found of one of the task's criteria, as any worker's tool does."""
        desk = self._reached.desk
        seen = desk.mask(checked.evidence).strip()[:MOST_EVIDENCE] or "Nothing was said"
        # The task may have been worded anew meanwhile, with fewer of them.
        with contextlib.suppress(Invalid):
            await preparing.check_criterion(
                desk.hall,
                token=desk.token,
                number=checked.criterion,
                met=checked.met,
                evidence=seen,
            )

    async def _keep(self, history: bytes) -> None:
        """Keep the conversation; only now is what the agent was told its own."""
        await asyncio.to_thread(_replace, self._session.folder / CONVERSATION, history)
        seen = seen_of(self._stretch.brief)
        if self._session.record.seen != seen:
            self._keep_record(seen=seen)

    def _conversation(self) -> bytes:
        try:
            return (self._session.folder / CONVERSATION).read_bytes()
        except FileNotFoundError:
            return b""

    async def _start(self, argv: Sequence[str]) -> Sandboxed:
        means, limits = self._means, self._means.limits
        sandboxed = await means.place.sandbox.start(
            SandboxSpec(
                name=self._stretch.brief.run.id,
                argv=argv,
                environment={
                    "PATH": _PATH,
                    **self._reached.environment,
                    **means.role.environment,
                },
                workspace=means.workspace.folder,
                session=self._session.home,
                read_only=means.role.shown,
                certificates=bool(means.role.hosts),
                limits=replace(limits, wall_s=limits.wall_s + SLACK_S),
                interactive=True,
            )
        )
        self._keep_record(occupant=Occupant.of(sandboxed.pid))
        return sandboxed

    def _keep_record(self, **changes: object) -> None:
        record = msgspec.structs.replace(self._session.record, **changes)
        self._session = Session(self._session.folder, record)
        self._means.place.sessions.save(self._session)


def _ending(outcome: LoopOutcome) -> Ending:
    """How the loop ended, in the hall's words."""
    match outcome.kind:
        case "asked":
            return Asked(
                [make_question(one.type, one.question, one.options) for one in outcome.questions]
            )
        case "planned":
            return Planned(outcome.text)
        case "delivered":
            return HandIn(outcome.text, tuple(outcome.files))
        case "gave_up":
            return GaveUp(outcome.text)
        case "broke":
            return Broke(outcome.text, may_retry=outcome.may_retry)


def _replace(path: Path, data: bytes) -> None:
    """Write a file in one step; it is on the disk when this returns."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
