"""The git side of a run: a workspace before it, what was made after it, and the branch pushed.

    root/repositories/<hash>/    one organization's copy of one repository (`git/mirror.py`)
    root/runs/<run id>/          one run: `workspace/` is the worker's, the rest is the hall's
    root/bin/                    what is on its way out

Each step may be repeated after a crash in its middle: what is half made lies under a temporary
name, and is made anew.
"""

import contextlib
import secrets
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from hiringhall.domain.ids import branch_of, is_uuid, task_ref
from hiringhall.workers.git import address, carried, changes, checkout, skeleton
from hiringhall.workers.git.carried import Brought, Kept
from hiringhall.workers.git.changes import ChangedFile, Changes
from hiringhall.workers.git.collecting import Taken
from hiringhall.workers.git.command import Git
from hiringhall.workers.git.errors import WorkUnreadable
from hiringhall.workers.git.folders import Bin
from hiringhall.workers.git.intake import Allowance
from hiringhall.workers.git.mirror import Mirror
from hiringhall.workers.git.mirrors import Mirrors
from hiringhall.workers.git.preparing import Preparation, Record
from hiringhall.workers.git.remote import Remote
from hiringhall.workers.git.ssh import SshAccess
from hiringhall.workers.git.taking import WIP, Taking
from hiringhall.workers.git.worked import Collected, Workspace
from hiringhall.workers.sandboxes.port import SandboxProvider

__all__ = ["Collected", "Workspace", "Workspaces"]


