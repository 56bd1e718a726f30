"""Runs a role's plain command in the sandbox on the workspace: no model at all.

Exit 0, and what it printed and changed becomes the deliverable; exit 75 (EX_TEMPFAIL in BSD's
sysexits) asks to be tried again later; any other exit gives the task up with the reason.
"""

import asyncio
import contextlib
import shlex
import shutil
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from hiringhall.actions.runs.outcomes import NewFile
from hiringhall.actions.runs.working import RunBrief
from hiringhall.domain.runs import Run
from hiringhall.workers.briefs import write_brief
from hiringhall.workers.git.errors import NoAccess, PushRefused, WorkspaceError
from hiringhall.workers.git.folders import Bin
from hiringhall.workers.reports import Report, Reports
from hiringhall.workers.runtimes.command_role import CommandRole, check_role, read_role
from hiringhall.workers.runtimes.port import Broke, Delivered, GaveUp, Outcome, Planned, Stretch
from hiringhall.workers.sandboxes.port import (
    MIB,
    ExitReason,
    SandboxError,
    SandboxProvider,
    SandboxSpec,
    read_output,
)
from hiringhall.workers.workspace import Collected, Workspace, Workspaces

log = structlog.get_logger()

TRY_AGAIN = 75
NOT_FOUND = (126, 127)
"""As a shell says it of a program that is not there, or cannot be run."""
LEAST_FREE_BYTES = 1024 * MIB
OUTPUT_BYTES = 150_000
COMPLAINT_BYTES = 20_000
MAX_FILES = 500
MAX_FILES_BYTES = 256 * MIB
TAIL_LINES = 15

_FETCHING, _RUNNING, _PUSHED = range(3)
"""The steps of a turn that the poster is told of, in their order."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A command's report with the workspace that holds what it made."""

    report: Report
    workspace: Workspace


