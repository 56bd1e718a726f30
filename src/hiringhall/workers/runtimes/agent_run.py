"""One run of an agent: from its first word to the outcome that it laid down at its desk."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from hiringhall.domain.questions import make_question
from hiringhall.workers.agents import prompts
from hiringhall.workers.agents.acp_talk import open_acp
from hiringhall.workers.agents.exec_talk import ExecTalk
from hiringhall.workers.agents.hearing import Teller
from hiringhall.workers.agents.permissions import (
    ALLOW,
    REFUSE,
    Permissions,
    Wanted,
    question_of,
)
from hiringhall.workers.agents.profile import PATH, Profile
from hiringhall.workers.agents.talk import CannotTalk, Stop, Talk, TurnEnd
from hiringhall.workers.briefs import seen_of
from hiringhall.workers.place import Place
from hiringhall.workers.reaching import Reached
from hiringhall.workers.runlog import RunLog
from hiringhall.workers.runtimes.agent_role import AgentRole
from hiringhall.workers.runtimes.in_session import Ending
from hiringhall.workers.runtimes.port import Asked, Broke, Stretch
from hiringhall.workers.sandboxes.port import Limits, Places, Sandboxed, SandboxSpec
from hiringhall.workers.sessions import Held, Occupant, Session
from hiringhall.workers.sockets import MODEL, PORTS, WORK
from hiringhall.workers.workspace import Workspace

KEY = "the-hall-knows-this-run-by-its-socket"
"""What agents are given for a key, because they want one. It opens nothing."""
LAST_WORDS_S = 30.0
"""How long an agent may talk on when its outcome is laid down."""
INTERRUPTED_S = 10.0
"""How long an agent that was interrupted may take to bring its session in order."""
SLACK_S = 30.0
"""By how much the sandbox's own clock is later than the run's: to end a session in order."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a run works with: its agent, its role, its place."""

    profile: Profile
    way: str
    role: AgentRole
    place: Place
    workspace: Workspace
    agents: Path | None
    limits: Limits


