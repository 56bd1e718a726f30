"""Runs a role's plain command in the sandbox on the workspace: no model at all.

Exit 0, and what it printed and changed becomes the deliverable; exit 75 (EX_TEMPFAIL in BSD's
sysexits) asks to be tried again later; any other exit gives the task up with the reason.
"""

import asyncio
import shlex
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hiringhall.actions.runs.working import RunBrief
from hiringhall.domain.runs import Run
from hiringhall.workers.agents.lastwords import to_last_word
from hiringhall.workers.briefs import write_brief
from hiringhall.workers.coordination.desk import Desk
from hiringhall.workers.git.errors import WorkspaceError
from hiringhall.workers.place import Finished, Place, TakenIn, broke_by
from hiringhall.workers.reaching import Opens, Reached
from hiringhall.workers.reports import LastWord, Report
from hiringhall.workers.runlog import Overheard, RunLog, note_found, open_log
from hiringhall.workers.runtimes.command_role import CommandRole, check_role, read_role
from hiringhall.workers.runtimes.handing_in import delivered, hand_in
from hiringhall.workers.runtimes.in_session import Reach
from hiringhall.workers.runtimes.port import Broke, GaveUp, Outcome, Planned, Stretch
from hiringhall.workers.runtimes.sandboxed_role import sees_sockets
from hiringhall.workers.sandboxes.port import (
    WHY,
    ExitReason,
    SandboxError,
    SandboxProvider,
    SandboxSpec,
    read_output,
)
from hiringhall.workers.sockets import WORK
from hiringhall.workers.workspace import Workspace

TRY_AGAIN = 75
NOT_FOUND = (126, 127)
"""As a shell says it of a program that is not there, or cannot be run."""
OUTPUT_BYTES = 150_000
COMPLAINT_BYTES = 20_000
LAST_WORDS_S = 10.0
"""How long a command may go on when its outcome is laid down."""
TAIL_LINES = 15

_FETCHING, _RUNNING, _PUSHED = range(3)
"""The steps of a turn that the poster is told of, in their order."""


