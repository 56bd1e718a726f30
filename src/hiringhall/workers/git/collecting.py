"""Gets a run's work out of its checkout: a second sandbox makes a bundle, the host judges it.

First the worker's own commits are asked for, with what it left uncommitted on top. Where its
repository is broken or its commits are not acceptable, the files alone are taken, as one commit on
where the run began; a note says so.
"""

import asyncio
import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

from hiringhall.workers.git import skeleton
from hiringhall.workers.git.command import Git
from hiringhall.workers.git.errors import TimedOut, TooLarge, WorkspaceError, WorkUnreadable, clean
from hiringhall.workers.git.folders import open_made_file, read_made_file
from hiringhall.workers.git.intake import Allowance, Intake
from hiringhall.workers.git.peer import peer
from hiringhall.workers.sandboxes.port import (
    ExitReason,
    Limits,
    SandboxError,
    SandboxProvider,
    SandboxSpec,
    read_output,
)

_TOO_LARGE = re.compile(r"signal 25|file size limit|file too large", re.IGNORECASE)
"""How git and the shell say that a file met its limit."""


@functools.cache
def _script() -> str:
    return files("hiringhall.workers.git").joinpath("collect.sh").read_text()


@dataclass(frozen=True, slots=True)
class Checkout:
    """What collecting has to know of a run's workspace."""

    run_id: str
    folder: Path
    branch: str
    start: str
    base: str
    known: Path
    work: Path


