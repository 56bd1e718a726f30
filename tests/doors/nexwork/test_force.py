"""A Task Force's parts at the Nexwork door, as seed 003 says."""

from typing import Any

import httpx
import pytest

from hiringhall.actions.force.talking import post_as_buyer
from hiringhall.actions.market import delivering, reviewing
from hiringhall.actions.market.agents import describe_agent, suspend_agent
from hiringhall.actions.runs.outcomes import NewFile
from hiringhall.actions.timers import fire_due
from hiringhall.blobs import LocalBlobs
from hiringhall.domain.agents import make_profile
from hiringhall.domain.force import SILENCE_US, Reviewer
from hiringhall.domain.messages import MessageKind, Sender
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.tasks import State, Task, Waiting
from hiringhall.doors.nexwork.words_force import FORCE, KIND, SENDER, SUBTASK
from hiringhall.hall import Hall
from hiringhall.queries.force import buyer_thread
from tests.doors.nexwork.conftest import ME, TASKS, Agent, enrolled, refused
from tests.support.force import accepts, confirmed, part, subtask
from tests.support.halls import Clock
from tests.support.market import claimed, current, is_sound

pytestmark = pytest.mark.anyio

UNKNOWN = "019c936e-3800-7014-91dd-418d04139373"
LONG = "Ten target companies with their addresses and a note on each."


def at(part_task: Task, word: str) -> str:
    return f"/api/v1/subtasks/{part_task.id}/{word}"


@pytest.fixture
async def mate(http: httpx.AsyncClient, hall: Hall) -> Agent:
    """An agent that works in Task Forces."""
    return await enrolled(http, hall, "mate", task_force=True)


@pytest.fixture
async def other(http: httpx.AsyncClient, hall: Hall) -> Agent:
    """Another, whom a plan names."""
    return await enrolled(http, hall, "other", task_force=True)


async def project(hall: Hall, buyer: Actor, first: Agent, second: Agent, **fields: Any) -> Task:
    """A project in two parts, the second after the first, each given to an agent."""
    assert first.actor is not None
    assert second.actor is not None
    parts = (
        part("find", 2_000, title="Source list", agent_id=first.actor.agent_id),
        part("write", 1_500, "find", title="Report", agent_id=second.actor.agent_id),
    )
    usual: dict[str, Any] = {
        "title": "Competitive Analysis for Series A",
        "description": "Research, synthesize, and assemble a final report.",
    }
    return await confirmed(hall, buyer, parts, **usual | fields)


@pytest.mark.promise("NX-FORCE-CONTEXT")
async def test_the_assigned_agent_reads_what_it_has_to_know(
    mate: Agent, other: Agent, hall: Hall, buyer: Actor, blobs: LocalBlobs
) -> None:
    whole = await project(hall, buyer, mate, other)
    find = await subtask(hall, whole, "find")
    context = await mate.get(at(find, "context"))
    assert context == {
        "projectTitle": "Competitive Analysis for Series A",
        "projectBrief": "Research, synthesize, and assemble a final report.",
        "subtaskBrief": "Do what part find is about.",
        "dependencyOutputs": [],
        "taskForce": {"id": whole.id, "status": "IN_PROGRESS"},
        "subtask": {
            "id": find.id,
            "title": "Source list",
            "status": "ASSIGNED",
            "shareCents": 2_000,
            "dueAt": context["subtask"]["dueAt"],
        },
    }
    key = hall.new_id()
    stored = await blobs.put(key, b"a,b")
    assert mate.actor is not None
    await delivering.deliver(
        hall,
        actor=mate.actor,
        task_id=find.id,
        text=LONG,
        links=["https://example.com/list.csv"],
        files=[NewFile("list.csv", stored.size_bytes, stored.sha256, key)],
    )
    await accepts(hall, buyer, find)
    write = await subtask(hall, whole, "write")
    (output,) = (await other.get(at(write, "context")))["dependencyOutputs"]
    assert (output["id"], output["title"], output["status"]) == (
        find.id, "Source list", "COMPLETED",
    )  # fmt: skip
    assert output["deliverableContent"] == LONG
    link, file = output["deliverableFileUrls"]
    assert link == "https://example.com/list.csv"
    assert (await mate.http.get(file)).content == b"a,b"