class Command:
    """The runtime of plain commands."""

    name = "command"

    def __init__(self, place: Place, *, reach: Reach, timeout_s: int) -> None:
        self._place = place
        self._reach = reach
        self._sandbox = place.sandbox
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
            found = await self._place.found(brief, LastWord) or await self._place.found(
                brief, Report
            )
            if found:
                note_found(self._place.logs, brief.run.id, worked=found.report.run_id)
            report, workspace = (
                (found.report, found.workspace) if found else await self._run(stretch, role)
            )
            if isinstance(report, LastWord):
                return await hand_in(self._place, stretch, Finished(report, workspace))
            return await self._hand_in(stretch, role, Finished(report, workspace))
        except (WorkspaceError, SandboxError) as error:
            return broke_by(error)

    async def save(self, brief: RunBrief) -> None:
        """Save session and unfinished work, where there are other nodes."""
        await self._place.save(brief)

    async def settled(self, brief: RunBrief) -> None:
        """Let go of workspace, session and report: what they held is in the hall now."""
        await self._place.settled(brief)

    async def tidy(self, unfinished: Sequence[Run]) -> None:
        """Keep finished work of turns that will go on, and nothing else."""
        await self._place.tidy(unfinished)

    async def _run(
        self, stretch: Stretch, role: CommandRole
    ) -> tuple[Report | LastWord, Workspace]:
        brief = stretch.brief
        self._place.check_disk()
        run_log = open_log(self._place.logs, brief.run.id, stretch.mask)
        try:
            if brief.task.repository is not None:
                run_log.write(">", f"Fetching {brief.task.repository}")
                await _say(stretch, _FETCHING, f"Fetching {brief.task.repository}")
            workspace = await self._place.prepare(brief)
            run_log.write(">", f"Running {shlex.join(role.argv)}")
            await _say(stretch, _RUNNING, f"Running {shlex.join(role.argv)}")
            home = self._place.fresh_home(brief.run.id)
            write_brief(brief, home)
            seen = self._place.seen(workspace)
            opens = Opens(role.hosts, models=False, workspace=seen)
            async with self._reach(stretch, run_log, opens) as reached:
                spec = self._spec(brief, role, workspace, home, reached)
                report = await self._carry(stretch, spec, reached.desk, run_log)
        except (WorkspaceError, SandboxError) as error:
            run_log.write("!", str(error))
            raise
        finally:
            run_log.close()
        await self._place.finish(brief, report)
        return report, workspace

    async def _carry(
        self, stretch: Stretch, spec: SandboxSpec, desk: Desk, run_log: RunLog
    ) -> Report | LastWord:
        """Run it to its end, or to the outcome that it said at its desk and a little further."""
        sandboxed = await self._sandbox.start(spec)
        told = asyncio.create_task(desk.wait())
        printing = Overheard(run_log, "<", stretch.masked_stream())
        complaining = Overheard(run_log, "!", stretch.masked_stream())
        heard = asyncio.gather(
            read_output(sandboxed.stdout, OUTPUT_BYTES, printing.hear),
            read_output(sandboxed.stderr, COMPLAINT_BYTES, complaining.hear),
            sandboxed.wait(),
        )
        # Where the run is stopped nobody asks for it any more, and that is no fault to be logged.
        heard.add_done_callback(_heard_of)
        try:
            await asyncio.wait({told, heard}, return_when=asyncio.FIRST_COMPLETED)
            if not heard.done():
                await asyncio.wait({heard}, timeout=LAST_WORDS_S)
            if not heard.done():
                await sandboxed.kill()
            printed, complained, ended = await heard
        except BaseException:
            heard.cancel()
            await asyncio.shield(sandboxed.kill())
            raise
        finally:
            told.cancel()
            printing.end()
            complaining.end()
        run_log.write(">", f"It ended: {ended.reason.value}, exit {ended.code}")
        now_s = int(time.time())
        run_id = stretch.brief.run.id
        if desk.submitted is not None:
            return to_last_word(desk.submitted, run_id=run_id, ended_at_s=now_s)
        return Report(
            run_id,
            ended.code,
            ended.reason.value,
            stretch.mask(printed.text.strip()),
            stretch.mask(complained.text.strip()),
            now_s,
        )

    def _spec(
        self,
        brief: RunBrief,
        role: CommandRole,
        workspace: Workspace,
        home: Path,
        reached: Reached,
    ) -> SandboxSpec:
        sockets = reached.sockets.folder if sees_sockets(self._sandbox) else None
        places = self._sandbox.places(workspace=workspace.folder, session=home, sockets=sockets)
        known = {} if sockets is None else {"HIRINGHALL_SOCKET": f"{places.sockets}/{WORK}"}
        return SandboxSpec(
            name=brief.run.id,
            argv=role.argv,
            environment={
                **reached.environment,
                **role.environment,
                **known,
                "HIRINGHALL_TASK_ID": brief.task.id,
                "HIRINGHALL_TITLE": brief.task.title,
                "HIRINGHALL_BRANCH": workspace.branch,
                "HIRINGHALL_BRIEF": f"{places.session}/brief.md",
                "HIRINGHALL_BRIEF_JSON": f"{places.session}/brief.json",
            },
            workspace=workspace.folder,
            session=home,
            sockets=sockets,
            # A relay costs more time than all the rest of a sandbox: who needs none has none.
            relays=reached.sockets.relays if role.hosts else {},
            read_only=role.shown,
            certificates=bool(role.hosts),
            limits=role.limits(
                most_wall_s=self._timeout_s, usual_disk_mib=self._place.run_disk_mib
            ),
        )

    async def _hand_in(
        self, stretch: Stretch, role: CommandRole, finished: Finished[Report]
    ) -> Outcome:
        report, workspace = finished.report, finished.workspace
        if report.reason != ExitReason.EXITED or report.code != 0:
            await self._place.keep_wip(workspace)
            return _failure(role, report, self._sandbox)
        taken = await self._place.take_in(
            workspace,
            token=stretch.brief.run.token,
            message=stretch.brief.task.title,
            at_s=report.ended_at_s,
        )
        collected = taken.collected
        if taken.pushed:
            await _say(stretch, _PUSHED, f"Pushed {collected.branch}")
        files = await self._place.keep_files(stretch, workspace, collected.files)
        text = _text(report, taken, files_kept=len(files))
        return await delivered(self._place, stretch, workspace, taken, files=files, text=text)


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
        return GaveUp(f"{command} was ended: {WHY[ExitReason.OUT_OF_DISK]}{said_so}")
    if report.reason != ExitReason.EXITED:
        return Broke(f"The sandbox of {command} broke down{said_so}")
    if report.code == TRY_AGAIN:
        return Broke(f"{command} asked to be tried again (exit {TRY_AGAIN}){said_so}")
    hint = f"\n{sandbox.view(role.environment.get('PATH'))}" if report.code in NOT_FOUND else ""
    return GaveUp(f"{command} ended with exit {report.code}{said_so}{hint}")


def _text(report: Report, taken: TakenIn, *, files_kept: int) -> str:
    """The deliverable's text: what was printed, and what was changed."""
    collected = taken.collected
    parts = [report.printed or "The command printed nothing."]
    if collected.files:
        count = len(collected.files)
        kept = "pushed" if taken.pushed else "kept in the hall"
        where = f"branch {collected.branch}, {kept}"
        parts.append(f"{count} {'file' if count == 1 else 'files'} changed ({where}):")
        if summary := collected.changes.summary.rstrip():
            # Lines of columns, in a text that is read as Markdown.
            parts.append(f"```\n{summary}\n```")
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


def _heard_of(heard: "asyncio.Future[Any]") -> None:
    """Take note of what became of it, whatever that is."""
    if not heard.cancelled():
        heard.exception()
