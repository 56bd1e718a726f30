"""What nobody needs goes, and what anybody needs stays, whoever begins in the meantime."""

import asyncio
import os
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from hiringhall.actions import housekeeping
from hiringhall.actions.runs import preparing, saving
from hiringhall.actions.runs.outcomes import NewFile
from hiringhall.actions.tasks import answer
from hiringhall.actions.throttle import take_attempt
from hiringhall.app import open_app
from hiringhall.blobs import BlobMissing, LocalBlobs
from hiringhall.blobs.port import read_all
from hiringhall.domain.runs import Run
from hiringhall.domain.saved import Part, Saved
from hiringhall.domain.tasks import State, Task
from hiringhall.hall import Hall
from hiringhall.queries.saved import tasks_with_saved_work
from hiringhall.queries.tasks import task_result
from hiringhall.store import runs
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import buckets
from hiringhall.workers.git.command import Git
from hiringhall.workers.git.mirror import Mirror
from hiringhall.workers.sandboxes.choose import choose_sandbox
from hiringhall.workers.sandboxes.port import SandboxProvider
from hiringhall.workers.sweeping import (
    KEEP_FAILED_US,
    ORPHAN_US,
    Keeping,
    sweep_blobs,
    sweep_repositories,
    sweep_saved,
)
from hiringhall.workers.workspace import Workspaces
from tests.support.halls import Clock, sign_up
from tests.workers.shop import Shop, carried, settings_for
from tests.workspace.support import Origin, fresh_id, git, write_files

pytestmark = pytest.mark.anyio

DAY_US = 24 * 3600 * 1_000_000
LONG_US = 31 * DAY_US


def later(hall: Hall, by_us: int) -> Hall:
    return replace(hall, clock=lambda: hall.clock() + by_us)


async def newest_run(shop: Shop, task: Task) -> Run:
    async def body(tx: Tx) -> Run | None:
        return await runs.newest_of_task(tx, task.id)

    found = await shop.app.hall.database.read(body)
    assert found is not None
    return found


def copies(shop: Shop) -> list[str]:
    folder = shop.app.settings.data_dir / "work/repositories"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


@pytest.fixture
async def unwalled() -> AsyncGenerator[SandboxProvider]:
    """No wall at all: only for work that the test itself wrote."""
    provider = choose_sandbox("process-unsafe", forbidden=[])
    yield provider
    await provider.close()


@pytest.fixture
async def shop(tmp_path: Path, database_url: str, repository: Path) -> AsyncGenerator[Shop]:
    async with open_app(settings_for(tmp_path, database_url)) as app, carried(app) as house:
        yield Shop(app, house, await sign_up(app.hall), repository)


async def done(shop: Shop, *, repository: bool = True) -> Task:
    """A task that is in review."""
    await shop.role("echo x >>x.txt")
    task = await shop.post(repository=repository)
    await shop.house.until(shop.ada, task.id, State.IN_REVIEW)
    await shop.house.until_idle()
    return task


@pytest.mark.sandbox
async def test_a_repository_goes_when_it_is_long_unused_and_no_task_there_goes_on(
    shop: Shop,
) -> None:
    task, other = await done(shop), await done(shop, repository=False)
    hall, place, keeping = shop.app.hall, shop.app.place, Keeping()
    assert len(copies(shop)) == 3  # two folders; a lock beside the one that is fetched
    assert await sweep_repositories(later(hall, LONG_US), place, keeping) == []
    for one in (task, other):
        await answer.decide_deliverable(hall, actor=shop.ada, task_id=one.id, accepted=True)
    assert await sweep_repositories(hall, place, keeping) == []
    assert len(await sweep_repositories(later(hall, LONG_US), place, keeping)) == 2
    assert copies(shop) == []
    # The next task finds everything as if it was the first.
    again = await done(shop)
    assert (await task_result(hall, actor=shop.ada, task_id=again.id)).files


@pytest.mark.sandbox
async def test_a_failed_task_s_work_waits_a_week_whatever_the_disk_says(shop: Shop) -> None:
    await shop.role("echo half >half.txt; exit 3")
    task = await shop.post(repository=True)
    await shop.house.until(shop.ada, task.id, State.FAILED)
    await shop.house.until_idle()
    hall, place, tight = shop.app.hall, shop.app.place, Keeping(repositories_mib=0)
    tight = replace(tight, repository_days=1)
    assert await sweep_repositories(later(hall, 2 * DAY_US), place, tight) == []
    assert len(await sweep_repositories(later(hall, KEEP_FAILED_US + DAY_US), place, tight)) == 1