@pytest.mark.promise("NX-FORCE-CONTEXT", "NX-FORCE-OPT-IN")
async def test_nobody_else_reads_it_and_who_opted_out_neither(
    mate: Agent, other: Agent, scout: Agent, hall: Hall, buyer: Actor
) -> None:
    whole = await project(hall, buyer, mate, other)
    find, write = await subtask(hall, whole, "find"), await subtask(hall, whole, "write")
    said = {"content": "Hello"}
    for path, body in (
        ("context", None), ("messages", None), ("messages", said), ("deliver", {"content": LONG}),
    ):  # fmt: skip
        method = "GET" if body is None else "POST"
        for unknown in (UNKNOWN, whole.id, "x"):
            answer = await mate.ask(method, f"/api/v1/subtasks/{unknown}/{path}", body)
            assert answer.status_code == 404, (path, answer.text)
            refused(answer.json(), "NOT_FOUND")
        answer = await scout.ask(method, at(find, path), body)
        assert answer.status_code == 404, (path, answer.text)
        answer = await mate.ask(method, at(write, path), body)
        assert answer.status_code == 403, (path, answer.text)
        refused(answer.json(), "FORBIDDEN")
    assert mate.actor is not None
    await describe_agent(
        hall, actor=HALL, agent_id=mate.actor.agent_id or "", profile=make_profile(name="mate")
    )
    assert (await mate.get(ME))["taskForceParticipation"] is False
    for path in ("context", "messages"):
        refused(await mate.get(at(find, path), 403), "FORBIDDEN")
    refused(await mate.post(at(find, "deliver"), {"content": LONG}, 403), "FORBIDDEN")
    assert (await subtask(hall, whole, "find")).state is State.ASSIGNED


@pytest.mark.promise("NX-FORCE-MESSAGES")
async def test_what_is_said_stands_in_the_channel_or_in_the_subtasks_thread(
    mate: Agent, other: Agent, hall: Hall, buyer: Actor
) -> None:
    whole = await project(hall, buyer, mate, other)
    find = await subtask(hall, whole, "find")
    own = await mate.post(at(find, "messages"), {"content": "On it", "subtaskId": find.id})
    assert own["message"] == {
        "id": own["message"]["id"],
        "senderType": "agent",
        "senderName": "mate",
        "messageType": "text",
        "content": "On it",
        "subtaskId": find.id,
        "createdAt": own["message"]["createdAt"],
    }
    assert (await subtask(hall, whole, "find")).state is State.IN_PROGRESS
    shared = await mate.post(at(find, "messages"), {"content": "Hello all"})
    assert shared["message"]["subtaskId"] is None
    await post_as_buyer(hall, actor=buyer, task_id=whole.id, text="Thank you")
    thread = await mate.get(at(find, "messages"))
    told = [(one["senderType"], one["content"]) for one in thread["messages"]]
    assert told[-3:] == [("agent", "On it"), ("agent", "Hello all"), ("buyer", "Thank you")]
    assert ("manager", "summary") in {
        (one["senderType"], one["messageType"]) for one in thread["messages"]
    }
    assert thread["meta"] == {"limit": 50, "hasMore": False, "nextCursor": None}
    write = await subtask(hall, whole, "write")
    for subtask_id in (write.id, UNKNOWN, "x"):
        body = {"content": "Let me in", "subtaskId": subtask_id}
        refused(await mate.post(at(find, "messages"), body, 403), "FORBIDDEN")


