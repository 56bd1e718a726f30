"""What is said beside a task's course: posted, read, masked, bounded, and shown as events."""

import pytest

from hiringhall.actions.messages import post_from_run
from hiringhall.actions.runs import recovery
from hiringhall.domain.errors import Forbidden, Superseded
from hiringhall.domain.messages import MAX_MESSAGE_LENGTH, MAX_OF_RUN
from hiringhall.hall import Hall
from tests.coordination.callers import Client, desk_of, log_of

pytestmark = pytest.mark.anyio

SECRET = "sk-canary-0123456789abcdef"


async def test_what_is_posted_is_read_in_order_and_stands_in_the_log(hall: Hall) -> None:
    desk = await desk_of(hall)
    client = Client(desk)
    assert await client.data("read_thread") == {"messages": [], "more": False}
    ids = [(await client.data("post_message", text=f"Word {n}"))["id"] for n in range(3)]
    await client.data("post_message", text="Stuck", kind="blocker")
    read = await client.data("read_thread", limit=2)
    assert [one["text"] for one in read["messages"]] == ["Word 0", "Word 1"]
    assert read["more"] is True
    read = await client.data("read_thread", after=ids[1])
    assert [(one["text"], one["kind"]) for one in read["messages"]] == [
        ("Word 2", "text"),
        ("Stuck", "blocker"),
    ]
    assert read["more"] is False
    assert read["messages"][0].keys() == {"id", "sender", "name", "kind", "text", "at"}
    assert read["messages"][0]["sender"] == "worker"
    events = [one for one in await log_of(hall, desk) if one.type == "message_posted"]
    assert [one.data["text"] for one in events] == ["Word 0", "Word 1", "Word 2", "Stuck"]
    assert events[0].data["message_id"] == ids[0]


async def test_a_secret_in_a_message_is_masked(hall: Hall) -> None:
    desk = await desk_of(hall, secret=SECRET)
    client = Client(desk)
    await client.data("post_message", text=f"The key is {SECRET}.")
    await client.call("report_progress", text=f"It was {SECRET}")
    read = await client.data("read_thread")
    assert read["messages"][0]["text"] == "The key is [secret]."
    assert SECRET not in str(await log_of(hall, desk))


async def test_a_thread_is_its_tasks_own(hall: Hall) -> None:
    one, other = Client(await desk_of(hall)), Client(await desk_of(hall, "bob"))
    await one.data("post_message", text="Mine")
    assert (await other.data("read_thread"))["messages"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"text": "  "},
        {"text": "x" * (MAX_MESSAGE_LENGTH + 1)},
        {"text": "x", "kind": "system"},
        {"text": "x", "kind": "shout"},
        {"text": ["x"]},
        {"text": "x", "sender": "poster"},
    ],
)
async def test_what_no_message_can_be_is_refused(hall: Hall, arguments: dict[str, object]) -> None:
    client = Client(await desk_of(hall))
    assert (await client.call("post_message", **arguments))[1]
    assert (await client.data("read_thread"))["messages"] == []


@pytest.mark.parametrize("arguments", [{"after": "x"}, {"limit": 0}, {"limit": 101}])
async def test_a_thread_is_read_in_pages_of_a_size(
    hall: Hall, arguments: dict[str, object]
) -> None:
    assert (await Client(await desk_of(hall)).call("read_thread", **arguments))[1]


async def test_a_page_of_long_messages_is_cut_short(hall: Hall) -> None:
    client = Client(await desk_of(hall))
    for _ in range(12):
        await client.data("post_message", text="x" * MAX_MESSAGE_LENGTH)
    read = await client.data("read_thread")
    assert (len(read["messages"]), read["more"]) == (10, True)
    read = await client.data("read_thread", after=read["messages"][-1]["id"])
    assert (len(read["messages"]), read["more"]) == (2, False)


async def test_one_run_posts_so_many_and_no_more(hall: Hall) -> None:
    desk = await desk_of(hall)
    for _ in range(MAX_OF_RUN):
        await post_from_run(hall, token=desk.token, text="x")
    with pytest.raises(Forbidden, match="the most"):
        await post_from_run(hall, token=desk.token, text="x")


async def test_a_superseded_run_neither_posts_nor_reads(hall: Hall) -> None:
    desk = await desk_of(hall)
    client = Client(desk)
    await recovery.replace_lost_run(hall, run_id=desk.token.run_id)
    with pytest.raises(Superseded):
        await post_from_run(hall, token=desk.token, text="Still here")
    for tool, arguments in (
        ("post_message", {"text": "Still here"}),
        ("read_thread", {}),
        ("get_context", {}),
        ("deliver", {"text": "Done"}),
        ("ask", {"questions": [{"question": "Which?"}]}),
        ("fail", {"reason": "No"}),
    ):
        text, refused = await client.call(tool, **arguments)
        assert refused, tool
        assert "another run" in text.lower()
    assert desk.submitted is None
