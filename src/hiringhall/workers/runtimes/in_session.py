"""What every agent's run has around it: a workspace, the task's session, a log, and the hall."""

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeAlias

from hiringhall.workers.agents.lastwords import to_last_word
from hiringhall.workers.coordination.desk import Submitted
from hiringhall.workers.git.errors import WorkspaceError
from hiringhall.workers.place import Finished, Place, broke_by
from hiringhall.workers.reaching import Opens, Reached
from hiringhall.workers.reports import LastWord
from hiringhall.workers.runlog import RunLog, note_found, open_log
from hiringhall.workers.runtimes.handing_in import hand_in
from hiringhall.workers.runtimes.port import Broke, Outcome, OverBudget, Parked, Stretch
from hiringhall.workers.sandboxes.port import SandboxError
from hiringhall.workers.sessions import Session, StillInUse
from hiringhall.workers.workspace import Workspace

Reach: TypeAlias = Callable[[Stretch, RunLog, Opens], AbstractAsyncContextManager[Reached]]
"""Opens the hall to one run: its desk, and the sockets by which its sandbox gets there and out."""

Ending: TypeAlias = Submitted | Broke | OverBudget | Parked
"""How an agent's work ended: with an outcome that it said, or without one."""


@dataclass(frozen=True, slots=True)
class Opened:
    """All that is open while an agent works."""

    workspace: Workspace
    session: Session
    run_log: RunLog
    reached: Reached


async def work_in_session(
    place: Place,
    stretch: Stretch,
    *,
    name: str,
    reach: Reach,
    go: Callable[[Opened], Awaitable[Ending]],
    hosts: Sequence[str],
    forget: Sequence[str] = (),
) -> Outcome:
    """Have an agent work, unless a lost predecessor's has ended already, and hand in.

    `name` is the runtime's, whose session it goes on with; `hosts` are what its role opens of the
    network; `forget` are patterns of what no run leaves to the next in its session.
    """

    def let_in(run_log: RunLog, workspace: Workspace) -> AbstractAsyncContextManager[Reached]:
        return reach(stretch, run_log, Opens(hosts, workspace=place.seen(workspace)))

    try:
        found = await place.found(stretch.brief, LastWord)
        if found:
            note_found(place.logs, stretch.brief.run.id, worked=found.report.run_id)
        finished = found or await _work(place, stretch, name, let_in, go, forget)
        if not isinstance(finished, Finished):
            return finished
        return await hand_in(place, stretch, finished)
    except (WorkspaceError, SandboxError) as error:
        return broke_by(error)
    except StillInUse:
        return Broke("What an earlier run of this task had started has not ended yet")


async def _work(
    place: Place,
    stretch: Stretch,
    name: str,
    let_in: Callable[[RunLog, Workspace], AbstractAsyncContextManager[Reached]],
    go: Callable[[Opened], Awaitable[Ending]],
    forget: Sequence[str],
) -> Finished[LastWord] | Broke | OverBudget | Parked:
    brief = stretch.brief
    place.check_disk()
    if brief.task.repository is not None and brief.run.steps_done == 0:
        await stretch.progress(f"Fetching {brief.task.repository}")
    workspace = await place.prepare(brief)
    session = await place.sessions.open(brief.task.id, name)
    place.forget_in(session, forget)
    run_log = open_log(place.logs, brief.run.id, stretch.mask)
    try:
        async with (
            let_in(run_log, workspace) as reached,
            place.saved_at_work(brief, workspace, but=forget),
        ):
            ended = await go(Opened(workspace, session, run_log, reached))
    finally:
        run_log.close()
    if isinstance(ended, Broke | OverBudget | Parked):
        await place.keep_wip(workspace)
        return ended
    word = to_last_word(ended, run_id=brief.run.id, ended_at_s=int(time.time()))
    await place.finish(brief, word)
    return Finished(word, workspace)
