"""Where the hall's own workers work: a workspace, a session folder, a sandbox, and the way out.

    folder/homes/<run id>/       what a run without a session sees at `/session`
    folder/sessions/<task id>/   what an agent keeps from run to run (`sessions.py`)
    folder/reports/              what was finished, and is not yet in the hall
    folder/logs/                 what was said with agents, a file for each run
    folder/carried/              which of it is as new as any node's (`carrying/`)
    folder/bin/                  what is on its way out

Every runtime whose work happens in a sandbox shares one of these with the others: each step may be
repeated after a crash, and what a lost run has finished is found by its successor.
"""

import asyncio
import contextlib
import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NoReturn, TypeVar

import structlog

from hiringhall.actions.runs.outcomes import NewFile
from hiringhall.actions.runs.working import RunBrief
from hiringhall.blobs import Blobs
from hiringhall.domain.ids import made_at_us
from hiringhall.domain.runs import Run, RunToken
from hiringhall.hall import Hall
from hiringhall.workers.access import Access
from hiringhall.workers.carrying.carrying import Carrying, Luggage
from hiringhall.workers.coordination.desk import SeenWorkspace
from hiringhall.workers.git.carried import Brought, Kept
from hiringhall.workers.git.changes import ChangedFile
from hiringhall.workers.git.checkout import check_disk
from hiringhall.workers.git.errors import WorkspaceError
from hiringhall.workers.git.folders import Bin
from hiringhall.workers.offering import Offer, offer
from hiringhall.workers.reports import AnyReport, Reports
from hiringhall.workers.runtimes.port import Broke, Stretch
from hiringhall.workers.sandboxes.port import MIB, SandboxError, SandboxProvider
from hiringhall.workers.sessions import Session, Sessions
from hiringhall.workers.workspace import Collected, Workspace, Workspaces

log = structlog.get_logger()

_BEGINS_ANEW = frozenset({"command"})
"""A plain command knows nothing of what it had done: half of it is no beginning."""
PUSH_AGAIN_S = (1.0, 5.0)
"""Seconds to wait before a repository that is away is tried again."""
SAVING_SHARE = 20
"""How many times as long as a save takes nothing is saved of that run."""
MAX_FILES = 500
MAX_FILES_BYTES = 256 * MIB


R = TypeVar("R", bound=AnyReport)


