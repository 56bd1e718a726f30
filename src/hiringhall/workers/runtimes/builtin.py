"""The hall's own agent (`builtin`): no program to install, any model that the gateway reaches.

Its loop runs beside the hall, in one process for all runs; only its tools run in the sandbox. It
ends by a typed outcome alone: questions, a plan, a delivery, or a reason why it cannot be done.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from hiringhall.actions.runs.working import RunBrief
from hiringhall.domain.runs import Run
from hiringhall.workers.agents.lastwords import to_last_word
from hiringhall.workers.builtin.host import LoopHost
from hiringhall.workers.git.errors import WorkspaceError
from hiringhall.workers.place import Finished, Place, broke_by
from hiringhall.workers.reports import LastWord
from hiringhall.workers.runlog import RunLog
from hiringhall.workers.runtimes.agent import Reach
from hiringhall.workers.runtimes.builtin_role import (
    BuiltinRole,
    ModelChoice,
    check_builtin_role,
    choose_model,
    read_builtin_role,
)
from hiringhall.workers.runtimes.builtin_run import BuiltinRun, Means
from hiringhall.workers.runtimes.handing_in import hand_in
from hiringhall.workers.runtimes.port import Broke, Outcome, OverBudget, Parked, Stretch
from hiringhall.workers.sandboxes.port import SandboxError
from hiringhall.workers.sessions import StillInUse


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
        """Let go of workspace and report; the conversation stays for the task's next run."""
        await self._place.settled(brief)

    async def tidy(self, unfinished: Sequence[Run]) -> None:
        """Keep finished work, and what lost runs left, of turns that will go on."""
        await self._place.tidy(unfinished)

    async def _run(
        self, stretch: Stretch, role: BuiltinRole
    ) -> Finished[LastWord] | Broke | OverBudget | Parked:
        brief = stretch.brief
        self._place.check_disk()
        if brief.task.repository is not None and brief.run.steps_done == 0:
            await stretch.progress(f"Fetching {brief.task.repository}")
        workspace = await self._place.prepare(brief)
        session = await self._place.sessions.open(brief.task.id, self.name)
        run_log = RunLog(self._place.logs / f"{brief.run.id}.log", stretch.mask)
        means = Means(
            role=role,
            model=choose_model(role, self._model),
            place=self._place,
            workspace=workspace,
            loops=self._loops,
            limits=role.limits(most_wall_s=self._timeout_s),
        )
        try:
            async with self._reach(stretch) as reached:
                ended = await BuiltinRun(stretch, means, reached, session, run_log).go()
        finally:
            run_log.close()
        if isinstance(ended, Broke | OverBudget | Parked):
            await self._place.keep_wip(workspace)
            return ended
        word = to_last_word(ended, run_id=brief.run.id, ended_at_s=int(time.time()))
        await self._place.finish(brief, word)
        return Finished(word, workspace)
