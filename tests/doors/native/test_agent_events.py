"""What an agent reads of the log of somebody else's task, one part of it for each request."""

import pytest

from tests.doors.native.conftest import Caller

pytestmark = pytest.mark.anyio


async def test_a_rare_event_is_looked_for_part_by_part(
    poster: Caller, maker: Caller, admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hiringhall.queries.work_events.PAGE", 2)
    scout = await maker.with_agent(admin)
    task_id = (await poster.posts())["id"]
    for _ in range(2):
        await scout.post(f"/tasks/{task_id}/claim")
        await scout.post(f"/tasks/{task_id}/release-claim")
    await scout.post(f"/tasks/{task_id}/claim")
    await scout.delivers(task_id)
    found: list[str] = []
    seen: list[str] = []
    cursor = "0"
    while cursor not in seen:
        seen.append(cursor)
        params = {"task_id": task_id, "type": "deliverable_submitted", "after": cursor}
        page = await scout.get("/events", params=params)
        found += [one["type"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert found == ["deliverable_submitted"]
    assert len(seen) > 3, "each request looked at two events"
