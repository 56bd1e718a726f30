"""A worker splits its task: parts in its own team, for others to do."""

import pytest

from hiringhall.actions.runs import recovery
from hiringhall.hall import Hall
from tests.coordination.callers import Client, desk_of

pytestmark = pytest.mark.anyio

SECRET = "sk-canary-0123456789abcdef"


async def test_parts_are_made_listed_and_seen_by_their_own_workers(hall: Hall) -> None:
    desk = await desk_of(hall, secret=SECRET)
    client = Client(desk)
    first = await client.data("create_subtask", title=f"Sand it {SECRET}", accept_criteria="Smooth")
    second = await client.data("create_subtask", title="Paint it", depends_on=[first["id"]])
    later = await client.data("create_subtask", title="Sell it", draft=True)
    assert (first["title"], later["state"]) == ("Sand it [secret]", "draft")
    listed = (await client.data("list_subtasks"))["subtasks"]
    assert [one["id"] for one in listed] == [first["id"], second["id"], later["id"]]
    assert {one["output"] for one in listed} == {None}
    told = await client.data("get_context")
    assert [one["title"] for one in told["subtasks"]][1:] == ["Paint it", "Sell it"]
    assert told["parent"] is None


async def test_what_is_no_part_is_refused(hall: Hall) -> None:
    desk, other = await desk_of(hall), await desk_of(hall, "bob")
    client = Client(desk)
    for arguments in (
        {"title": " "},
        {"title": "x", "depends_on": [other.token.task_id]},
        {"title": "x", "depends_on": ["nonsense"]},
        {"title": "x", "depends_on": ["x"] * 1_000},
        {"title": "x", "priority": "high"},
        {"title": "x", "parent": other.token.task_id},
    ):
        assert (await client.call("create_subtask", **arguments))[1], arguments
    assert (await client.data("list_subtasks"))["subtasks"] == []
    await recovery.replace_lost_run(hall, run_id=desk.token.run_id)
    text, refused = await client.call("create_subtask", title="Late")
    assert refused
    assert "Another run" in text