@dataclass(frozen=True, slots=True)
class Taken:
    """The commit that the work ends at, and a repository that has it; notes are for people."""

    tip: str
    repository: Path
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Collector:
    """Collects from one checkout, in a folder of its own that is there for this call alone.

    What was left uncommitted is committed under `message`, and dated `at_s` (unset: now). What is
    taken `at_work`, while the worker writes, is not kept in the hall's repository.
    """

    git: Git
    sandbox: SandboxProvider
    checkout: Checkout
    folder: Path
    allowance: Allowance
    message: str
    at_s: int | None
    secrets: Sequence[str] = field(repr=False)
    at_work: bool = False

    async def take(self) -> Taken:
        """Take the work in.

        Raises:
            WorkUnreadable, TooLarge, LiveSecret, TimedOut: it could not be, and nothing is kept.
        """
        try:
            return await self._attempt("own", clean_start=False)
        except (WorkUnreadable, TimedOut) as error:
            taken = await self._attempt("files", clean_start=True)
            note = f"Only the files were taken, as one commit. {error.reason}"
            return replace(taken, notes=(note, *taken.notes))

    async def _attempt(self, name: str, *, clean_start: bool) -> Taken:
        folder = self.folder / name
        session = folder / "session"
        await asyncio.to_thread(self._lay_out, session)
        if clean_start:
            await self._copy_start(session / "base")
        await self._run(session, clean_start=clean_start)
        intake = Intake(
            self.git,
            folder / "intake",
            self.checkout.work,
            self.allowance,
            keeps=not self.at_work,
        )
        skeleton.write(
            intake.folder, bare=True, head="hall-none", borrows=[self.checkout.work / "objects"]
        )
        tip = await self._take_in(session, intake)
        left_out = _read_names(session)
        notes = [f"{len(left_out)} files were too large to be taken."] if left_out else []
        return Taken(tip, intake.folder, notes=tuple(notes), left_out=left_out)

    def _lay_out(self, session: Path) -> None:
        session.mkdir(parents=True)
        skeleton.write(session / "git", bare=True, head="hall-none")

    async def _copy_start(self, folder: Path) -> None:
        """The commit where the run began, by itself, for when the worker's repository is no use."""
        skeleton.write(folder, bare=True, head="hall-none")
        name = f"refs/collecting/{self.checkout.run_id}"
        skeleton.set_ref(self.checkout.work, name, self.checkout.start)
        try:
            await self.git.must(
                "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--depth=1",
                f"--upload-pack={peer('upload')}", "--",
                f"file://{self.checkout.work}", f"{name}:refs/heads/start",
                repository=folder, protocols="file",
            )  # fmt: skip
        finally:
            skeleton.drop_ref(self.checkout.work, name)

    async def _run(self, session: Path, *, clean_start: bool) -> None:
        places = self.sandbox.places(workspace=self.checkout.folder, session=session, sockets=None)
        objects = f"{places.session}/base" if clean_start else f"{places.workspace}/.git"
        person = {"NAME": skeleton.WORKER_NAME, "EMAIL": skeleton.WORKER_EMAIL}
        if self.at_s is not None:
            person["DATE"] = f"{self.at_s} +0000"
        kind = f"{'at-work-' if self.at_work else ''}{'files' if clean_start else 'own'}"
        spec = SandboxSpec(
            name=f"{self.checkout.run_id}-{kind}",
            argv=["/bin/sh", "-c", _script(), "collect"],
            environment={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "LC_ALL": "C",
                "HOME": "/nonexistent",
                "HALL_WORKSPACE": places.workspace,
                "HALL_SESSION": places.session,
                "HALL_BRANCH": self.checkout.branch,
                "HALL_BASE": self.checkout.start,
                "HALL_KNOWN": self.checkout.start if clean_start else self.checkout.base,
                "HALL_OBJECTS": f"{objects}/objects",
                "HALL_HEAD": self.checkout.start if clean_start else "",
                "HALL_MESSAGE": self.message,
                "HALL_MOST": str(self.allowance.object_bytes),
                "HALL_AT_WORK": "1" if self.at_work else "",
                **{f"GIT_AUTHOR_{key}": value for key, value in person.items()},
                **{f"GIT_COMMITTER_{key}": value for key, value in person.items()},
            },
            workspace=self.checkout.folder,
            session=session,
            limits=self._limits,
        )
        try:
            running = await self.sandbox.start(spec)
        except SandboxError as error:
            raise WorkspaceError(
                f"The work could not be collected: {error.sentence}", retryable=True
            ) from error
        try:
            _, errors = await asyncio.gather(
                read_output(running.stdout, 1024), read_output(running.stderr, 4096)
            )
            ended = await running.wait()
        finally:
            await running.kill()
        if ended.reason is ExitReason.TIMED_OUT:
            raise TimedOut(f"Collecting the work took longer than {self.allowance.time_s:g} s.")
        if ended.reason is ExitReason.BROKEN:
            raise WorkspaceError(
                f"The sandbox for collecting broke: {clean(errors.text)}", retryable=True
            )
        if ended.reason is ExitReason.OUT_OF_DISK or _TOO_LARGE.search(errors.text):
            raise TooLarge(self.allowance.refusal)
        if ended.code == 127:
            raise WorkspaceError(
                f"A program for collecting is missing in the sandbox: {clean(errors.text)}. "
                "It takes git, findutils and coreutils below /usr."
            )
        if ended.code != 0:
            raise WorkUnreadable(f"The worker's repository could not be read: {clean(errors.text)}")

    @property
    def _limits(self) -> Limits:
        """Room for a bundle beside what the worker left, however much its role lets it write."""
        pack_bytes = self.allowance.pack_bytes
        return Limits(
            file_bytes=2 * pack_bytes, disk_bytes=4 * pack_bytes, wall_s=self.allowance.time_s
        )

    async def _take_in(self, session: Path, intake: Intake) -> str:
        try:
            bundle = open_made_file(session, "out.bundle", limit_bytes=self.allowance.pack_bytes)
        except TooLarge as error:
            raise TooLarge(self.allowance.refusal) from error
        known = self.checkout.known
        if bundle is not None:
            with bundle:
                return await intake.take(
                    bundle,
                    ref=f"refs/heads/{self.checkout.branch}",
                    known=known,
                    secrets=self.secrets,
                )
        tip = (read_made_file(session, "tip", limit_bytes=64) or b"").decode("ascii", "replace")
        tip = tip.strip()
        if not skeleton.is_commit_id(tip) or not await is_ancestor(
            self.git, intake.work, tip, self.checkout.start
        ):
            raise WorkUnreadable("The sandbox names a commit that this hall does not have.")
        await intake.judge(tip, known=known, secrets=self.secrets)
        return tip


async def is_ancestor(git: Git, repository: Path, old: str, new: str) -> bool:
    """Whether `old` is part of the history of `new` (or the same)."""
    if old == new:
        return True
    answer = await git.run("merge-base", "--is-ancestor", old, new, repository=repository)
    return answer.code == 0


def _read_names(session: Path) -> tuple[str, ...]:
    content = read_made_file(session, "left-out", limit_bytes=1 << 15) or b""
    return tuple(line for line in content.decode("utf-8", "backslashreplace").splitlines() if line)