class Command:
    """The runtime of plain commands."""

    name = "command"

    def __init__(
        self,
        *,
        sandbox: SandboxProvider,
        workspaces: Workspaces,
        folder: Path,
        timeout_s: int,
    ) -> None:
        self._sandbox = sandbox
        self._workspaces = workspaces
        self._folder = folder
        self._sessions = folder / "sessions"
        self._rubbish = Bin(folder / "bin")
        self._reports = Reports(folder / "reports")
        self._timeout_s = timeout_s

    def check_role(self, config: Mapping[str, Any]) -> None:
        """Refuse a role that cannot work here: its command, its mounts, its limits."""
        check_role(read_role(config), self._sandbox)

    async def work(self, stretch: Stretch) -> Outcome:
        """Run the command, unless a lost predecessor has run it to its end, and hand in."""
        brief = stretch.brief
        if brief.role is None:
            return Broke("The command runtime needs a role", may_retry=False)
        role = read_role(brief.role.config)
        if brief.task.spec_approval and not brief.task.plan_approved:
            return Planned(_plan(brief, role))
        try:
            finished = await self._found(brief) or await self._run(stretch, role)
            return await self._hand_in(stretch, role, finished)
        except WorkspaceError as error:
            return Broke(error.reason, may_retry=error.retryable)
        except SandboxError as error:
            return Broke(error.sentence, may_retry=False)

    async def settled(self, brief: RunBrief) -> None:
        """Let go of workspace, session and report: what they held is in the hall now."""
        report = self._reports.read(brief.task.id, brief.run.turn)
        self._reports.drop(brief.task.id, brief.run.turn)
        for run_id in {brief.run.id, *([report.run_id] if report else [])}:
            await self._workspaces.discard(run_id)
            self._rubbish.put_aside(self._sessions / run_id)
        await self._rubbish.empty()

    async def tidy(self, unfinished: Sequence[Run]) -> None:
        """Keep finished work of turns that will go on, and nothing else."""
        needed = self._reports.drop_except({(run.task_id, run.turn) for run in unfinished})
        await self._workspaces.discard_except(needed)
        for folder in self._sessions.iterdir() if self._sessions.is_dir() else ():
            self._rubbish.put_aside(folder)
        await self._rubbish.empty()

    async def _found(self, brief: RunBrief) -> Finished | None:
        report = self._reports.read(brief.task.id, brief.run.turn)
        if report is None:
            return None
        workspace = await self._workspaces.open(report.run_id)
        return None if workspace is None else Finished(report, workspace)

    async def _run(self, stretch: Stretch, role: CommandRole) -> Finished:
        brief = stretch.brief
        self._check_disk()
        if brief.task.repository is not None:
            await _say(stretch, _FETCHING, f"Fetching {brief.task.repository}")
        workspace = await self._workspaces.prepare(
            run_id=brief.run.id,
            task_id=brief.task.id,
            organization_id=brief.task.organization_id,
            repository=brief.task.repository,
        )
        await _say(stretch, _RUNNING, f"Running {shlex.join(role.argv)}")
        session = self._sessions / brief.run.id
        self._rubbish.put_aside(session)
        session.mkdir(mode=0o700, parents=True)
        write_brief(brief, session)
        sandboxed = await self._sandbox.start(self._spec(brief, role, workspace, session))
        try:
            printed, complained, ended = await asyncio.gather(
                read_output(sandboxed.stdout, OUTPUT_BYTES),
                read_output(sandboxed.stderr, COMPLAINT_BYTES),
                sandboxed.wait(),
            )
        except BaseException:
            await asyncio.shield(sandboxed.kill())
            raise
        report = Report(
            brief.run.id,
            ended.code,
            ended.reason.value,
            printed.text.strip(),
            complained.text.strip(),
            int(time.time()),
        )
        await asyncio.to_thread(self._reports.write, brief.task.id, brief.run.turn, report)
        return Finished(report, workspace)

    def _check_disk(self) -> None:
        """Raises `WorkspaceError` where a run could fill the disk that the hall itself needs."""
        free_bytes = shutil.disk_usage(self._folder.parent).free
        if free_bytes < LEAST_FREE_BYTES:
            raise WorkspaceError(
                f"The hall's disk has {free_bytes // MIB} MiB left; no run begins below "
                f"{LEAST_FREE_BYTES // MIB}. Make room there.",
                retryable=True,
            )

    def _spec(
        self, brief: RunBrief, role: CommandRole, workspace: Workspace, session: Path
    ) -> SandboxSpec:
        places = self._sandbox.places(workspace=workspace.folder, session=session, sockets=None)
        return SandboxSpec(
            name=brief.run.id,
            argv=role.argv,
            environment={
                **role.environment,
                "HIRINGHALL_TASK_ID": brief.task.id,
                "HIRINGHALL_TITLE": brief.task.title,
                "HIRINGHALL_BRANCH": workspace.branch,
                "HIRINGHALL_BRIEF": f"{places.session}/brief.md",
                "HIRINGHALL_BRIEF_JSON": f"{places.session}/brief.json",
            },
            workspace=workspace.folder,
            session=session,
            read_only=role.shown,
            limits=role.limits(most_wall_s=self._timeout_s),
        )

    async def _hand_in(self, stretch: Stretch, role: CommandRole, finished: Finished) -> Outcome:
        report, workspace = finished.report, finished.workspace
        if report.reason != ExitReason.EXITED or report.code != 0:
            await self._keep_wip(workspace)
            return _failure(role, report, self._sandbox)
        title = stretch.brief.task.title
        collected = await self._workspaces.collect(workspace, message=title, at_s=report.ended_at_s)
        pushed, unpushed_because = False, ""
        try:
            pushed = await self._workspaces.push(workspace, collected)
        except (PushRefused, NoAccess) as error:
            # The work is done, and nobody should have to do it again: it is handed in here.
            unpushed_because = f"The branch was not pushed. {error.reason}"
        if pushed:
            await _say(stretch, _PUSHED, f"Pushed {collected.branch}")
        files = await self._keep(stretch, workspace, collected)
        text = _text(report, collected, files_kept=len(files), pushed=pushed)
        return Delivered(
            f"{text}\n\n{unpushed_because}".rstrip(),
            files,
            branch=collected.branch if collected.commit else None,
            commit=collected.commit,
        )

    async def _keep_wip(self, workspace: Workspace) -> None:
        """Keep what there is; where that cannot be, why the command failed is the better word."""
        try:
            await self._workspaces.keep_wip(workspace)
        except WorkspaceError as error:
            log.warning("command.unkept", run_id=workspace.run_id, why=error.reason)

    async def _keep(
        self, stretch: Stretch, workspace: Workspace, collected: Collected
    ) -> list[NewFile]:
        room = MAX_FILES_BYTES
        chosen = [file for file in collected.files if file.readable][:MAX_FILES]
        fitting = [file for file in chosen if (room := room - file.size_bytes) >= 0]
        async with _written_out(self._workspaces, workspace, fitting) as paths:
            return [
                await stretch.keep_file(file.path, path)
                for file, path in zip(fitting, paths, strict=True)
            ]


