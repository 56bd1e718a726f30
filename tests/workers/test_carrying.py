"""What is saved of a task for other nodes, where saving it fails half-way."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hiringhall.actions.runs import recovery, working
from hiringhall.actions.runs.working import RunBrief
from hiringhall.blobs import LocalBlobs
from hiringhall.domain.saved import Part
from hiringhall.hall import Hall
from hiringhall.queries.saved import saved_work
from hiringhall.workers.carrying import archive, carrying
from hiringhall.workers.carrying.carrying import Carrying
from hiringhall.workers.git.carried import Brought, Kept
from hiringhall.workers.git.errors import TooLarge
from hiringhall.workers.git.folders import Bin
from hiringhall.workers.sessions import Record, Session, Sessions
from tests.gateway.clients import begun
from tests.support.halls import sign_up

pytestmark = pytest.mark.anyio

COMMIT = "1" * 40


async def bundle(folder: Path, but: dict[Kept, str]) -> Brought:
    """The unfinished work of a run, as git would bundle it."""
    assert but == {}
    (folder / "wip.bundle").write_bytes(b"half")
    return Brought({"wip": COMMIT}, {"wip": folder / "wip.bundle"})


async def bundle_anew(folder: Path, but: dict[Kept, str]) -> Brought:
    """The same, further on."""
    assert but == {"wip": COMMIT}
    (folder / "wip.bundle").write_bytes(b"more")
    return Brought({"wip": "2" * 40}, {"wip": folder / "wip.bundle"})


async def cannot(folder: Path, but: dict[Kept, str]) -> Brought:
    """A repository of which nothing can be bundled."""
    assert but == {"wip": COMMIT}
    raise TooLarge("It is too large")


async def test_what_was_saved_stays_where_newer_work_cannot_be(hall: Hall, tmp_path: Path) -> None:
    rubbish = Bin(tmp_path / "rubbish")
    blobs = LocalBlobs(tmp_path / "blobs")
    carrying = Carrying(hall, blobs, tmp_path / "carried", rubbish)
    sessions = Sessions(tmp_path / "sessions", rubbish)
    brief = await begun(hall, await sign_up(hall))
    assert await carrying.save(brief, sessions, bundle)
    before = await saved_work(hall, token=brief.run.token)
    key = before.parts[Part.WIP].blob_key
    assert key is not None
    assert not await carrying.save(brief, sessions, cannot)
    assert await saved_work(hall, token=brief.run.token) == before
    async with blobs.open(key) as blob:
        assert b"".join([chunk async for chunk in blob.chunks]) == b"half"


def session_of(sessions: Sessions, brief: RunBrief) -> Path:
    """The session of an agent that is at work; its folder."""
    folder = sessions.folder(brief.task.id)
    (folder / "home").mkdir(parents=True)
    (folder / "home/talk").write_text("one\n")
    sessions.save(Session(folder, Record(brief.task.id, "acp:generic")))
    return folder


async def test_what_is_saved_at_work_is_what_another_node_begins_with(
    hall: Hall, tmp_path: Path
) -> None:
    rubbish, blobs = Bin(tmp_path / "rubbish"), LocalBlobs(tmp_path / "blobs")
    here = Carrying(hall, blobs, tmp_path / "here", rubbish)
    sessions = Sessions(tmp_path / "sessions", rubbish)
    brief = await begun(hall, await sign_up(hall))
    session_of(sessions, brief)
    assert await here.save(brief, sessions, bundle, at_work=True)
    saved = (await saved_work(hall, token=brief.run.token)).parts
    assert {one.at_work for one in saved.values()} == {True}
    assert saved[Part.WIP].mark == COMMIT
    (lost,) = await recovery.find_lost_runs(hall, node_id="node")
    await recovery.replace_lost_run(hall, run_id=lost)
    # Whoever was taken for dead, and is not, saves nothing over it.
    assert not await here.save(brief, sessions, bundle_anew, at_work=True)
    run = await working.claim_next_run(
        hall, node_id="other", lease_s=30, runtimes=hall.staffing.ready
    )
    assert run is not None
    then = await working.start_run(hall, token=run.token)
    there = Carrying(hall, blobs, tmp_path / "there", rubbish)
    async with there.brought(then, Sessions(tmp_path / "none", rubbish)) as luggage:
        assert luggage.session is not None
        assert (luggage.session / "home/talk").read_text() == "one\n"
        assert luggage.work is not None
        assert luggage.work.bundles["wip"].read_bytes() == b"half"
        assert "what was done after that, if anything, could not be had" in luggage.text
    keys = {one.blob_key for one in saved.values() if one.blob_key}
    assert {key async for page in blobs.listed() for key in page} == keys


async def test_a_session_is_saved_at_work_when_nobody_writes_to_it(
    hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rubbish, blobs = Bin(tmp_path / "rubbish"), LocalBlobs(tmp_path / "blobs")
    carrying_ = Carrying(hall, blobs, tmp_path / "carried", rubbish)
    sessions = Sessions(tmp_path / "sessions", rubbish)
    brief = await begun(hall, await sign_up(hall))
    folder, writes = session_of(sessions, brief), 2
    pack = archive.pack

    def while_it_writes(*given: Any, **more: Any) -> None:
        nonlocal writes
        pack(*given, **more)
        if writes:
            writes -= 1
            (folder / "home" / f"more-{writes}").touch()

    monkeypatch.setattr(archive, "pack", while_it_writes)
    monkeypatch.setattr(carrying, "AT_REST_S", (0, 0))
    assert await carrying_.save(brief, sessions, bundle, at_work=True)
    before = await saved_work(hall, token=brief.run.token)
    writes = 3
    assert not await carrying_.save(brief, sessions, bundle_anew, at_work=True)
    assert await saved_work(hall, token=brief.run.token) == before


async def test_a_save_that_is_broken_off_leaves_nothing(hall: Hall, tmp_path: Path) -> None:
    rubbish, blobs = Bin(tmp_path / "rubbish"), LocalBlobs(tmp_path / "blobs")
    carrying_ = Carrying(hall, blobs, tmp_path / "carried", rubbish)
    sessions = Sessions(tmp_path / "sessions", rubbish)
    brief = await begun(hall, await sign_up(hall))
    session_of(sessions, brief)
    asked, never = asyncio.Event(), asyncio.Event()

    async def stuck(folder: Path, but: dict[Kept, str]) -> Brought:
        asked.set()
        await never.wait()
        raise AssertionError

    saving = asyncio.create_task(carrying_.save(brief, sessions, stuck, at_work=True))
    await asked.wait()
    saving.cancel()
    await asyncio.gather(saving, return_exceptions=True)
    assert (await saved_work(hall, token=brief.run.token)).parts == {}
    assert [key async for page in blobs.listed() for key in page] == []
    assert list((tmp_path / "carried").iterdir()) == []


async def test_what_a_killed_node_left_on_its_way_is_put_aside_at_a_start(
    hall: Hall, tmp_path: Path
) -> None:
    folder, rubbish = tmp_path / "carried", Bin(tmp_path / "rubbish")
    (folder / ".coming-0123456789abcdef" / "session").mkdir(parents=True)
    task_id = hall.new_id()
    (folder / task_id).write_text("3")
    (folder / f".{task_id}.0123").write_text("4")
    carrying = Carrying(hall, LocalBlobs(tmp_path / "blobs"), folder, rubbish)
    carrying.tidy()
    await rubbish.empty()
    assert [path.name for path in folder.iterdir()] == [task_id]
