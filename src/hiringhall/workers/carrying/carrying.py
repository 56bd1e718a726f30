"""Carries a task's session and unfinished work between nodes, by the store of files they share.

After each run, and while it works, a node saves what the next needs: the session's folder as one
archive, the kept work as git bundles, and a row for each that says of which run it is. A node that
takes a run compares those rows with what lies on its own disk and fetches what is newer.

    folder/<task id>      of which run's generation this node's own copies are
    folder/.coming-…      what is under way
"""

import asyncio
import contextlib
import functools
import hashlib
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from hiringhall.actions.runs import saving
from hiringhall.actions.runs.working import RunBrief
from hiringhall.blobs import BlobMissing, Blobs
from hiringhall.domain.errors import Superseded
from hiringhall.domain.ids import is_uuid
from hiringhall.domain.saved import Part, Saved
from hiringhall.hall import Hall
from hiringhall.queries.saved import SavedWork, saved_work
from hiringhall.workers.carrying.archive import (
    Bounds,
    CannotCarry,
    InMotion,
    pack,
    pack_at_rest,
    unpack,
)
from hiringhall.workers.git.carried import Brought, Kept
from hiringhall.workers.git.errors import WorkspaceError
from hiringhall.workers.git.folders import Bin
from hiringhall.workers.sessions import Sessions

log = structlog.get_logger()

_PARTS: dict[Part, Kept] = {Part.WIP: "wip", Part.TIP: "tips"}
_NO_BYTES = b""
AT_REST_S = (0.05, 0.2, 0.5, 1.0, 2.0)
"""Seconds to wait before a session that was written to while it was read is read again."""
NOTHING = (
    "This run is at another node than the last, and nothing of that one's session or unfinished "
    "work could be had: a new session begins."
)

Bundles = Callable[[Path, dict[Kept, str]], Coroutine[Any, Any, Brought]]
"""Bundles a task's kept work into a folder, but for what has these commits."""


@dataclass(slots=True)
class Luggage:
    """What came from another node: a session's folder, kept work, and what is to be said."""

    session: Path | None = None
    work: Brought | None = None
    words: list[str] = field(default_factory=list[str])

    @property
    def text(self) -> str:
        """What the poster is told; empty where nothing has moved."""
        refused = [] if self.work is None else self.work.refused
        return " ".join([*self.words, *refused])


