"""Keeps all mirrors of a hall, and lets go of those that nobody will need, beside live runs."""

import asyncio
import contextlib
import weakref
from collections import Counter
from collections.abc import Collection, Generator
from dataclasses import dataclass, field
from pathlib import Path

from hiringhall.domain.ids import id_of_ref
from hiringhall.workers.git.command import Git
from hiringhall.workers.git.folders import Bin
from hiringhall.workers.git.mirror import Mirror, folder_name, used_at_s
from hiringhall.workers.sandboxes.disk import measure

_MEASURE_TIME_S = 60.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A mirror that is there: when a run last began from it, and whose work lies beside it."""

    name: str
    used_at_s: float
    task_ids: frozenset[str]


@dataclass(slots=True)
class Mirrors:
    """Those below one folder, which no other hall uses."""

    folder: Path
    git: Git
    rubbish: Bin
    _made: weakref.WeakValueDictionary[str, Mirror] = field(
        default_factory=weakref.WeakValueDictionary[str, Mirror]
    )
    _needed: Counter[str] = field(default_factory=Counter[str])

    def of(self, *, organization_id: str, task_id: str, repository: str | None) -> Mirror:
        """The mirror of a repository, or where a task that has none keeps its work."""
        if repository is None:
            name = folder_name("task", organization_id, task_id)
        else:
            name = folder_name("repository", organization_id, repository)
        mirror = self._made.get(name)
        if mirror is None:
            mirror = self._made[name] = Mirror(self.folder / name, self.git)
        return mirror

    @contextlib.contextmanager
    def needed(self, mirror: Mirror) -> Generator[None]:
        """Nobody takes it away as long as the block lasts."""
        name = mirror.folder.name
        self._needed[name] += 1
        try:
            yield
        finally:
            self._needed[name] -= 1
            if not self._needed[name]:
                del self._needed[name]

    async def kept(self) -> list[Kept]:
        """All that are there, the longest unused first."""
        return await asyncio.to_thread(self._kept)

    def _kept(self) -> list[Kept]:
        folders = self.folder.iterdir() if self.folder.is_dir() else ()
        found = [
            Kept(one.name, used_at_s(one), _tasks_of(one))
            for one in folders
            if one.is_dir() and not one.name.startswith(".")
        ]
        return sorted(found, key=lambda one: one.used_at_s)

    async def size_bytes(self, name: str) -> int:
        """What one takes on the disk."""
        folder = str(self.folder / name)
        return await asyncio.to_thread(measure, [folder], time_s=_MEASURE_TIME_S)

    def drop(self, name: str, *, in_use: Collection[str]) -> bool:
        """Put one aside with all work beside it, unless somebody uses it; whether it went.

        Nothing is awaited from the look to the end, so that no run of this hall begins between.
        """
        mirror = self._made.get(name) or Mirror(self.folder / name, self.git)
        if name in in_use or name in self._needed:
            return False
        with mirror.taken() as is_ours:
            if is_ours:
                self.rubbish.put_aside(mirror.folder)
                mirror.lock.unlink(missing_ok=True)
            return is_ours

    def put_aside_unfinished(self) -> None:
        """Take away what a killed hall was making; for when nothing is being made."""
        for left in self.folder.glob(".new-*"):
            self.rubbish.put_aside(left)


def _tasks_of(folder: Path) -> frozenset[str]:
    """The tasks that have a solution or unfinished work there."""
    refs = [*(folder / "work.git/refs/tips").glob("*"), *(folder / "work.git/refs/wip").glob("*")]
    return frozenset(found for ref in refs if (found := id_of_ref("task", ref.name)))
