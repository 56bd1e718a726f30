"""Files that were handed in are removed only where surely nothing was written of them."""

from pathlib import Path
from typing import Any

import pytest

from hiringhall.actions.market import delivering
from hiringhall.doors.native import routes_deliverables
from tests.doors.native.conftest import Caller

pytestmark = pytest.mark.anyio

FILES = [{"name": "a.txt", "text": "one"}]


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
        await maker.post(f"/tasks/{task['id']}/deliver", {"content": "x", "files": FILES}, 500)
    (made,) = (await poster.get(f"/tasks/{task['id']}/deliverables"))["items"]
    assert [one["name"] for one in made["files"]] == ["a.txt"]
    assert kept(tmp_path) == 1


async def test_they_go_where_it_was_refused(poster: Caller, maker: Caller, tmp_path: Path) -> None:
    task = await poster.posts()
    body = {"content": "x", "files": FILES}
    await maker.post(f"/tasks/{task['id']}/deliver", body, 403)
    assert kept(tmp_path) == 0