class Workspaces:
    """All workspaces under one folder, which no other hall uses; nothing in `own` is fetched."""

    def __init__(
        self,
        root: Path,
        *,
        allow_local: bool,
        sandbox: SandboxProvider,
        ssh: SshAccess | None = None,
        git: Git | None = None,
        allowance: Allowance | None = None,
        room: checkout.Room | None = None,
        fetch_time_s: float = 600,
        resolver: address.type_of_resolver = address.system_resolver,
        own: Path | None = None,
    ) -> None:
        self._root = root
        self._own = own or root
        self._runs = root / "runs"
        self._rubbish = Bin(root / "bin")
        self._allow_local = allow_local
        self._sandbox = sandbox
        self._ssh = ssh
        self._git = git or Git()
        self.mirrors = Mirrors(root / "repositories", self._git, self._rubbish)
        self._allowance = allowance or Allowance()
        self._room = room or checkout.Room()
        self._fetch_time_s = fetch_time_s
        self._resolver = resolver

    def check_address(self, repository: str) -> str:
        """An address in the hall's own spelling, for whoever takes a task in.

        Raises:
            AddressRefused: the hall does not go there.
        """
        return self._address(repository).url

    async def prepare(
        self,
        *,
        run_id: str,
        task_id: str,
        organization_id: str,
        repository: str | None,
        token: str | None = None,
        brought: Brought | None = None,
    ) -> Workspace:
        """Make a run's workspace, or find the one that was made before.

        `brought` goes before what is kept here of the task's earlier runs.

        Raises:
            WorkspaceError: AddressRefused, RepositoryMissing, NoAccess, Unreachable,
                DefaultBranchVanished, TooLarge, TimedOut, Busy.
        """
        made = await self.open(run_id, token=token)
        if made is not None:
            return made
        where = None if repository is None else self._address(repository)
        plan = Record(
            run_id=run_id,
            task_id=task_id,
            organization_id=organization_id,
            repository=None if where is None else where.url,
            branch=branch_of(task_id),
        )
        with self.mirrors.needed(self._mirror(plan)):
            record = await self._make(plan, where, token, brought)
        return self._workspace(record, token)

    async def _make(
        self,
        plan: Record,
        where: address.Address | None,
        token: str | None,
        brought: Brought | None,
    ) -> Record:
        fresh = self._runs / f".new-{plan.run_id}-{secrets.token_hex(4)}"
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        (fresh / "workspace").mkdir(parents=True)
        preparation = Preparation(
            self._git, self._mirror(plan), fresh, self._room, self._allowance, brought
        )
        try:
            if where is None:
                record = await preparation.without_repository(plan)
            else:
                remote = await self._remote(where, token)
                record = await preparation.from_repository(plan, remote, rubbish=self._rubbish)
            (fresh / "workspace.json").write_bytes(msgspec.json.encode(record))
            self._rubbish.put_aside(self._run_folder(plan.run_id))
            fresh.rename(self._run_folder(plan.run_id))
        except BaseException:
            self._rubbish.put_aside(fresh)
            raise
        return record

    async def open(self, run_id: str, *, token: str | None = None) -> Workspace | None:
        """The workspace that was made for a run; None when none is there.

        A hall that was killed finds its runs' unfinished work by this.
        """
        record = self._record(run_id)
        return None if record is None else self._workspace(record, token)

    async def collect(
        self,
        workspace: Workspace,
        *,
        message: str,
        at_s: int | None = None,
        secrets: Sequence[str] = (),
    ) -> Collected:
        """Take in what the run made, uncommitted work under `message`; nothing is pushed.

        The worker's sandbox must have ended; nothing may run in the workspace afterwards.
        `at_s` dates that commit (seconds since 1970, UTC; unset: now): collected again with the
        same, the same work is the same commit. `secrets` are all that are in use by this run.

        Raises:
            WorkspaceError: LiveSecret, TooLarge, WorkUnreadable, TimedOut: nothing was kept.
        """
        if workspace.began == "nothing" and checkout.is_untouched(workspace.folder):
            return Collected(workspace.branch, None, is_new=False, changes=Changes())
        taken = await self._take(workspace, message=message, at_s=at_s, live=secrets)
        mirror = self._mirror(workspace)
        found = await changes.between(
            self._git,
            mirror.work,
            await changes.left_at(self._git, mirror.work, workspace.base, taken.tip),
            taken.tip,
            most_files=self._allowance.changed_files,
            patch_bytes=self._allowance.patch_bytes,
        )
        name = task_ref(workspace.task_id)
        is_new = taken.tip != workspace.start or workspace.began == "wip"
        if found.files:
            skeleton.set_ref(mirror.work, f"refs/tips/{name}", taken.tip)
        else:
            skeleton.drop_ref(mirror.work, f"refs/tips/{name}")
        skeleton.drop_ref(mirror.work, f"refs/wip/{name}")
        return Collected(
            branch=workspace.branch,
            commit=taken.tip if found.files else None,
            is_new=is_new and bool(found.files),
            changes=found,
            notes=taken.notes,
            left_out=taken.left_out,
        )

    async def keep_wip(
        self,
        workspace: Workspace,
        *,
        message: str = WIP,
        secrets: Sequence[str] = (),
    ) -> str | None:
        """Keep unfinished work for the task's next run; returns its commit, None if none is new.

        Raises:
            WorkspaceError: as for `collect`.
        """
        if workspace.began == "nothing" and checkout.is_untouched(workspace.folder):
            return None
        taken = await self._take(workspace, message=message, live=secrets)
        if taken.tip == workspace.start:
            return None
        mirror = self._mirror(workspace)
        skeleton.set_ref(mirror.work, f"refs/wip/{task_ref(workspace.task_id)}", taken.tip)
        return taken.tip

    async def push(self, workspace: Workspace, collected: Collected) -> bool:
        """Push the branch to the repository, if there is one and something to push.

        Returns whether the repository now has the branch as it was collected.

        Raises:
            LeaseLost: somebody else moved the branch.
            WorkspaceError: PushRefused, RepositoryMissing, NoAccess, Unreachable, TimedOut.
        """
        if workspace.repository is None or collected.commit is None:
            return False
        if collected.branch != branch_of(workspace.task_id):
            raise WorkUnreadable("Only the task's own branch is ever pushed.")
        remote = await self._remote(self._address(workspace.repository), workspace.token)
        pushed = self._run_folder(workspace.run_id)
        await remote.push(
            self._mirror(workspace).work,
            commit=collected.commit,
            branch=collected.branch,
            old=skeleton.get_ref(pushed, "pushed") or workspace.remote_tip,
        )
        skeleton.set_ref(pushed, "pushed", collected.commit)
        return True

    async def read_file(
        self, workspace: Workspace, commit: str, path: str, *, limit_bytes: int = 16 << 20
    ) -> bytes:
        """The content of a file in a collected commit; links are not followed.

        Raises:
            WorkUnreadable: there is no such file.
            TooLarge: it has more than `limit_bytes`.
        """
        work = self._mirror(workspace).work
        found = await changes.find(self._git, work, commit, path)
        if found is None or found[0] == "symlink":
            raise WorkUnreadable(f"There is no file {path} in the work.")
        return await changes.read_blob(self._git, work, found[1], limit_bytes=limit_bytes)

    @contextlib.asynccontextmanager
    async def written_out(
        self, workspace: Workspace, chosen: Sequence[ChangedFile]
    ) -> AsyncGenerator[list[Path]]:
        """The contents of collected files as files of the host, in order, until the block ends."""
        blobs = [file.blob for file in chosen if file.readable and file.blob is not None]
        if len(blobs) != len(chosen):
            raise WorkUnreadable("Only plain files that are there can be written out.")
        folder = self._run_folder(workspace.run_id) / f"files-{secrets.token_hex(4)}"
        folder.mkdir()
        try:
            work = self._mirror(workspace).work
            yield await changes.write_out(self._git, work, blobs, folder)
        finally:
            await self._rubbish.remove(folder)

    async def discard(self, run_id: str) -> None:
        """Remove a run's folder at once, if there is one, and what a broken-off `prepare` left."""
        self._rubbish.put_aside(self._run_folder(run_id))
        await self._rubbish.empty()

    async def discard_except(self, live: Collection[str]) -> list[str]:
        """Remove every run's folder but those of runs that are live; returns the ids removed.

        For when a hall begins, before it prepares anything.
        """
        removed: list[str] = []
        kept = {self._run_folder(run_id).name for run_id in live}
        for folder in self._runs.iterdir() if self._runs.is_dir() else ():
            if folder.name not in kept:
                self._rubbish.put_aside(folder)
                removed.append(folder.name)
        self.mirrors.put_aside_unfinished()
        await self._rubbish.empty()
        return sorted(name for name in removed if is_uuid(name))

    def left_runs(self) -> list[str]:
        """The runs that have a workspace here."""
        return sorted(path.name for path in self._runs.glob("*") if is_uuid(path.name))

    async def drop_kept(self, name: str) -> bool:
        """Remove a mirror with the work beside it, unless a run here uses it; whether it went."""
        records = (self._record(run_id) for run_id in self.left_runs())
        in_use = {self._mirror(record).folder.name for record in records if record is not None}
        if went := self.mirrors.drop(name, in_use=in_use):
            await self._rubbish.empty()
        return went

    async def bundle(
        self,
        *,
        organization_id: str,
        task_id: str,
        repository: str | None,
        folder: Path,
        but: Mapping[Kept, str],
    ) -> Brought:
        """What is kept here of a task, for another node: bundles in `folder`, none for `but`.

        Raises WorkspaceError where it is too large, or git fails.
        """
        where = None if repository is None else self._address(repository).url
        mirror = self.mirrors.of(organization_id=organization_id, task_id=task_id, repository=where)
        return await carried.bundled(
            self._git, mirror, task_id, folder, allowance=self._allowance, but=but
        )

    async def bundle_at_work(
        self,
        workspace: Workspace,
        kept: Brought,
        *,
        folder: Path,
        but: Mapping[Kept, str],
        at_s: int,
        secrets: Sequence[str] = (),
    ) -> Brought:
        """`kept` (what `bundle` found) with a run's work as it is while its worker goes on.

        Nothing is kept here, and nothing written into the workspace. Dated `at_s`, the same work
        is the same commit. Raises WorkspaceError as `collect` does.
        """
        taking = self._taking(workspace, message=WIP, live=secrets, at_s=at_s)
        return await taking.bundle_at_work(kept, folder, but)

    # ── collecting ────────────────────────────────────────────────────────────────────────────

    async def _take(
        self, workspace: Workspace, *, message: str, live: Sequence[str], at_s: int | None = None
    ) -> Taken:
        return await self._taking(workspace, message=message, live=live, at_s=at_s).take()

    def _taking(
        self, workspace: Workspace, *, message: str, live: Sequence[str], at_s: int | None
    ) -> Taking:
        return Taking(
            git=self._git,
            sandbox=self._sandbox,
            allowance=self._allowance,
            rubbish=self._rubbish,
            workspace=workspace,
            mirror=self._mirror(workspace),
            run=self._run_folder(workspace.run_id),
            message=message,
            at_s=at_s,
            secrets=live,
        )

    # ── naming ────────────────────────────────────────────────────────────────────────────────

    def _record(self, run_id: str) -> Record | None:
        path = self._run_folder(run_id) / "workspace.json"
        with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):
            return msgspec.json.decode(path.read_bytes(), type=Record)
        return None

    def _run_folder(self, run_id: str) -> Path:
        if not is_uuid(run_id):
            raise ValueError("a run's id is a UUID")
        return self._runs / run_id

    def _workspace(self, record: Record, token: str | None) -> Workspace:
        return Workspace(
            **msgspec.structs.asdict(record),
            folder=self._run_folder(record.run_id) / "workspace",
            token=token,
        )

    def _address(self, repository: str) -> address.Address:
        return address.parse(
            repository, allow_local=self._allow_local, ssh=self._ssh is not None, own=self._own
        )

    async def _remote(self, where: address.Address, token: str | None) -> Remote:
        found = await address.resolve(where, allow_local=self._allow_local, resolver=self._resolver)
        return Remote(
            git=self._git,
            address=where,
            addresses=found,
            token=token,
            ssh=self._ssh,
            time_s=self._fetch_time_s,
        )

    def _mirror(self, of: Workspace | Record) -> Mirror:
        return self.mirrors.of(
            organization_id=of.organization_id, task_id=of.task_id, repository=of.repository
        )