@dataclass(frozen=True, slots=True)
class Finished(Generic[R]):
    """What a run came to, with the workspace that holds what it made."""

    report: R
    workspace: Workspace


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What a run made, in the hall now; `unpushed_because` says why its branch is only here."""

    collected: Collected
    pushed: bool
    unpushed_because: str

    @property
    def warning(self) -> str:
        """Why the branch is not at the repository, for people; empty where nothing is wrong."""
        if not self.unpushed_because:
            return ""
        return (
            f"The branch was not pushed. {self.unpushed_because} The work is kept in the hall: the "
            "task's next run pushes it."
        )


class Place:
    """The one place of work of a node, for every runtime that works in sandboxes."""

    def __init__(
        self,
        sandbox: SandboxProvider,
        workspaces: Workspaces,
        access: Access,
        *,
        folder: Path,
        run_disk_mib: int,
    ) -> None:
        self.sandbox = sandbox
        self.run_disk_mib = run_disk_mib
        """What a run may write to the disk where its role does not say."""
        self.workspaces = workspaces
        self._access = access
        self._folder = folder
        self._homes = folder / "homes"
        self._rubbish = Bin(folder / "bin")
        self.reports = Reports(folder / "reports")
        self._untaken: dict[str, Workspace] = {}
        self.sessions = Sessions(folder / "sessions", self._rubbish)
        self.logs = folder / "logs"
        self.carrying: Carrying | None = None
        """Set where the hall has other nodes, which go on with what this one has."""
        self._save_every_s = 0
        self._one_saves = asyncio.Lock()

    def carry(self, hall: Hall, blobs: Blobs, *, save_every_s: int = 0) -> None:
        """From now on tasks go on at any node with what another had of them.

        What agents have is saved when they have ended, and while they work every `save_every_s`
        (0: not then), so that a node may die.
        """
        self.carrying = Carrying(hall, blobs, self._folder / "carried", self._rubbish)
        self._save_every_s = save_every_s

    async def found(self, brief: RunBrief, kind: type[R]) -> Finished[R] | None:
        """What a lost run of the same turn had finished, if there is such."""
        report = self.reports.read(brief.task.id, brief.run.turn)
        if not isinstance(report, kind):
            return None
        keys = await self._access.keys(brief.task.id)
        token = keys.token_for(brief.task.repository)
        workspace = await self.workspaces.open(report.run_id, token=token)
        return None if workspace is None else Finished(report, workspace)

    def check_disk(self) -> None:
        """Raises `DiskFull` where a run could fill the disk that the hall itself needs."""
        check_disk(self._folder.parent, needed_bytes=0)

    async def prepare(self, brief: RunBrief) -> Workspace:
        """The run's workspace, fetched and laid out. Raises WorkspaceError.

        The team's token is asked for anew each time. What is neither taken in nor kept until the
        run is settled is kept then. What another node has saved of the task is fetched before.
        """
        if self.carrying is None:
            return await self._prepare(brief, Luggage())
        async with self.carrying.brought(brief, self.sessions) as luggage:
            workspace = await self._prepare(brief, luggage)
            if luggage.session is not None:
                await self.sessions.bring(brief.task.id, luggage.session)
            await self.carrying.arrived(brief, luggage)
        return workspace

    async def _prepare(self, brief: RunBrief, luggage: Luggage) -> Workspace:
        keys = await self._access.keys(brief.task.id)
        workspace = await self.workspaces.prepare(
            run_id=brief.run.id,
            task_id=brief.task.id,
            organization_id=brief.task.organization_id,
            repository=brief.task.repository,
            token=keys.token_for(brief.task.repository),
            brought=luggage.work,
        )
        self._untaken[brief.run.id] = workspace
        return workspace

    def seen(self, workspace: Workspace) -> SeenWorkspace:
        """A workspace as a run's tools are to see it."""
        folder = workspace.folder
        places = self.sandbox.places(workspace=folder, session=folder, sockets=None)
        return SeenWorkspace(folder, places.workspace)

    def fresh_home(self, run_id: str) -> Path:
        """An empty session folder for one run, gone when the run is settled."""
        home = self._homes / run_id
        self._rubbish.put_aside(home)
        home.mkdir(mode=0o700, parents=True)
        return home

    def forget_in(self, session: Session, patterns: Sequence[str]) -> None:
        """Take out of a session what no run may leave to the next."""
        session.forget(patterns, self._rubbish)

    async def finish(self, brief: RunBrief, report: AnyReport) -> None:
        """Keep what a run came to: it is on the disk when this returns."""
        await asyncio.to_thread(self.reports.write, brief.task.id, brief.run.turn, report)

    async def take_in(
        self, workspace: Workspace, *, token: RunToken, message: str, at_s: int
    ) -> TakenIn:
        """Collect what was made and push its branch.

        What was left uncommitted becomes a commit with `message`, dated `at_s` (seconds since
        1970, UTC). `token` is that of the run that hands in.

        Raises:
            WorkspaceError: nothing was taken in.
            Superseded: another run has taken that one's place, and nothing is pushed.
        """
        live = await self._unpublishable(workspace)
        try:
            collected = await self.workspaces.collect(
                workspace, message=message, at_s=at_s, secrets=live
            )
        except WorkspaceError as error:
            if not error.retryable:
                # What is too much, or no work at all, would be so again when the run is settled.
                self._untaken.pop(workspace.run_id, None)
            raise
        self._untaken.pop(workspace.run_id, None)
        return await self._push(workspace, collected, token)

    async def _push(self, workspace: Workspace, collected: Collected, token: RunToken) -> TakenIn:
        """Push, again after a while where that may help.

        That it cannot be is no failure: nobody should have to do the work again. A node may have
        been stopped for as long as you like between any two lines; so before each attempt the
        run's place is held for the time of a lease.
        """
        for pause_s in (*PUSH_AGAIN_S, None):
            await self._access.hold(token)
            try:
                pushed = await self.workspaces.push(workspace, collected)
                return TakenIn(collected, pushed, "")
            except WorkspaceError as error:
                if not error.retryable or pause_s is None:
                    return TakenIn(collected, pushed=False, unpushed_because=error.reason)
                log.info("place.push_again", run_id=workspace.run_id, why=error.reason)
            await asyncio.sleep(pause_s)
        raise AssertionError("the last attempt returns")

    async def offer(
        self, stretch: Stretch, workspace: Workspace, taken: TakenIn, text: str
    ) -> Offer:
        """Open a pull request with a text for what was pushed, where the team wants that."""
        if not taken.pushed:
            return Offer()
        title = stretch.mask(stretch.brief.task.title)
        return await offer(self._access, workspace, title=title, text=stretch.mask(text))

    async def keep_files(
        self, stretch: Stretch, workspace: Workspace, changed: Sequence[ChangedFile]
    ) -> list[NewFile]:
        """Store collected files to deliver, as many as fit."""
        room = MAX_FILES_BYTES
        chosen = [file for file in changed if file.readable][:MAX_FILES]
        fitting = [file for file in chosen if (room := room - file.size_bytes) >= 0]
        async with self._written_out(workspace, fitting) as paths:
            return [
                await stretch.keep_file(file.path, path)
                for file, path in zip(fitting, paths, strict=True)
            ]

    @contextlib.asynccontextmanager
    async def _written_out(
        self, workspace: Workspace, chosen: Sequence[ChangedFile]
    ) -> AsyncGenerator[list[Path]]:
        if not chosen:
            yield []
            return
        async with self.workspaces.written_out(workspace, chosen) as paths:
            yield paths

    async def keep_wip(self, workspace: Workspace) -> None:
        """Keep unfinished work for the task's next run.

        Where that cannot be it is only logged: why the run ended is the better word.
        """
        self._untaken.pop(workspace.run_id, None)
        try:
            live = await self._unpublishable(workspace)
            await self.workspaces.keep_wip(workspace, secrets=live)
        except (WorkspaceError, SandboxError) as error:
            log.warning("place.unkept", run_id=workspace.run_id, why=str(error))

    async def _unpublishable(self, workspace: Workspace) -> Sequence[str]:
        """What must not stand in the work, if that is pushed; files handed in are masked anyway."""
        if workspace.repository is None:
            return ()
        return (await self._access.keys(workspace.task_id)).live

    async def save(self, brief: RunBrief) -> None:
        """Keep unfinished work, and save it with the session for whichever node has the next run.

        For when nothing of the run is at work any more, and nobody else has its task.
        """
        if self.carrying is None:
            return
        untaken = self._untaken.get(brief.run.id)
        if untaken is not None:
            await self.keep_wip(untaken)
        bundles = functools.partial(self._bundles, brief)
        await self.carrying.save(brief, self.sessions, bundles)

    @contextlib.asynccontextmanager
    async def saved_at_work(
        self, brief: RunBrief, workspace: Workspace, *, but: Sequence[str]
    ) -> AsyncGenerator[None]:
        """Save a run's session and unfinished work now and then, as long as the block lasts.

        `but` is what no run leaves to the next in its session.
        """
        if self.carrying is None or not self._save_every_s:
            yield
            return
        bundles = functools.partial(self._bundles_at_work, brief, workspace)
        save = functools.partial(
            self.carrying.save, brief, self.sessions, bundles, at_work=True, but=but
        )
        saving = asyncio.create_task(self._keep_saving(save))
        try:
            yield
        finally:
            # Nothing of it is left in the workspace when that is collected.
            saving.cancel()
            await asyncio.gather(saving, return_exceptions=True)

    async def _keep_saving(self, save: Callable[[], Awaitable[bool]]) -> NoReturn:
        """One run after another, and none for more than a small part of the time."""
        now_s = asyncio.get_running_loop().time
        pause_s = float(self._save_every_s)
        while True:
            await asyncio.sleep(pause_s)
            async with self._one_saves:
                began_s = now_s()
                await save()
                pause_s = max(self._save_every_s, SAVING_SHARE * (now_s() - began_s))

    async def _bundles_at_work(
        self, brief: RunBrief, workspace: Workspace, folder: Path, but: Mapping[Kept, str]
    ) -> Brought:
        self.check_disk()
        return await self.workspaces.bundle_at_work(
            workspace,
            await self._bundles(brief, folder, but),
            folder=folder,
            but=but,
            at_s=made_at_us(brief.run.id) // 1_000_000,
            secrets=await self._unpublishable(workspace),
        )

    async def _bundles(self, brief: RunBrief, folder: Path, but: Mapping[Kept, str]) -> Brought:
        task = brief.task
        return await self.workspaces.bundle(
            organization_id=task.organization_id,
            task_id=task.id,
            repository=task.repository,
            folder=folder,
            but=but,
        )

    async def settled(self, brief: RunBrief) -> None:
        """Let go of workspace, home and report: what they held is in the hall now.

        Unfinished work of a run that was stopped is kept before.
        """
        untaken = self._untaken.get(brief.run.id)
        if untaken is not None:
            await self.keep_wip(untaken)
        await self.drop(brief.task.id, brief.run.turn, brief.run.id)

    async def drop(self, task_id: str, turn: int, *run_ids: str) -> None:
        """Remove a turn's report, with the workspaces and homes of its run and of these."""
        report = self.reports.read(task_id, turn)
        self.reports.drop(task_id, turn)
        for run_id in {*run_ids, *([report.run_id] if report else [])}:
            await self.workspaces.discard(run_id)
            self._rubbish.put_aside(self._homes / run_id)
        await self._rubbish.empty()

    async def tidy(self, unfinished: Sequence[Run]) -> None:
        """At a start: keep finished work of turns that will go on, and nothing else.

        What a lost run left unfinished is kept for its successor. For when nothing is prepared
        yet; harmless when every runtime here asks for it.
        """
        needed = self.reports.drop_except({(run.task_id, run.turn) for run in unfinished})
        for run in unfinished:
            lost = run.previous_run_id
            if lost is not None and lost not in needed and run.runtime not in _BEGINS_ANEW:
                workspace = await self.workspaces.open(lost)
                if workspace is not None:
                    await self.keep_wip(workspace)
        await self.workspaces.discard_except(needed)
        for folder in self._homes.iterdir() if self._homes.is_dir() else ():
            self._rubbish.put_aside(folder)
        if self.carrying is not None:
            self.carrying.tidy()
        await self._rubbish.empty()


def broke_by(error: WorkspaceError | SandboxError) -> Broke:
    """How a run ends that could not be given its place, or whose work could not be taken in."""
    if isinstance(error, SandboxError):
        return Broke(error.sentence, may_retry=False)
    return Broke(error.reason, may_retry=error.retryable)
