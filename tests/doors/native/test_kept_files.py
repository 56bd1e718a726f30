"""Files that were handed in are removed only where surely nothing was written of them."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hiringhall.actions.market import delivering
from hiringhall.connections import ConnectionLimits
from hiringhall.doors.keeping import FILES
from hiringhall.doors.native import routes_deliverables
from tests.doors.native.conftest import Caller

pytestmark = pytest.mark.anyio

SMALL = [{"name": "a.txt", "text": "one"}]


def kept(tmp_path: Path) -> int:
    return sum(path.is_file() for path in (tmp_path / "blobs").rglob("*"))


async def test_they_stay_where_the_answer_alone_was_lost(
    poster: Caller,
    maker: Caller,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = await poster.posts()
    await maker.post(f"/tasks/{task['id']}/claim")

    async def lost(*given: Any, **more: Any) -> None:
        await delivering.deliver(*given, **more)
        raise RuntimeError("The connection was lost while this was committed")

    with monkeypatch.context() as bent:
        bent.setattr(routes_deliverables, "deliver", lost)
        await maker.post(f"/tasks/{task['id']}/deliver", {"content": "x", "files": SMALL}, 500)
    (made,) = (await poster.get(f"/tasks/{task['id']}/deliverables"))["items"]
    assert [one["name"] for one in made["files"]] == ["a.txt"]
    assert kept(tmp_path) == 1


async def test_they_go_where_it_was_refused(poster: Caller, maker: Caller, tmp_path: Path) -> None:
    task = await poster.posts()
    body = {"content": "x", "files": SMALL}
    await maker.post(f"/tasks/{task['id']}/deliver", body, 403)
    assert kept(tmp_path) == 0


@pytest.mark.promise("NA-DELIVER-ROOM")
async def test_files_of_some_size_are_taken_from_whoever_is_known(
    poster: Caller, maker: Caller, admin: Caller
) -> None:
    agent = await maker.with_agent(admin)
    large = bytes(range(256)) * (10 << 12)
    files = [{"name": "large.bin", "content_base64": base64.b64encode(large).decode()}]
    for worker in (maker, agent):
        task = await poster.posts()
        await worker.post(f"/tasks/{task['id']}/claim")
        made = await worker.delivers(task["id"], files=files)
        (file,) = made["files"]
        assert file["size_bytes"] == len(large)
        assert (await poster.http.get(file["url"])).content == large


@pytest.mark.promise("NA-DELIVER-ROOM")
async def test_nobody_else_has_more_room_and_no_other_call(poster: Caller) -> None:
    task = await poster.posts()
    deliver = f"/tasks/{task['id']}/deliver"
    stranger = replace(poster, key=None)
    wrong = replace(poster, key="at_live_" + "x" * 43)
    for who, path, size, status in (
        (poster, deliver, FILES.body_bytes, 400),
        (poster, deliver, FILES.body_bytes + 1, 413),
        (poster, f"/tasks/{task['id']}/cancel", (1 << 20) + 1, 413),
        (stranger, deliver, (1 << 20) + 1, 413),
        (wrong, deliver, (1 << 20) + 1, 413),
        (stranger, deliver, 1 << 20, 401),
    ):
        said = await who.ask("POST", path, content=b"", headers={"content-length": str(size)})
        assert said.status_code == status, (path, size)


def test_the_connection_bears_with_a_body_as_long_as_the_door_does() -> None:
    assert FILES.body_s < ConnectionLimits().body_s
