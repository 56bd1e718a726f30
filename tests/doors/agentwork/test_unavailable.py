"""Where the database cannot be reached, the door says so, says when to try again, and no more."""

from typing import Any, NoReturn

import pytest

from hiringhall.hall import Hall
from hiringhall.store.errors import DatabaseUnavailable
from tests.doors.conftest import Visitor

pytestmark = pytest.mark.anyio


async def test_an_unreachable_database_is_said_to_be_so_and_can_be_tried_again(
    hall: Hall, ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> NoReturn:
        raise DatabaseUnavailable("PostgreSQL cannot be reached: db.internal.example:5432")

    task_id = await ada.create()
    with monkeypatch.context() as broken:
        for name in ("read", "write", "scan"):
            broken.setattr(type(hall.database), name, away)
        for answer in (
            await ada.get(f"/api/v1/tasks/{task_id}"),
            await ada.post("/api/v1/tasks/", {"title": "x", "description": "y"}),
        ):
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "5"
            assert answer.json()["error"] == "unavailable"
            assert "db.internal" not in answer.text
    assert (await ada.task(task_id))["status"] == "processing"
