"""Coding agents made by others, over ACP (`acp:…`) or run turn by turn (`exec:…`).

The agent works in the sandbox and says how it ended through the coordination tools alone: never by
an exit code, and not by silence.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from hiringhall.actions.runs.working import RunBrief
from hiringhall.domain.runs import Run
from hiringhall.workers.agents.finding import Installed
from hiringhall.workers.agents.lastwords import to_last_word
from hiringhall.workers.agents.profile import Profile
from hiringhall.workers.agents.profiles import ALL
from hiringhall.workers.git.errors import WorkspaceError
from hiringhall.workers.place import Finished, Place, broke_by
from hiringhall.workers.reaching import Reached
from hiringhall.workers.reports import LastWord
from hiringhall.workers.runlog import RunLog
from hiringhall.workers.runtimes.agent_role import AgentRole, check_agent_role, read_agent_role
from hiringhall.workers.runtimes.agent_run import AgentRun, Means
from hiringhall.workers.runtimes.handing_in import hand_in
from hiringhall.workers.runtimes.port import (
    Broke,
    Outcome,
    OverBudget,
    Parked,
    Stretch,
)
from hiringhall.workers.sandboxes.port import SandboxError
from hiringhall.workers.sessions import StillInUse

Reach = Callable[[Stretch], AbstractAsyncContextManager[Reached]]
"""Opens the hall to one run: its desk, and the sockets by which its sandbox gets there."""


class Agent:
    """The runtime of one kind of agent, in one way of talking to it."""

    def __init__(
        self,
        profile: Profile,
        way: str,
        *,
        place: Place,
        installed: Installed,
        reach: Reach,
        timeout_s: int,
    ) -> None:
        self.name = f"{way}:{profile.name}"
        self.profile = profile
        self._way = way
        self._place = place
        self._installed = installed
        self._reach = reach
        self._timeout_s = timeout_s

    @property
    def hindrance(self) -> str:
        """Why the agent cannot be run on this host; empty when it can."""
        exec_ = self.profile.exec
        argv = exec_.argv if self._way == "exec" and exec_ is not None else self.profile.acp
        return self._installed.hindrance(self.profile, argv)

    def check_role(self, config: Mapping[str, Any]) -> None:
        """Refuse a role that cannot work here."""
        check_agent_role(
            read_agent_role(config, self.profile),
            self.profile,
            self._place.sandbox,
            by_exec=self._way == "exec",
        )

    async def work(self, stretch: Stretch) -> Outcome:
        """Have the agent work, unless a lost predecessor's has ended already, and hand in."""
        brief = stretch.brief
        config = {} if brief.role is None else brief.role.config
        role = read_agent_role(config, self.profile)
        try:
            finished = await self._place.found(brief, LastWord) or await self._run(stretch, role)
            if not isinstance(finished, Finished):
                return finished
            return await hand_in(self._place, stretch, finished)
        except (WorkspaceError, SandboxError) as error:
            return broke_by(error)
        except StillInUse:
            return Broke("What an earlier run of this task had started has not ended yet")

    async def settled(self, brief: RunBrief) -> None:
        """Let go of workspace and report; the session stays for the task's next run."""
        await self._place.settled(brief)

    async def tidy(self, unfinished: Sequence[Run]) -> None:
        """Keep finished work, and what lost runs left, of turns that will go on."""
        await self._place.tidy(unfinished)

    async def _run(
        self, stretch: Stretch, role: AgentRole
    ) -> Finished[LastWord] | Broke | OverBudget | Parked:
        brief = stretch.brief
        self._place.check_disk()
        if brief.task.repository is not None and brief.run.steps_done == 0:
            await stretch.progress(f"Fetching {brief.task.repository}")
        workspace = await self._place.prepare(brief)
        session = await self._place.sessions.open(brief.task.id, self.name)
        self._place.forget_in(session, self.profile.forget)
        run_log = RunLog(self._place.logs / f"{brief.run.id}.log", stretch.mask)
        means = Means(
            profile=self.profile,
            way=self._way,
            role=role,
            place=self._place,
            workspace=workspace,
            agents=self._installed.folder,
            limits=role.limits(most_wall_s=self._timeout_s),
        )
        try:
            async with self._reach(stretch) as reached:
                ended = await AgentRun(stretch, means, reached, session, run_log).go()
        finally:
            run_log.close()
        if isinstance(ended, Broke | OverBudget | Parked):
            await self._place.keep_wip(workspace)
            return ended
        word = to_last_word(ended, run_id=brief.run.id, ended_at_s=int(time.time()))
        await self._place.finish(brief, word)
        return Finished(word, workspace)


def agent_runtimes(
    *, place: Place, installed: Installed, reach: Reach, timeout_s: int
) -> dict[str, Agent]:
    """Every agent that the hall knows, installed or not, by the runtime's name."""
    found = [
        Agent(profile, way, place=place, installed=installed, reach=reach, timeout_s=timeout_s)
        for way in ("acp", "exec")
        for profile in ALL
        if way == "acp" or profile.exec is not None
    ]
    return {agent.name: agent for agent in found}
