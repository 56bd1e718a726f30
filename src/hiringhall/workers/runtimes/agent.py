"""Coding agents made by others, over ACP (`acp:…`) or run turn by turn (`exec:…`).

The agent works in the sandbox and says how it ended through the coordination tools alone: never by
an exit code, and not by silence.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from hiringhall.actions.runs.working import RunBrief
from hiringhall.domain.runs import Run
from hiringhall.workers.agents.finding import Installed
from hiringhall.workers.agents.profile import Profile
from hiringhall.workers.agents.profiles import ALL
from hiringhall.workers.place import Place
from hiringhall.workers.runtimes.agent_role import check_agent_role, read_agent_role
from hiringhall.workers.runtimes.agent_run import AgentRun, Means
from hiringhall.workers.runtimes.in_session import Ending, Opened, Reach, work_in_session
from hiringhall.workers.runtimes.port import Outcome, Stretch


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

        async def go(opened: Opened) -> Ending:
            asks = role.permissions == "ask"
            means = Means(
                profile=self.profile.that_asks() if asks else self.profile,
                way=self._way,
                role=role,
                place=self._place,
                workspace=opened.workspace,
                agents=self._installed.folder,
                limits=role.limits(
                    most_wall_s=self._timeout_s, usual_disk_mib=self._place.run_disk_mib
                ),
            )
            run = AgentRun(stretch, means, opened.reached, opened.session, opened.run_log)
            return await run.go()

        return await work_in_session(
            self._place,
            stretch,
            name=self.name,
            reach=self._reach,
            go=go,
            hosts=role.hosts,
            forget=self.profile.forget,
        )

    async def save(self, brief: RunBrief) -> None:
        """Save session and unfinished work, where there are other nodes."""
        await self._place.save(brief)

    async def settled(self, brief: RunBrief) -> None:
        """Let go of workspace and report; the session stays for the task's next run."""
        await self._place.settled(brief)

    async def tidy(self, unfinished: Sequence[Run]) -> None:
        """Keep finished work, and what lost runs left, of turns that will go on."""
        await self._place.tidy(unfinished)


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