@contextlib.asynccontextmanager
async def _written_out(
    workspaces: Workspaces, workspace: Workspace, chosen: Sequence[Any]
) -> AsyncGenerator[list[Path]]:
    if not chosen:
        yield []
        return
    async with workspaces.written_out(workspace, chosen) as paths:
        yield paths


def _plan(brief: RunBrief, role: CommandRole) -> str:
    """What a command would do, for a poster who wants to approve that first."""
    where = brief.task.repository or "an empty workspace"
    return f"Run this on {where} and hand in what it prints and changes:\n\n{shlex.join(role.argv)}"


async def _say(stretch: Stretch, step: int, text: str) -> None:
    """Tell the poster what one step of a turn says, unless a lost predecessor has told it.

    Without a repository the first step is to run the command.
    """
    before = step if stretch.brief.task.repository is not None else step - _RUNNING
    if stretch.brief.run.steps_done <= before:
        await stretch.progress(text)


def _failure(role: CommandRole, report: Report, sandbox: SandboxProvider) -> Outcome:
    """Why the command made nothing to deliver, with the end of what it said."""
    said = report.complained or report.printed
    tail = "\n".join(said.splitlines()[-TAIL_LINES:])
    said_so = f":\n{tail}" if tail else "."
    command = shlex.join(role.argv)
    if report.reason == ExitReason.TIMED_OUT:
        return GaveUp(f"{command} took longer than its time and was ended{said_so}")
    if report.reason == ExitReason.OUT_OF_MEMORY:
        return GaveUp(f"{command} used more than its {role.memory_mib} MiB of memory{said_so}")
    if report.reason == ExitReason.OUT_OF_DISK:
        return GaveUp(f"{command} wrote more than its {role.disk_mib} MiB of the disk{said_so}")
    if report.reason != ExitReason.EXITED:
        return Broke(f"The sandbox of {command} broke down{said_so}")
    if report.code == TRY_AGAIN:
        return Broke(f"{command} asked to be tried again (exit {TRY_AGAIN}){said_so}")
    hint = f"\n{sandbox.view(role.environment.get('PATH'))}" if report.code in NOT_FOUND else ""
    return GaveUp(f"{command} ended with exit {report.code}{said_so}{hint}")


def _text(report: Report, collected: Collected, *, files_kept: int, pushed: bool) -> str:
    """The deliverable's text: what was printed, and what was changed."""
    parts = [report.printed or "The command printed nothing."]
    if collected.files:
        count = len(collected.files)
        where = f"branch {collected.branch}, {'pushed' if pushed else 'kept in the hall'}"
        parts.append(f"{count} {'file' if count == 1 else 'files'} changed ({where}):")
        parts.append(collected.changes.summary.rstrip())
        readable = sum(file.readable for file in collected.files)
        if files_kept < readable:
            parts.append(
                f"{readable - files_kept} of the files were too many or too large to attach."
            )
    else:
        parts.append("Nothing was changed.")
    parts += collected.notes
    if collected.left_out:
        parts.append("Too large to take: " + ", ".join(collected.left_out))
    return "\n\n".join(part for part in parts if part)
