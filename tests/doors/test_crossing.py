"""One task, whichever door it came in by: read, run, asked about, answered, delivered at both."""

from typing import Any

import httpx
import pytest

from hiringhall.domain.tasks import State, Waiting
from hiringhall.doors.agentix.words import STATUS, id_of, ref
from hiringhall.doors.agentwork.words import status_of
from hiringhall.hall import Hall
from hiringhall.queries.audit import audit_all
from tests.doors.agentix.conftest import Customer
from tests.doors.conftest import Visitor, Worker
from tests.support.teams import ROLE

pytestmark = pytest.mark.anyio


@pytest.fixture
def ceo(http: httpx.AsyncClient, ada: Visitor) -> Customer:
    """The same customer as `ada`, with the same key, at the Agentix door."""
    return Customer(http, None, ada.key)  # pyright: ignore[reportArgumentType]


async def first_team(ceo: Customer) -> str:
    team, *_ = await ceo.get("/teams")
    return team["id"]


async def both(ada: Visitor, ceo: Customer, task_id: str) -> tuple[str, str]:
    """The two doors' words for where a task stands."""
    here, there = await ada.task(task_id), await ceo.get(f"/tasks/{ref('task', task_id)}")
    return here["status"], there["status"]


async def test_a_task_of_agentwork_is_carried_on_at_agentix(
    ada: Visitor, ceo: Customer, worker: Worker, hall: Hall
) -> None:
    task_id = await ada.create(title="Build a page")
    there = f"/tasks/{ref('task', task_id)}"
    team = await first_team(ceo)
    seen = await ceo.get(there)
    assert (seen["title"], seen["teamId"], seen["role"]) == ("Build a page", team, None)
    assert [one["id"] for one in await ceo.get(f"/tasks?teamId={team}")] == [seen["id"]]
    assert await both(ada, ceo, task_id) == ("processing", "ready")
    await ceo.post(f"{there}/run", None, 409)

    await worker.messages("Which colour?")
    assert await both(ada, ceo, task_id) == ("awaiting_reply", "in_progress")
    assert (await ceo.get(there))["question"]["text"] == "Which colour?"
    said = {"teamId": team, "taskId": seen["id"], "type": "message", "data": {"message": "Blue"}}
    await ceo.post("/events", said)
    assert await both(ada, ceo, task_id) == ("processing", "in_progress")
    assert [one["content"] for one in await ada.events(task_id) if one["type"] == "reply"] == [
        "Blue"
    ]

    await worker.solves("A blue page", {"page.html": b"<p>"})
    assert await both(ada, ceo, task_id) == ("awaiting_solution_approval", "review")
    done = await ceo.patch(there, {"status": "done"})
    assert (done["output"]["summary"], [one["name"] for one in done["output"]["files"]]) == (
        "A blue page", ["page.html"],
    )  # fmt: skip
    assert await both(ada, ceo, task_id) == ("completed", "done")
    assert (await ada.result(task_id))["result_text"] == "A blue page"
    assert (await audit_all(hall.database)).problems == ()


async def test_a_task_of_agentix_is_carried_on_at_agentwork(
    ada: Visitor, ceo: Customer, worker: Worker, hall: Hall
) -> None:
    team = (await ceo.team())["id"]
    title = "Add rate limiting to each of the public routes, and to POST /register first of all"
    task = await ceo.post(
        "/tasks", {"teamId": team, "title": title, "role": ROLE, "status": "ready"}
    )
    there, task_id = f"/tasks/{task['id']}", id_of("task", task["id"])
    assert task["title"] == title
    shown = await ada.task(task_id)
    assert shown["title"] == title[:70].rstrip() != title
    (line,) = (await ada.get("/api/v1/tasks")).json()["tasks"]
    assert (line["task_id"], line["title"]) == (task_id, shown["title"])
    assert await both(ada, ceo, task_id) == ("processing", "ready")

    await ceo.post(f"{there}/run", None, 200)
    await worker.asks({"type": "text", "question": "How many?", "options": []})
    assert await both(ada, ceo, task_id) == ("awaiting_reply", "in_progress")
    answer = {"answers": [{"question_index": 0, "selected": "Five"}]}
    assert (await ada.say(task_id, "message", answer)).status_code == 201
    assert await both(ada, ceo, task_id) == ("processing", "in_progress")
    assert (await ceo.get(there))["question"] is None

    await worker.solves("Five it is")
    assert await both(ada, ceo, task_id) == ("completed", "done")
    assert (await ada.result(task_id))["result_text"] == "Five it is"
    assert (await audit_all(hall.database)).problems == ()


