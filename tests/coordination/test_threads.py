"""What is said beside a task's course: posted, read, masked, bounded, and shown as events."""

import asyncio

import pytest

from hiringhall.actions.messages import post_from_run
from hiringhall.actions.runs import outcomes, recovery, working
from hiringhall.actions.tasks.running import run_task
from hiringhall.domain.errors import Forbidden, Superseded
from hiringhall.domain.messages import MAX_MESSAGE_LENGTH, MAX_OF_RUN
from hiringhall.domain.policy import Actor, ActorKind
from hiringhall.hall import Hall
from hiringhall.workers.coordination.desk import Desk
from tests.coordination.callers import Client, desk_of, log_of
from tests.support.halls import begin

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


async def family(hall: Hall) -> tuple[Desk, Desk]:
    """The desks of a task and of a part of it, both at work."""
    desk = await desk_of(hall)
    part = await Client(desk).data("create_subtask", title="Sand it")
    ada = Actor(ActorKind.USER, desk.brief.task.organization_id, desk.brief.task.created_by)
    await run_task(hall, actor=ada, task_id=part["id"], by_role=False)
    run = await begin(hall)
    brief = await working.read_brief(hall, token=run.token)
    return desk, Desk(hall, brief, lambda text: text)


async def test_a_worker_talks_with_who_has_the_whole_and_who_has_a_part(hall: Hall) -> None:
    whole, part = await family(hall)
    one, other = Client(whole), Client(part)
    whole_id, part_id = whole.token.task_id, part.token.task_id
    await one.data("post_message", text="Mind the grain", task=part_id)
    await other.data("post_message", text="It is oak", task=whole_id)
    await other.data("post_message", text="To myself", task=part_id)
    read = (await other.data("read_thread"))["messages"]
    assert [message["text"] for message in read] == ["Mind the grain", "To myself"]
    assert read == (await one.data("read_thread", task=part_id))["messages"]
    read = (await other.data("read_thread", task=whole_id))["messages"]
    assert [message["text"] for message in read] == ["It is oak"]
    assert read == (await one.data("read_thread"))["messages"]
    events = [event for event in await log_of(hall, part) if event.type == "message_posted"]
    assert [event.data["text"] for event in events] == ["Mind the grain", "To myself"]


async def test_both_may_talk_to_each_other_at_once(hall: Hall) -> None:
    whole, part = await family(hall)
    both = [(whole, part.token.task_id), (part, whole.token.task_id)] * 8
    async with asyncio.TaskGroup() as group:
        for desk, thread in both:
            group.create_task(post_from_run(hall, token=desk.token, text="x", thread=thread))
    for desk, thread in both[:2]:
        said = await Client(desk).data("read_thread", task=thread)
        assert len(said["messages"]) == 8


async def test_no_thread_but_the_familys_is_read_or_written(hall: Hall) -> None:
    whole, part = await family(hall)
    client, bob = Client(part), await desk_of(hall, "bob")
    beside = await Client(whole).data("create_subtask", title="Paint it")
    below = await client.data("create_subtask", title="Buy paper")
    strangers = [bob.token.task_id, beside["id"], hall.new_id(), "nonsense", ""]
    for task_id in strangers:
        assert (await client.call("read_thread", task=task_id))[1], task_id
        assert (await client.call("post_message", text="x", task=task_id))[1], task_id
    # Of the part of a part its worker is family, and who has the whole is not.
    await client.data("post_message", text="x", task=below["id"])
    assert (await Client(whole).call("post_message", text="x", task=below["id"]))[1]


async def test_in_the_familys_threads_the_same_run_is_held_to_the_same(hall: Hall) -> None:
    whole, part = await family(hall)
    await outcomes.give_up(hall, token=part.token, reason="Too hard")
    text, refused = await Client(whole).call("post_message", text="x", task=part.token.task_id)
    assert refused
    assert "failed" in text
    assert not (await Client(whole).call("read_thread", task=part.token.task_id))[1]
    for tool, arguments in (("post_message", {"text": "x"}), ("read_thread", {})):
        text, refused = await Client(part).call(tool, **arguments, task=whole.token.task_id)
        assert refused, tool
    assert (await Client(whole).data("read_thread"))["messages"] == []