class AgentRun:
    """One run. Everything it keeps is in its session, so that the next can go on."""

    def __init__(
        self, stretch: Stretch, means: Means, reached: Reached, session: Session, run_log: RunLog
    ) -> None:
        self._stretch = stretch
        self._means = means
        self._reached = reached
        self._session = session
        self._log = run_log
        self._held = asyncio.Event()
        self._deadline = asyncio.get_running_loop().time() + means.limits.wall_s
        self._places: Places = means.place.sandbox.places(
            workspace=means.workspace.folder, session=session.home, sockets=reached.sockets.folder
        )
        self._permissions = self._policy()

    async def go(self) -> Ending:
        """Work to the outcome. Cancelled, it ends every process and keeps the session."""
        teller = Teller(self._tell, self._was_told)
        async with teller.telling():
            talk: Talk | None = None
            try:
                async with asyncio.timeout_at(self._deadline):
                    talk = await self._open(teller)
                return await self._converse(talk, teller)
            except CannotTalk as error:
                return Broke(error.why)
            except TimeoutError:
                wall_s = self._means.limits.wall_s
                late = Broke(f"{self._title} took longer than its {wall_s:.0f} s", may_retry=False)
                return self._reached.desk.submitted or late
            finally:
                if talk is not None:
                    await asyncio.shield(talk.close())
                self._leave_session()

    @property
    def _title(self) -> str:
        return self._means.profile.title

    # ── talking ───────────────────────────────────────────────────────────────────────────────

    async def _open(self, teller: Teller) -> Talk:
        profile, record = self._means.profile, self._session.record
        known = self._known()
        for name, text in profile.filled(profile.files, known).items():
            self._session.write_file(name, text)
        if self._means.way == "exec":
            assert profile.exec is not None
            return ExecTalk(
                self._start,
                profile.exec,
                known=known,
                earlier=record.agent_session,
                hearing=teller,
                run_log=self._log,
                when_named=self._was_named,
            )
        talk = await open_acp(
            self._start,
            self._means.role.argv or profile.acp,
            hearing=teller,
            permissions=self._permissions,
            run_log=self._log,
        )
        try:
            await talk.begin(
                workspace=self._places.workspace,
                mcp_url=known["mcp_url"] if profile.takes_mcp else None,
                earlier=record.agent_session,
                mode=profile.mode,
                settle_s=profile.settle_s,
            )
        except BaseException:
            await asyncio.shield(talk.close())
            raise
        assert talk.session_id is not None
        self._was_named(talk.session_id)
        return talk

    async def _converse(self, talk: Talk, teller: Teller) -> Ending:
        prompt, asked_to_finish = self._prompt(goes_on=talk.goes_on), False
        while True:
            end = await self._turn(talk, prompt)
            teller.end_turn()
            if self._reached.desk.submitted is not None:
                self._was_told()
                return self._reached.desk.submitted
            halted = self._reached.models.outcome()
            if halted is not None:
                return halted
            if self._permissions.held is not None:
                return self._ask_for(self._permissions.held)
            if end.stop is Stop.BROKEN:
                return Broke(f"{self._title} broke down: {end.why or teller.complaint_text}")
            if asked_to_finish:
                reason = f"{self._title} ended without handing in, asking or giving up"
                return Broke(f"{reason}{': ' if end.why else ''}{end.why}", may_retry=False)
            prompt, asked_to_finish = prompts.FINISH_PROPERLY, True

    async def _turn(self, talk: Talk, prompt: str) -> TurnEnd:
        """One turn, to its own end or to the outcome and a little further.

        Raises TimeoutError when the run's time is over.
        """
        left_s = self._deadline - asyncio.get_running_loop().time()
        turn = asyncio.create_task(talk.turn(prompt))
        outcome = asyncio.create_task(self._reached.desk.wait())
        held = asyncio.create_task(self._held.wait())
        halted = asyncio.create_task(self._reached.models.stopped())
        tasks = (turn, outcome, held, halted)
        try:
            done, _ = await asyncio.wait(
                tasks, timeout=max(0, left_s), return_when=asyncio.FIRST_COMPLETED
            )
            if outcome.done() and not turn.done():
                await asyncio.wait({turn}, timeout=LAST_WORDS_S)
            if not turn.done():
                await talk.interrupt()
                await asyncio.wait({turn}, timeout=INTERRUPTED_S)
            if not done:
                raise TimeoutError
            return turn.result() if turn.done() else TurnEnd(Stop.ENDED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _prompt(self, *, goes_on: bool) -> str:
        brief, seen = self._stretch.brief, self._session.record.seen
        workspace = self._places.workspace
        if goes_on and seen is not None:
            return prompts.next_prompt(brief, seen=seen, workspace=workspace)
        return prompts.first_prompt(
            brief,
            system_prompt=self._means.role.system_prompt,
            workspace=workspace,
            branch=self._means.workspace.branch,
        )

    async def _tell(self, text: str) -> None:
        await self._stretch.progress(text)

    # ── the sandbox ───────────────────────────────────────────────────────────────────────────

    async def _start(self, argv: Sequence[str], stdin: bytes | None) -> Sandboxed:
        means, sockets = self._means, self._reached.sockets
        limits = means.limits
        sandboxed = await means.place.sandbox.start(
            SandboxSpec(
                name=self._stretch.brief.run.id,
                argv=argv,
                environment=self._environment(),
                workspace=means.workspace.folder,
                session=self._session.home,
                sockets=sockets.folder,
                relays=sockets.relays,
                read_only=means.role.shown,
                certificates=bool(means.role.hosts),
                agents=means.agents,
                limits=replace(limits, wall_s=limits.wall_s + SLACK_S),
                stdin=stdin or b"",
                interactive=stdin is None,
            )
        )
        self._keep(occupant=Occupant.of(sandboxed.pid))
        return sandboxed

    def _environment(self) -> dict[str, str]:
        profile, known = self._means.profile, self._known()
        chosen = profile.filled(profile.with_model, known) if known["model"] else {}
        own = profile.filled(profile.environment, known)
        way_out = self._reached.environment
        return {"PATH": PATH, **own, **chosen, **way_out, **self._means.role.environment}

    def _known(self) -> dict[str, str]:
        return {
            "model_url": f"http://127.0.0.1:{PORTS[MODEL]}",
            "mcp_url": f"http://127.0.0.1:{PORTS[WORK]}/mcp",
            "key": KEY,
            "home": self._places.session,
            "model": self._means.role.model or self._means.profile.model,
        }

    # ── the session ───────────────────────────────────────────────────────────────────────────

    def _was_named(self, session_id: str) -> None:
        """The agent has said which conversation this is: a successor has to know, come what may."""
        if session_id != self._session.record.agent_session:
            self._keep(agent_session=session_id, seen=None)

    def _was_told(self) -> None:
        """The agent has begun to work, so it has read what it was told."""
        self._keep(seen=seen_of(self._stretch.brief))

    def _keep(self, **changes: object) -> None:
        record = msgspec.structs.replace(self._session.record, **changes)
        self._session = Session(self._session.folder, record)
        self._means.place.sessions.save(self._session)

    def _leave_session(self) -> None:
        self._means.place.forget_in(self._session, self._means.profile.forget)
        self._keep(occupant=None)

    # ── permissions ───────────────────────────────────────────────────────────────────────────

    def _policy(self) -> Permissions:
        """What may be done without asking: what the requester has said yes to, before or now."""
        record = self._session.record
        allowed, refused = frozenset(record.allowed), frozenset[str]()
        if record.held is not None:
            reply = self._reply_to(record.held.question)
            if reply == ALLOW:
                allowed |= {record.held.what}
            elif reply is not None:
                refused = frozenset({record.held.what})
        self._keep(allowed=tuple(sorted(allowed)), held=None)
        return Permissions(self._means.role.permissions, allowed, self._was_held, refused)

    def _reply_to(self, question: str) -> str | None:
        """What the requester chose, where they answered that question."""
        for exchange in reversed(self._stretch.brief.exchanges):
            for asked in exchange.question.questions:
                if asked.question == question and exchange.reply_text is not None:
                    said = exchange.reply_text.strip().casefold()
                    return ALLOW if said == ALLOW.casefold() else REFUSE
        return None

    def _was_held(self, _: Wanted) -> None:
        self._held.set()

    def _ask_for(self, wanted: Wanted) -> Asked:
        question = question_of(wanted, self._title)
        self._keep(held=Held(wanted.what, question))
        return Asked([make_question("single_select", question, [ALLOW, REFUSE])])