class Carrying:
    """What one node saves and fetches."""

    def __init__(
        self, hall: Hall, blobs: Blobs, folder: Path, rubbish: Bin, *, bounds: Bounds | None = None
    ) -> None:
        self._hall = hall
        self._blobs = blobs
        self._folder = folder
        self._rubbish = rubbish
        self._bounds = bounds or Bounds()

    # ── fetching ──────────────────────────────────────────────────────────────────────────────

    @contextlib.asynccontextmanager
    async def brought(self, brief: RunBrief, sessions: Sessions) -> AsyncGenerator[Luggage]:
        """What is newer elsewhere than here of a run's task, as long as the block lasts."""
        work = await saved_work(self._hall, token=brief.run.token)
        newest, here = work.parts.get(Part.RUN), self._here(brief.task.id)
        async with self._coming() as folder:
            if newest is None:
                is_new = here is None and not sessions.has(brief.task.id) and work.goes_on
                yield Luggage(words=[NOTHING] if is_new else [])
            elif here is not None and here >= newest.generation:
                yield Luggage()
            else:
                yield await self._fetch(brief, work, newest, folder)

    async def arrived(self, brief: RunBrief, luggage: Luggage) -> None:
        """What is here is of this run from now on; says what was brought."""
        await asyncio.to_thread(self._write_here, brief.task.id, brief.run.generation)
        if luggage.text:
            log.info("work.brought", run_id=brief.run.id, session=luggage.session is not None)
            await saving.say_brought(self._hall, token=brief.run.token, text=luggage.text)

    async def _fetch(
        self, brief: RunBrief, work: SavedWork, newest: Saved, folder: Path
    ) -> Luggage:
        luggage = Luggage(words=[_since(brief, newest)])
        session = work.parts.get(Part.SESSION)
        if newest.mark:
            luggage.words.append(f"{newest.mark}, so a new session begins.")
        if session is not None:
            try:
                archive = await self._fetched(session, folder / "session.tar.gz")
                await asyncio.to_thread(unpack, archive, folder / "session", self._bounds)
                luggage.session = folder / "session"
            except (BlobMissing, CannotCarry, OSError) as error:
                log.warning("work.session_unfetched", run_id=brief.run.id, why=str(error))
                luggage.words.append("The session could not be had, so a new one begins.")
        luggage.work = await self._fetch_work(brief, work, folder)
        return luggage

    async def _fetch_work(self, brief: RunBrief, work: SavedWork, folder: Path) -> Brought:
        brought = Brought({}, {})
        commits, bundles = dict[Kept, str](), dict[Kept, Path]()
        for part, kept in _PARTS.items():
            saved = work.parts.get(part)
            if saved is None:
                continue
            commits[kept] = saved.mark
            if saved.blob_key is None:
                continue
            try:
                bundles[kept] = await self._fetched(saved, folder / f"{kept}.bundle")
            except (BlobMissing, CannotCarry, OSError) as error:
                log.warning("work.unfetched", run_id=brief.run.id, part=kept, why=str(error))
                brought.unfetched.add(kept)
                brought.refused.append("Its unfinished work could not be had.")
        return replace(brought, commits=commits, bundles=bundles)

    async def _fetched(self, saved: Saved, target: Path) -> Path:
        """A part's bytes as a file, if they are what was saved; raises BlobMissing, CannotCarry."""
        digest, size_bytes = hashlib.sha256(), 0
        async with self._blobs.open(saved.blob_key or "") as blob:
            with target.open("xb") as file:
                async for chunk in blob.chunks:
                    size_bytes += len(chunk)
                    if size_bytes > saved.size_bytes:
                        break
                    digest.update(chunk)
                    await asyncio.to_thread(file.write, chunk)
        if size_bytes != saved.size_bytes or digest.digest() != saved.sha256:
            raise CannotCarry("The saved bytes are not those that were saved")
        return target

    # ── saving ────────────────────────────────────────────────────────────────────────────────

    async def save(
        self,
        brief: RunBrief,
        sessions: Sessions,
        bundles: Bundles,
        *,
        at_work: bool = False,
        but: Collection[str] = (),
    ) -> bool:
        """Save what is here of a run's task; whether it was. `at_work` says that the run goes on.

        `but` are paths in the session's home that no run leaves to the next.

        That it cannot be is only logged: the run does well without it, and what was saved before
        stays.
        """
        put: list[Saved] = []
        begun = False
        try:
            async with self._coming() as folder:
                before = (await saved_work(self._hall, token=brief.run.token)).parts
                base = Saved(
                    task_id=brief.task.id,
                    part=Part.RUN,
                    generation=brief.run.generation,
                    mark="",
                    blob_key=None,
                    size_bytes=0,
                    sha256=_NO_BYTES,
                    at_work=at_work,
                    saved_at_us=self._hall.clock(),
                )
                # Before the work, so that no session knows of more than there is.
                packed = functools.partial(self._packed, base, folder=folder, but=but)
                parts = await self._session(base, before.get(Part.SESSION), sessions, packed, put)
                parts += await self._work(base, before, bundles, folder, put)
                token, begun = brief.run.token, True
                unneeded = await saving.save_work(self._hall, token=token, parts=parts)
                await asyncio.to_thread(self._write_here, base.task_id, base.generation)
        except Superseded:
            await self._delete([one.blob_key for one in put])
            return False
        except InMotion:
            log.info("work.in_motion", run_id=brief.run.id)
            return False
        except asyncio.CancelledError:
            if not begun:
                await asyncio.shield(self._delete([one.blob_key for one in put]))
            raise
        except Exception as error:
            # Of a store that is away, a full disk, a repository that git cannot read.
            is_fault = not isinstance(error, WorkspaceError)
            log.warning("work.unsaved", run_id=brief.run.id, why=str(error), exc_info=is_fault)
            if not begun:
                # After that a row may name them.
                await self._delete([one.blob_key for one in put])
            return False
        await self._delete(unneeded)
        return True

    async def _session(
        self,
        base: Saved,
        before: Saved | None,
        sessions: Sessions,
        packed: Callable[[Path], Awaitable[Path]],
        put: list[Saved],
    ) -> list[Saved]:
        """The session's part, where there is one, behind that of the run."""
        runtime = sessions.runtime_of(base.task_id)
        if runtime is None:
            return [base]
        try:
            archive = await packed(sessions.folder(base.task_id))
        except CannotCarry as error:
            return [replace(base, mark=str(error))]
        digest = await asyncio.to_thread(_digest, archive)
        part = replace(base, part=Part.SESSION, mark=runtime)
        if before is not None and before.sha256 == digest:
            return [base, _as_before(part, before)]
        return [base, await self._put(part, archive, put)]

    async def _packed(
        self, base: Saved, session: Path, *, folder: Path, but: Collection[str]
    ) -> Path:
        """A session as a file; at work, at a moment when nobody writes. May raise InMotion."""
        if not base.at_work:
            await asyncio.to_thread(pack, session, folder / "session.tar.gz", self._bounds, but=but)
            return folder / "session.tar.gz"
        for number, pause_s in enumerate((0, *AT_REST_S)):
            await asyncio.sleep(pause_s)
            archive = folder / f"session-{number}.tar.gz"
            try:
                await asyncio.to_thread(pack_at_rest, session, archive, self._bounds, but=but)
            except InMotion:
                archive.unlink()
            else:
                return archive
        raise InMotion

    async def _work(
        self,
        base: Saved,
        before: dict[Part, Saved],
        bundles: Bundles,
        folder: Path,
        put: list[Saved],
    ) -> list[Saved]:
        known: dict[Kept, str] = {
            kept: one.mark for part, kept in _PARTS.items() if (one := before.get(part))
        }
        # Where that fails nothing at all is saved: what was saved before is still worth something.
        kept_here = await bundles(folder, known)
        parts: list[Saved] = []
        for part, kept in _PARTS.items():
            commit, bundle = kept_here.commits.get(kept), kept_here.bundles.get(kept)
            if commit is None:
                continue
            one = replace(base, part=part, mark=commit)
            if commit == known.get(kept):
                parts.append(_as_before(one, before[part]))
            else:
                parts.append(one if bundle is None else await self._put(one, bundle, put))
        return parts

    async def _put(self, part: Saved, file: Path, put: list[Saved]) -> Saved:
        key = self._hall.new_id()
        stored = await self._blobs.put(key, file)
        kept = replace(part, blob_key=key, size_bytes=stored.size_bytes, sha256=stored.sha256)
        put.append(kept)
        return kept

    async def _delete(self, keys: list[str] | list[str | None]) -> None:
        for key in keys:
            try:
                if key is not None:
                    await self._blobs.delete(key)
            except Exception:
                # In a folder the sweep of orphans finds it.
                log.exception("work.undeleted", key=key)

    # ── letting go ────────────────────────────────────────────────────────────────────────────

    async def drop(self, task_ids: list[str]) -> None:
        """Forget what was saved of tasks that will not go on, for all nodes."""
        await self._delete(await saving.forget_saved(self._hall, task_ids=task_ids))

    def tidy(self) -> None:
        """At a start: put aside what was on its way when the node was killed."""
        for left in self._folder.glob(".*"):
            self._rubbish.put_aside(left)

    def tasks(self) -> list[str]:
        """The tasks of which something lies on this node's disk."""
        names = [path.name for path in self._folder.iterdir()] if self._folder.is_dir() else []
        return sorted(name for name in names if is_uuid(name))

    def forget_here(self, task_ids: list[str]) -> None:
        """Nothing of some tasks is here any more."""
        for task_id in task_ids:
            (self._folder / task_id).unlink(missing_ok=True)

    # ── this node's own ───────────────────────────────────────────────────────────────────────

    def _here(self, task_id: str) -> int | None:
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int((self._folder / task_id).read_text())
        return None

    def _write_here(self, task_id: str, generation: int) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._folder / f".{task_id}.{secrets.token_hex(4)}"
        fresh.write_text(str(generation))
        fresh.replace(self._folder / task_id)

    @contextlib.asynccontextmanager
    async def _coming(self) -> AsyncGenerator[Path]:
        folder = self._folder / f".coming-{secrets.token_hex(8)}"
        folder.mkdir(mode=0o700, parents=True)
        try:
            yield folder
        finally:
            await self._rubbish.remove(folder)


def _since(brief: RunBrief, newest: Saved) -> str:
    """From when the state is that a run goes on with."""
    when = datetime.fromtimestamp(newest.saved_at_us // 1_000_000, UTC)
    said = (
        "This run is at another node than the last. It goes on with what was saved at "
        f"{when:%Y-%m-%d %H:%M:%S} UTC"
    )
    if newest.generation == brief.run.generation - 1 and not newest.at_work:
        return f"{said}, when the last run ended."
    return f"{said}; what was done after that, if anything, could not be had."


def _as_before(part: Saved, before: Saved) -> Saved:
    return replace(
        part, blob_key=before.blob_key, size_bytes=before.size_bytes, sha256=before.sha256
    )


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
