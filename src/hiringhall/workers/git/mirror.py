"""Keeps one organization's copy of one repository on this host, and beside it what workers made.

A mirror's folder, named by a hash of organization and address, holds `mirror.git` (exactly what
the repository serves; only `git fetch` writes there, under a lock) and `work.git` (what was taken
in from workers, with `refs/tips/task_…` and `refs/wip/task_…`; it borrows the mirror's objects,
which are never dropped). So a workspace can be made by copying the mirror's packs, and shows
nothing of other tasks' unfinished work. Where a task has no repository only `work.git` is there.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from hiringhall.workers.git import skeleton
from hiringhall.workers.git.command import Git
from hiringhall.workers.git.errors import Busy, GitFailed
from hiringhall.workers.git.folders import Bin
from hiringhall.workers.git.remote import Head, Remote, settled_head

log = structlog.get_logger()

MOST_PACKS = 30
_POLL_S = 0.05


def folder_name(*parts: str) -> str:
    """A folder's name for what belongs together: says nothing, and collides with nothing."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a repository was at a fetch: its default branch, and every branch and tag."""

    head: Head
    refs: dict[str, str]

    def branch(self, name: str) -> str | None:
        """The commit of a branch."""
        return self.refs.get(f"refs/heads/{name}")


@dataclass(slots=True, weakref_slot=True)
class Mirror:
    """One repository of one organization. `folder` may not be there yet."""

    folder: Path
    git: Git
    lock_time_s: float = 900
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def mirror(self) -> Path:
        """What the repository serves."""
        return self.folder / "mirror.git"

    @property
    def lock(self) -> Path:
        """What is locked by whoever holds the mirror, and dated when that was."""
        return _lock_of(self.folder)

    @property
    def work(self) -> Path:
        """What was taken in from workers."""
        return self.folder / "work.git"

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncGenerator[int]:
        """Hold the mirror for oneself; the lock's descriptor is for git to hold too.

        A git that outlives a killed server thus keeps the next server out until it has ended.

        Raises:
            Busy: it stayed held by another.
        """
        deadline = time.monotonic() + self.lock_time_s
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            async with asyncio.timeout(self.lock_time_s):
                await self._turn.acquire()
        except TimeoutError as error:
            raise Busy("Another run has held this repository's mirror for too long.") from error
        try:
            while (descriptor := _locked(self.lock)) is None:
                if time.monotonic() > deadline:
                    raise Busy("Another process has held this repository's mirror too long.")
                await asyncio.sleep(_POLL_S)
            try:
                os.utime(descriptor)
                yield descriptor
            finally:
                os.close(descriptor)
        finally:
            self._turn.release()

    @contextlib.contextmanager
    def taken(self) -> Generator[bool]:
        """Hold the mirror if nobody does, without waiting; whether it is held so."""
        descriptor = None if self._turn.locked() else _locked(self.lock)
        try:
            yield descriptor is not None
        finally:
            if descriptor is not None:
                os.close(descriptor)

    async def refresh(self, remote: Remote, *, held: int, rubbish: Bin) -> Snapshot:
        """Fetch from the repository; what it asks for proves that the token may read it.

        Raises:
            WorkspaceError: from the repository; a mirror that was not there is then not there.
        """
        if self.mirror.is_dir():
            self._mend()
            try:
                head = await self._fetch(remote, self.mirror, held=held)
            except GitFailed as error:
                # Perhaps the mirror itself is spoiled, by a disk or a power cut: begin it anew.
                log.warning("mirror.renewed", why=error.reason)
                head = await self._begin(remote, held=held, rubbish=rubbish)
        else:
            head = await self._begin(remote, held=held, rubbish=rubbish)
        refs = await self._refs()
        return Snapshot(head=settled_head(head, refs, shown=remote.address.url), refs=refs)

    async def _begin(self, remote: Remote, *, held: int, rubbish: Bin) -> Head:
        for left in self.folder.parent.glob(f".new-{self.folder.name}-*"):
            rubbish.put_aside(left)
        fresh = self.folder.with_name(f".new-{self.folder.name}-{secrets.token_hex(4)}")
        try:
            skeleton.write(fresh, bare=True, head="hall-none")
            head = await self._fetch(remote, fresh, held=held)
            self.make_work(borrow_mirror=True)
            rubbish.put_aside(self.mirror)
            fresh.rename(self.mirror)
        except BaseException:
            rubbish.put_aside(fresh)
            raise
        skeleton.sync_folder(self.folder)
        return head

    def make_work(self, *, borrow_mirror: bool = False) -> None:
        """Make the repository that takes in what workers made, unless it is there."""
        if self.work.is_dir():
            return
        borrows = [Path("../../mirror.git/objects")] if borrow_mirror else []
        fresh = self.folder.with_name(f".new-{self.folder.name}-{secrets.token_hex(4)}")
        skeleton.write(fresh, bare=True, head="hall-none", borrows=borrows, with_empty_commit=True)
        self.folder.mkdir(exist_ok=True)
        fresh.rename(self.work)

    async def _fetch(self, remote: Remote, mirror: Path, *, held: int) -> Head:
        asking = asyncio.create_task(remote.head())
        mark = mirror / "hall-busy"
        mark.touch()
        try:
            await remote.fetch(mirror, held=held)
            head = await asking
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        await self._tidy(mirror, held=held)
        mark.unlink(missing_ok=True)
        return head

    def _mend(self) -> None:
        """Clear away what a git that was killed left behind: nobody else is in the mirror now."""
        if not (self.mirror / "hall-busy").exists():
            return
        left = [*self.mirror.glob("*.lock"), *self.mirror.glob("refs/**/*.lock")]
        left += self.mirror.glob("objects/pack/tmp_*")
        left += self.mirror.glob("objects/pack/.tmp-*")
        for path in left:
            path.unlink(missing_ok=True)

    async def _tidy(self, mirror: Path, *, held: int) -> None:
        """Join small packs now and then; nothing is ever dropped."""
        if len(list((mirror / "objects/pack").glob("*.pack"))) > MOST_PACKS:
            await self.git.must(
                "repack", "--geometric=2", "-d", "-q", repository=mirror, keep_open=(held,)
            )
            await self.git.must("pack-refs", "--all", repository=mirror, keep_open=(held,))

    async def commits(self) -> list[str]:
        """What the repository's branches and tags pointed at when it was fetched last."""
        if not self.mirror.is_dir():
            return []
        return list(dict.fromkeys((await self._refs()).values()))

    async def _refs(self) -> dict[str, str]:
        answer = await self.git.must(
            "for-each-ref",
            "--format=%(objectname) %(refname)",
            "refs/heads/",
            "refs/tags/",
            repository=self.mirror,
        )
        text = answer.out.decode("utf-8", "surrogateescape")
        lines = (line.partition(" ") for line in text.split("\n") if line)
        return {name: commit for commit, _, name in lines}


def used_at_s(folder: Path) -> float:
    """When a mirror's folder was last held (seconds since 1970, UTC)."""
    lock = _lock_of(folder)
    with contextlib.suppress(FileNotFoundError):
        return (lock if lock.exists() else folder).stat().st_mtime
    return 0.0


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _locked(path: Path) -> int | None:
    """A descriptor that holds a lock's file; None where another does, or has just removed it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_ino == path.stat().st_ino:
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None