@pytest.mark.promise("NX-FORCE-MESSAGES")
async def test_a_thread_is_read_oldest_first_in_parts(
    mate: Agent, other: Agent, hall: Hall, buyer: Actor
) -> None:
    whole = await project(hall, buyer, mate, other)
    find = await subtask(hall, whole, "find")
    for number in range(5):
        await mate.post(at(find, "messages"), {"content": f"Step {number}"})
    whole_thread = (await mate.get(at(find, "messages")))["messages"]
    read, cursor = [], ""
    while True:
        page = await mate.get(f"{at(find, 'messages')}?limit=3{cursor}")
        read += page["messages"]
        if not page["meta"]["hasMore"]:
            break
        assert len(page["messages"]) == 3
        cursor = f"&cursor={page['meta']['nextCursor']}"
    assert read == whole_thread
    assert [one["content"] for one in read][-5:] == [f"Step {number}" for number in range(5)]
    for query in ("limit=0", "cursor=x", "limit=101"):
        answer = await mate.get(f"{at(find, 'messages')}?{query}", 400)
        assert set(refused(answer, "VALIDATION_ERROR")["details"]["fieldErrors"]) == {
            query.partition("=")[0]
        }


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({}, "content"),
        ({"content": "  "}, "content"),
        ({"content": "x" * 20_001}, "content"),
        ({"content": "x", "messageType": "system"}, "messageType"),
        ({"content": "x", "subtaskId": 7}, "subtaskId"),
    ],
)
async def test_a_message_that_cannot_be_one_is_refused_by_its_field(
    mate: Agent, other: Agent, hall: Hall, buyer: Actor, body: dict[str, Any], name: str
) -> None:
    whole = await project(hall, buyer, mate, other)
    find = await subtask(hall, whole, "find")
    error = refused(await mate.post(at(find, "messages"), body, 400), "VALIDATION_ERROR")
    assert set(error["details"]["fieldErrors"]) == {name}
    assert (await subtask(hall, whole, "find")).state is State.ASSIGNED


@pytest.mark.promise("NX-FORCE-BLOCKERS")
@pytest.mark.parametrize(
    "body",
    [
        {"content": "Blocked on pricing confirmation for two competitors."},
        {"content": "I need the buyer's guidance", "messageType": "blocker"},
    ],
)
async def test_a_blocker_is_told_to_the_buyer(
    mate: Agent, other: Agent, hall: Hall, buyer: Actor, body: dict[str, Any]
) -> None:
    whole = await project(hall, buyer, mate, other)
    find = await subtask(hall, whole, "find")
    await mate.post(at(find, "messages"), body)
    held_up = await current(hall, whole)
    assert held_up.waiting_for is Waiting.POSTER
    assert body["content"] in held_up.waiting_reason
    seen = await buyer_thread(hall, actor=buyer, task_id=whole.id, with_parts=True)
    assert body["content"] in [one.text for one in seen.messages]
    told = (await mate.get(at(find, "messages")))["messages"]
    assert "system" in {one["senderType"] for one in told}


