"""The hall's own agent (`builtin`): no program to install, any model that the gateway reaches.

Its loop runs beside the hall, in one process for all runs; only its tools run in the sandbox. It
ends by a typed outcome alone: questions, a plan, a delivery, or a reason why it cannot be done.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from hiringhall.actions.runs.working import RunBrief
from hiringhall.domain.runs import Run
from hiringhall.workers.builtin.host import LoopHost
from hiringhall.workers.place import Place
from hiringhall.workers.runtimes.builtin_role import (
    ModelChoice,
    check_builtin_role,
    choose_model,
    read_builtin_role,
)
from hiringhall.workers.runtimes.builtin_run import BuiltinRun, Means
from hiringhall.workers.runtimes.in_session import Ending, Opened, Reach, work_in_session
from hiringhall.workers.runtimes.port import Outcome, Stretch


class Builtin:
    """The runtime of the hall's own agent. `model` is the hall's choice where a role has none."""

    name = "builtin"

    def __init__(
        self,
        place: Place,
        *,
        loops: LoopHost,
        reach: Reach,
        model: ModelChoice | None,
        timeout_s: int,
    ) -> None:
        self._place = place
        self._loops = loops
        self._reach = reach
        self._model = model
        self._timeout_s = timeout_s

    def check_role(self, config: Mapping[str, Any]) -> None:
        """Refuse a role that cannot work here."""
        check_builtin_role(read_builtin_role(config), self._model, self._place.sandbox)

    async def work(self, stretch: Stretch) -> Outcome:
        """Have the agent work, unless a lost predecessor's has ended already, and hand in."""
        brief = stretch.brief
        role = read_builtin_role({} if brief.role is None else brief.role.config)

        async def go(opened: Opened) -> Ending:
            means = Means(
                role=role,
                model=choose_model(role, self._model),
                place=self._place,
                workspace=opened.workspace,
                loops=self._loops,
                limits=role.limits(
                    most_wall_s=self._timeout_s, usual_disk_mib=self._place.run_disk_mib
                ),
            )
            run = BuiltinRun(stretch, means, opened.reached, opened.session, opened.run_log)
            return await run.go()

        return await work_in_session(
            self._place, stretch, name=self.name, reach=self._reach, go=go, hosts=role.hosts
        )

    async def save(self, brief: RunBrief) -> None:
        """Save session and unfinished work, where there are other nodes."""
        await self._place.save(brief)

    async def settled(self, brief: RunBrief) -> None:
        """Let go of workspace and report; the conversation stays for the task's next run."""
        await self._place.settled(brief)

    async def tidy(self, unfinished: Sequence[Run]) -> None:
        """Keep finished work, and what lost runs left, of turns that will go on."""
        await self._place.tidy(unfinished)
