"""Prepares a run's workspace: fetch, decide where the run begins, lay the files out.

Where it begins: an earlier run's unfinished work goes before an earlier run's result, and that
before the default branch; but what somebody else made of the branch at the repository goes before
all of them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from hiringhall.domain.ids import task_ref
from hiringhall.workers.git import carried, checkout, skeleton
from hiringhall.workers.git.carried import Brought
from hiringhall.workers.git.collecting import is_ancestor
from hiringhall.workers.git.command import Git
from hiringhall.workers.git.folders import Bin
from hiringhall.workers.git.intake import Allowance
from hiringhall.workers.git.mirror import Mirror, Snapshot
from hiringhall.workers.git.remote import Remote

Began = Literal["nothing", "default", "tip", "wip"]
"""Where a run began: an empty repository, the default branch, an earlier run's result, or work
that an earlier run left unfinished."""


class Record(msgspec.Struct, frozen=True):
    """A run's workspace as `workspace.json` keeps it, so that leftovers outlive a crash."""

    run_id: str
    task_id: str
    organization_id: str
    repository: str | None
    branch: str
    start: str = skeleton.EMPTY_COMMIT
    base: str = skeleton.EMPTY_COMMIT
    default_branch: str | None = None
    remote_tip: str | None = None
    began: Began = "nothing"


@dataclass(frozen=True, slots=True)
class Preparation:
    """One workspace on its way: `folder` gets `workspace/` and `known`.

    `brought` is what another node kept of the task, in place of what is kept here.
    """

    git: Git
    mirror: Mirror
    folder: Path
    room: checkout.Room
    allowance: Allowance
    brought: Brought | None = None

    async def without_repository(self, plan: Record) -> Record:
        """An empty workspace, or one with what the task's last run left."""
        self._write_known([skeleton.EMPTY_COMMIT])
        plan, ref = await self._begin(plan, None)
        if ref is None:
            checkout.write_empty(self.folder / "workspace", branch=plan.branch)
        else:
            await self._lay_out(plan, None, ref)
            await self._fill(plan, ref)
        return plan

    async def from_repository(self, plan: Record, remote: Remote, *, rubbish: Bin) -> Record:
        """A workspace with what the repository serves now.

        Raises:
            WorkspaceError: from the repository, or because there is no room.
        """
        async with self.mirror.held() as held:
            snapshot = await self.mirror.refresh(remote, held=held, rubbish=rubbish)
            plan = msgspec.structs.replace(
                plan,
                base=snapshot.head.commit or skeleton.EMPTY_COMMIT,
                default_branch=snapshot.head.branch,
                remote_tip=snapshot.branch(plan.branch),
            )
            self._write_known([skeleton.EMPTY_COMMIT, *snapshot.refs.values()])
            plan, ref = await self._begin(plan, snapshot)
            if plan.began != "nothing":
                await self._lay_out(plan, snapshot, ref)
        if plan.began == "nothing":
            checkout.write_empty(
                self.folder / "workspace", branch=plan.branch, address=plan.repository
            )
        else:
            await self._fill(plan, ref)
        return plan

    async def _lay_out(self, plan: Record, snapshot: Snapshot | None, ref: str | None) -> None:
        size = await checkout.measure(self.git, self.mirror.work, plan.start, self.room)
        packs = 0 if snapshot is None else checkout.packed_bytes(self.mirror)
        checkout.check_disk(self.folder, needed_bytes=size + packs)
        await checkout.lay_out(
            self.folder / "workspace",
            mirror=self.mirror,
            snapshot=snapshot,
            address=plan.repository,
            branch=plan.branch,
            start=plan.start if ref is None else None,
        )

    async def _fill(self, plan: Record, ref: str | None) -> None:
        await checkout.fill(
            self.git,
            self.folder / "workspace",
            work=self.mirror.work,
            branch=plan.branch,
            start=plan.start,
            start_ref=ref,
        )

    def _write_known(self, commits: list[str]) -> None:
        """What the repository has already, for `intake.py`."""
        lines = "".join(f"^{commit}\n" for commit in dict.fromkeys(commits))
        (self.folder / "known").write_text(lines)

    async def _begin(self, plan: Record, snapshot: Snapshot | None) -> tuple[Record, str | None]:
        """Where the run begins, and the ref in `work.git` that holds it if it is the hall's own."""
        if self.brought is not None:
            await carried.take_in(
                self.git,
                self.mirror,
                plan.task_id,
                self.brought,
                known=self.folder / "known",
                allowance=self.allowance,
            )
        name = task_ref(plan.task_id)
        wip = skeleton.get_ref(self.mirror.work, f"refs/wip/{name}")
        tip = skeleton.get_ref(self.mirror.work, f"refs/tips/{name}")
        if wip is not None and tip is not None and await self._is_ancestor(wip, tip):
            wip = None
        if wip is not None and await self._goes_on(plan.remote_tip, wip):
            return msgspec.structs.replace(plan, start=wip, began="wip"), f"refs/wip/{name}"
        if tip is not None and await self._goes_on(plan.remote_tip, tip):
            return msgspec.structs.replace(plan, start=tip, began="tip"), f"refs/tips/{name}"
        if plan.remote_tip is not None:
            return msgspec.structs.replace(plan, start=plan.remote_tip, began="tip"), None
        if snapshot is not None and snapshot.head.commit is not None:
            return msgspec.structs.replace(plan, start=snapshot.head.commit, began="default"), None
        return plan, None

    async def _goes_on(self, remote_tip: str | None, commit: str) -> bool:
        """Whether a commit of ours lies ahead of what the repository has of the branch."""
        if remote_tip is None:
            return True
        return commit != remote_tip and await self._is_ancestor(remote_tip, commit)

    async def _is_ancestor(self, old: str, new: str) -> bool:
        return await is_ancestor(self.git, self.mirror.work, old, new)