@pytest.mark.promise("NX-FORCE-BLOCKERS")
async def test_silence_is_told_to_the_buyer(
    mate: Agent, other: Agent, hall: Hall, buyer: Actor, clock: Clock
) -> None:
    whole = await project(hall, buyer, mate, other)
    clock.advance(SILENCE_US // 1_000_000 + 1)
    await fire_due(hall)
    assert "said nothing" in (await current(hall, whole)).waiting_reason


@pytest.mark.promise("NX-FORCE-DELIVER", "NX-FORCE-REVIEW")
async def test_a_delivered_part_is_reviewed_by_the_manager_and_the_next_one_opens(
    mate: Agent, other: Agent, hall: Hall, buyer: Actor
) -> None:
    assert mate.actor is not None
    assert other.actor is not None
    parts = (
        part("find", 2_000, agent_id=mate.actor.agent_id),
        part("write", 1_500, "find", agent_id=other.actor.agent_id),
    )
    whole = await confirmed(hall, buyer, parts, reviewer=Reviewer.MANAGER)
    find = await subtask(hall, whole, "find")
    made = await mate.post(at(find, "deliver"), {"content": "Done"})
    assert made == {
        "deliverableId": made["deliverableId"],
        "status": "submitted",
        "meta": {
            "subtaskStatus": "DELIVERED",
            "deliverableNumber": 1,
            "linkCount": 0,
            "managerReviewQueued": True,
            "autoEvalScheduled": True,
        },
    }
    refused(await mate.post(at(find, "deliver"), {"content": LONG}, 409), "CONFLICT")
    await fire_due(hall)
    context = await mate.get(at(find, "context"))
    assert context["subtask"]["status"] == "REVISION"
    said = (await mate.get(at(find, "messages")))["messages"]
    assert any(one["senderType"] == "manager" and one["subtaskId"] == find.id for one in said)

    body = {"content": LONG, "fileUrls": ["https://example.com/list.csv"]}
    again = await mate.post(at(find, "deliver"), body)
    assert (again["meta"]["deliverableNumber"], again["meta"]["linkCount"]) == (2, 1)
    await fire_due(hall)
    assert (await subtask(hall, whole, "find")).state is State.DONE
    assert (await mate.get(f"{ME}/earnings"))["totals"]["releasedCents"] == 1_800
    refused(await mate.post(at(find, "deliver"), {"content": LONG}, 409), "CONFLICT")

    write = await subtask(hall, whole, "write")
    assert write.state is State.ASSIGNED
    await other.post(at(write, "deliver"), {"content": f"{LONG} And more of them."})
    await fire_due(hall)
    assembled = await current(hall, whole)
    assert assembled.state is State.IN_REVIEW
    await reviewing.accept(hall, actor=buyer, task_id=whole.id)
    assert (await other.get(at(write, "context")))["taskForce"]["status"] == "COMPLETED"
    assert await is_sound(hall)


@pytest.mark.promise("NX-FORCE-DELIVER")
async def test_a_part_is_handed_in_as_a_part_and_a_task_as_a_task(
    mate: Agent, other: Agent, scout: Agent, hall: Hall, buyer: Actor
) -> None:
    whole = await project(hall, buyer, mate, other)
    find = await subtask(hall, whole, "find")
    wrong = {"content": LONG, "submissionUrl": "ftp://example.com"}
    assert other.actor is not None
    plain = await claimed(hall, buyer, other.actor)
    refused(await other.post(at(plain, "deliver"), {"content": LONG}, 404), "NOT_FOUND")
    assert (await current(hall, plain)).state is State.ASSIGNED
    error = refused(await mate.post(at(find, "deliver"), wrong, 400), "VALIDATION_ERROR")
    assert set(error["details"]["fieldErrors"]) == {"submissionUrl"}
    refused(await mate.propose(whole.id, 409), "CONFLICT")
    assert (await scout.get(TASKS))["tasks"] == []
    (item,) = (await mate.get(f"{ME}/tasks"))["items"]
    assert item["subtask"] == {"id": find.id, "status": "ASSIGNED", "taskForceId": whole.id}
    assert item["proposal"] is None


async def test_an_agent_that_was_suspended_is_out(
    mate: Agent, other: Agent, hall: Hall, buyer: Actor
) -> None:
    whole = await project(hall, buyer, mate, other)
    find = await subtask(hall, whole, "find")
    assert mate.actor is not None
    await suspend_agent(hall, actor=HALL, agent_id=mate.actor.agent_id or "")
    refused(await mate.get(at(find, "context"), 403), "FORBIDDEN")


async def test_a_repeated_message_is_said_once(
    mate: Agent, other: Agent, hall: Hall, buyer: Actor
) -> None:
    whole = await project(hall, buyer, mate, other)
    find = await subtask(hall, whole, "find")
    body = {"content": "On it"}
    first = await mate.post(at(find, "messages"), body, Idempotency_Key="once")
    assert await mate.post(at(find, "messages"), body, Idempotency_Key="once") == first
    said = (await mate.get(at(find, "messages")))["messages"]
    assert [one["content"] for one in said].count("On it") == 1


def test_each_state_sender_and_kind_has_a_word() -> None:
    assert set(SUBTASK) == set(FORCE) == set(State)
    assert set(SENDER) == set(Sender)
    assert set(KIND) == set(MessageKind)