async def test_a_reviewed_delivery_of_agentix_is_decided_at_agentwork(
    ada: Visitor, ceo: Customer, worker: Worker
) -> None:
    team = (await ceo.team(config={"review": True}))["id"]
    body = {"teamId": team, "title": "x", "role": ROLE, "status": "ready"}
    task = await ceo.post("/tasks", body)
    task_id = id_of("task", task["id"])
    await ceo.post(f"/tasks/{task['id']}/run", None, 200)
    await worker.solves("First")
    assert await both(ada, ceo, task_id) == ("awaiting_solution_approval", "review")
    no = {"status": "REJECTED", "rejection_reason": "Not yet"}
    assert (await ada.say(task_id, "solution-status", no)).status_code == 200
    assert await both(ada, ceo, task_id) == ("processing", "in_progress")
    await worker.solves("Second")
    assert (await ada.say(task_id, "solution-status", {"status": "CONFIRMED"})).status_code == 200
    seen = await ceo.get(f"/tasks/{task['id']}")
    assert (seen["status"], seen["output"]["summary"]) == ("done", "Second")


async def test_either_door_ends_what_the_other_began(
    ada: Visitor, ceo: Customer, worker: Worker
) -> None:
    mine = await ada.create()
    await worker.begins()
    assert (await ceo.delete(f"/tasks/{ref('task', mine)}"))["status"] == "failed"
    assert await both(ada, ceo, mine) == ("cancelled", "failed")

    body = {"teamId": (await ceo.team())["id"], "title": "x", "role": ROLE, "status": "ready"}
    theirs = await ceo.post("/tasks", body)
    await ceo.post(f"/tasks/{theirs['id']}/run", None, 200)
    await worker.begins()
    assert (await ada.say(id_of("task", theirs["id"]), "cancel")).status_code == 200
    seen = await ceo.get(f"/tasks/{theirs['id']}")
    assert (seen["status"], [one["status"] for one in seen["workers"]]) == ("failed", ["failed"])
    resumed = await ceo.post(f"/tasks/{theirs['id']}/resume", None, 200)
    assert resumed["resumed"]
    await worker.solves("After all")
    assert await both(ada, ceo, id_of("task", theirs["id"])) == ("completed", "done")


async def test_what_a_board_alone_says_is_told_at_agentwork_in_plain_words(
    ada: Visitor, ceo: Customer
) -> None:
    task: dict[str, Any] = await ceo.post(
        "/tasks", {"teamId": await first_team(ceo), "title": "x", "description": "y"}
    )
    task_id, there = id_of("task", task["id"]), f"/tasks/{task['id']}"
    assert await both(ada, ceo, task_id) == ("processing", "backlog")
    for change in (
        {"title": "z"}, {"status": "ready"}, {"status": "in_progress"},
        {"status": "review", "output": {"summary": "By hand"}}, {"status": "failed"},
        {"status": "ready"},
    ):  # fmt: skip
        await ceo.patch(there, change)
    told = [one["content"] for one in await ada.events(task_id)]
    assert told[0].startswith("Task received")
    assert "Task changed" in told
    assert told.count("Task moved by the requester") == 1
    assert "By hand" in told
    assert told[-1] == "Task opened again"
    assert (await ada.result(task_id))["result_text"] == "By hand"


def test_every_state_has_a_word_at_each_door() -> None:
    for state in State:
        assert STATUS[state]
        for waiting in Waiting:
            assert status_of(state, waiting)