@pytest.mark.sandbox
async def test_what_is_too_large_together_goes_by_age(
    shop: Shop, origin: Origin, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        folder = Origin.make(tmp_path / f"{name}.git")
        folder.commit({"big": os.urandom(1 << 20)})
        task = await done(replace(shop, repository=folder.folder))
        await answer.decide_deliverable(
            shop.app.hall, actor=shop.ada, task_id=task.id, accepted=True
        )
    hall, place = shop.app.hall, shop.app.place
    first, second = await place.workspaces.mirrors.kept()
    assert first.used_at_s <= second.used_at_s
    assert await sweep_repositories(hall, place, Keeping(repositories_mib=3)) == []
    assert await sweep_repositories(hall, place, Keeping(repositories_mib=2)) == [first.name]
    assert [one.name for one in await place.workspaces.mirrors.kept()] == [second.name]


async def prepared(workspaces: Workspaces, origin: Origin, organization: str) -> None:
    workspace = await workspaces.prepare(
        run_id=fresh_id(),
        task_id=fresh_id(),
        organization_id=organization,
        repository=str(origin.folder),
    )
    write_files(workspace.folder, {"new": "x"})
    collected = await workspaces.collect(workspace, message="New")
    assert await workspaces.push(workspace, collected)
    await workspaces.discard(workspace.run_id)


async def test_a_mirror_that_a_run_uses_is_not_removed(
    tmp_path: Path, unwalled: SandboxProvider, origin: Origin
) -> None:
    workspaces = Workspaces(tmp_path / "hall", allow_local=True, sandbox=unwalled)
    workspace = await workspaces.prepare(
        run_id=fresh_id(),
        task_id=fresh_id(),
        organization_id=fresh_id(),
        repository=str(origin.folder),
    )
    (kept,) = await workspaces.mirrors.kept()
    assert not await workspaces.drop_kept(kept.name)
    # Nor by a hall that has just started, and knows of the run by its folder alone.
    again = Workspaces(tmp_path / "hall", allow_local=True, sandbox=unwalled)
    assert not await again.drop_kept(kept.name)
    await workspaces.discard(workspace.run_id)
    # Nor while a git of a killed hall holds it.
    held = Mirror(tmp_path / "hall/repositories" / kept.name, Git())
    async with held.held():
        assert not await again.drop_kept(kept.name)
    assert await again.drop_kept(kept.name)
    assert list((tmp_path / "hall/repositories").iterdir()) == []
    assert list((tmp_path / "hall/bin").iterdir()) == []


async def test_runs_that_begin_while_mirrors_are_removed_lose_nothing(
    tmp_path: Path, unwalled: SandboxProvider, origin: Origin
) -> None:
    """Whatever a removal and the beginnings of runs are interleaved to, each run ends well."""
    workspaces = Workspaces(tmp_path / "hall", allow_local=True, sandbox=unwalled)
    organization, went = fresh_id(), 0
    await prepared(workspaces, origin, organization)
    runs = [asyncio.create_task(prepared(workspaces, origin, organization)) for _ in range(6)]
    while not all(run.done() for run in runs):
        for kept in await workspaces.mirrors.kept():
            went += await workspaces.drop_kept(kept.name)
        await asyncio.sleep(0)
    await asyncio.gather(*runs)
    assert len(origin.branches()) == 8  # each pushed its own, beside `main`
    git(origin.folder, "fsck", "--strict")
    await prepared(workspaces, origin, organization)
    (kept,) = await workspaces.mirrors.kept()
    assert await workspaces.drop_kept(kept.name)


@pytest.mark.sandbox
async def test_bytes_that_never_became_a_file_go(shop: Shop) -> None:
    hall, blobs = shop.app.hall, shop.app.blobs
    assert isinstance(blobs, LocalBlobs)
    task = await done(shop, repository=False)
    orphan = hall.new_id()
    await blobs.put(orphan, b"an upload that broke off")
    assert await sweep_blobs(hall, blobs) == 0
    assert await sweep_blobs(later(hall, ORPHAN_US + DAY_US), blobs) == 1
    kept = [key async for keys in blobs.listed() for key in keys]
    result = await task_result(hall, actor=shop.ada, task_id=task.id)
    assert {file.blob_key for file in result.files} <= set(kept)
    assert orphan not in kept


@pytest.mark.sandbox
async def test_bytes_of_another_node_stay_however_lately_they_came(shop: Shop) -> None:
    """Laid by for a deliverable, saved for the next run, or put and not yet written down."""
    hall, blobs = shop.app.hall, shop.app.blobs
    assert isinstance(blobs, LocalBlobs)
    await shop.role("sleep 600")
    task = await shop.post()
    await shop.until_words(task, "Running")
    run = await newest_run(shop, task)
    laid_by, saved, fresh = hall.new_id(), hall.new_id(), hall.new_id()
    for key in (laid_by, saved):
        await blobs.put(key, b"x")
    file = NewFile("a", 1, bytes(32), laid_by)
    await preparing.attach_file(hall, token=run.token, file=file)
    part = Saved(task.id, Part.SESSION, 1, "acp:codex", saved, 1, bytes(32), False, hall.clock())
    parts = [part, replace(part, part=Part.RUN, blob_key=None)]
    assert await saving.save_work(hall, token=run.token, parts=parts) == []
    old = later(hall, ORPHAN_US + DAY_US)
    assert await sweep_blobs(old, blobs) == 0
    # Between putting bytes and writing down whose they are, seconds pass: here it is a day.
    await blobs.put(fresh, b"on its way to becoming a file")
    assert await sweep_blobs(later(hall, ORPHAN_US - DAY_US), blobs) == 0
    assert {key async for keys in blobs.listed() for key in keys} == {laid_by, saved, fresh}


@pytest.mark.sandbox
async def test_what_was_saved_of_a_task_goes_when_the_task_is_over(shop: Shop) -> None:
    hall, blobs, place = shop.app.hall, shop.app.blobs, shop.app.place
    assert isinstance(blobs, LocalBlobs)
    place.carry(hall, blobs)
    assert place.carrying is not None
    await shop.role("echo half >half.txt; exit 3")
    task = await shop.post()
    await shop.house.until(shop.ada, task.id, State.FAILED)
    await shop.house.until_idle()
    assert await tasks_with_saved_work(hall, after="") == [task.id]
    (key,) = [key async for keys in blobs.listed() for key in keys]
    await sweep_saved(hall, place.carrying)
    assert await tasks_with_saved_work(hall, after="") == [task.id]
    await sweep_saved(later(hall, KEEP_FAILED_US + DAY_US), place.carrying)
    assert await tasks_with_saved_work(hall, after="") == []
    assert [key async for keys in blobs.listed() for key in keys] == []
    assert place.carrying.tasks() == []
    with pytest.raises(BlobMissing):
        await read_all(blobs, key)


@pytest.mark.sandbox
async def test_a_wrong_database_costs_no_file(shop: Shop) -> None:
    blobs = shop.app.blobs
    assert isinstance(blobs, LocalBlobs)
    for _ in range(30):
        await blobs.put(shop.app.hall.new_id(), b"somebody's")
    assert await sweep_blobs(later(shop.app.hall, ORPHAN_US + DAY_US), blobs) == 0
    assert len([key async for keys in blobs.listed() for key in keys]) == 30


_BUCKETS = Statement(select(buckets.c.bucket), name="buckets_of_a_test")


async def test_empty_buckets_of_throttles_go(hall: Hall, clock: Clock) -> None:
    async def names() -> list[str]:
        async def body(tx: Tx) -> list[str]:
            return [row.bucket for row in await tx.all(_BUCKETS)]

        return await hall.database.scan(body)

    await take_attempt(hall, buckets=(("old", 5),), window_s=3600)
    clock.advance(23 * 3600)
    await take_attempt(hall, buckets=(("new", 5),), window_s=3600)
    clock.advance(2 * 3600)
    await housekeeping.forget_old(hall)
    assert await names() == ["new"]
    await take_attempt(hall, buckets=(("old", 5),), window_s=3600)
    assert sorted(await names()) == ["new", "old"]
