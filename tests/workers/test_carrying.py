"""What is saved of a task for other nodes, where saving it fails half-way."""

from pathlib import Path

import pytest

from hiringhall.blobs import LocalBlobs
from hiringhall.domain.saved import Part
from hiringhall.hall import Hall
from hiringhall.queries.saved import saved_work
from hiringhall.workers.carrying.carrying import Carrying
from hiringhall.workers.git.carried import Brought, Kept
from hiringhall.workers.git.errors import TooLarge
from hiringhall.workers.git.folders import Bin
from hiringhall.workers.sessions import Sessions
from tests.gateway.clients import begun
from tests.support.halls import sign_up

pytestmark = pytest.mark.anyio

COMMIT = "1" * 40


async def bundle(folder: Path, but: dict[Kept, str]) -> Brought:
    """The unfinished work of a run, as git would bundle it."""
    assert but == {}
    (folder / "wip.bundle").write_bytes(b"half")
    return Brought({"wip": COMMIT}, {"wip": folder / "wip.bundle"})


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
