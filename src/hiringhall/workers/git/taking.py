"""Takes a run's work out of its workspace: into the hall's own repository, or into a bundle alone.

What is taken while the worker is at it is for another node, should this one die. It is judged as
all work is, but not kept here: there is the workspace itself.
"""

import contextlib
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hiringhall.workers.git import carried, checkout
from hiringhall.workers.git.carried import Brought, Kept, kept_ref
from hiringhall.workers.git.collecting import Checkout, Collector, Taken
from hiringhall.workers.git.command import Git
from hiringhall.workers.git.folders import Bin
from hiringhall.workers.git.intake import Allowance
from hiringhall.workers.git.mirror import Mirror
from hiringhall.workers.git.worked import Workspace
from hiringhall.workers.sandboxes.port import SandboxProvider

WIP = "Work in progress"


@dataclass(frozen=True, slots=True)
class Taking:
    """How the work of one run is taken: `run` is the hall's folder of it, beside the worker's.

    What was left uncommitted becomes a commit with `message`, dated `at_s` (seconds since 1970,
    UTC; unset: now).
    """

    git: Git
    sandbox: SandboxProvider
    allowance: Allowance
    rubbish: Bin
    workspace: Workspace
    mirror: Mirror
    run: Path
    message: str
    at_s: int | None
    secrets: Sequence[str] = field(repr=False)

    async def take(self) -> Taken:
        """Take it into the hall's own repository. Raises WorkspaceError."""
        async with self._collected("collect", at_work=False) as taken:
            return taken

    async def bundle_at_work(self, kept: Brought, folder: Path, but: Mapping[Kept, str]) -> Brought:
        """`kept` with the work as it is now in place of older unfinished work.

        The bundle is in `folder`; there is none for a commit in `but`. Raises WorkspaceError.
        """
        workspace = self.workspace
        if workspace.began == "nothing" and checkout.is_untouched(workspace.folder):
            return kept
        async with self._collected("at-work", at_work=True) as taken:
            if taken.tip == workspace.start:
                return kept
            commits: dict[Kept, str] = {**kept.commits, "wip": taken.tip}
            bundles = dict(kept.bundles)
            bundles.pop("wip", None)
            if taken.tip != but.get("wip"):
                bundle = await carried.bundled_from(
                    self.git,
                    taken.repository,
                    ref=kept_ref("wip", workspace.task_id),
                    commit=taken.tip,
                    known=await self.mirror.commits(),
                    target=folder / "at-work.bundle",
                    allowance=self.allowance,
                )
                if bundle is not None:
                    bundles["wip"] = bundle
            return Brought(commits, bundles)

    @contextlib.asynccontextmanager
    async def _collected(self, name: str, *, at_work: bool) -> AsyncGenerator[Taken]:
        self.mirror.make_work()
        # A name of its own: a git of ours that outlives us for a moment writes where it was told
        # to, and would do so in the folder of the next to collect.
        for left in self.run.glob(f"{name}*"):
            self.rubbish.put_aside(left)
        folder = self.run / f"{name}-{secrets.token_hex(4)}"
        folder.mkdir()
        workspace = self.workspace
        collector = Collector(
            git=self.git,
            sandbox=self.sandbox,
            checkout=Checkout(
                run_id=workspace.run_id,
                folder=workspace.folder,
                branch=workspace.branch,
                start=workspace.start,
                base=workspace.base,
                known=self.run / "known",
                work=self.mirror.work,
            ),
            folder=folder,
            allowance=self.allowance,
            message=self.message,
            at_s=self.at_s,
            secrets=self.secrets,
            at_work=at_work,
        )
        try:
            yield await collector.take()
        finally:
            await self.rubbish.remove(folder)
