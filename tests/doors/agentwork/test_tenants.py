"""Who sees which task: the organization everything, anybody else nothing."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest

from hiringhall.actions import accounts
from hiringhall.doors.front import Front
from hiringhall.hall import Hall
from tests.doors.conftest import Visitor, Worker, refused

pytestmark = pytest.mark.anyio

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")

QUESTION = {"type": "single_select", "question": "Framework?", "options": ["React", "Vue"]}


@pytest.mark.promise("AW-CODE-404")
async def test_a_foreign_task_answers_exactly_like_an_unknown_one(
    ada: Visitor, bob: Visitor, worker: Worker
) -> None:
    states: list[str] = []
    states.append(await ada.create())
    await worker.messages("Shall I?")
    states.append(await ada.create())
    await worker.solves("Done", {"a.txt": b"1"})
    states.append(await ada.create(require_spec_approval=True))
    await worker.plans("First the hero")
    states.append(await ada.create())
    unknown = ["019c9000-0000-7000-8000-000000000000", "x", states[0].upper(), f"{states[0]}x",
               states[0].replace("-", ""), "%00", "%F0%28", "task_abc", "-1", "💥",
               "a" * 4000]  # fmt: skip
    words: list[tuple[str, str, Any]] = [
        ("GET", "", None), ("GET", "/result", None), ("GET", "/events", None),
        ("POST", "/message", {"message": "x"}),
        ("POST", "/message", {"answers": [{"question_index": 0, "selected": "x"}]}),
        ("POST", "/solution-status", {"status": "CONFIRMED"}),
        ("POST", "/solution-status", {"status": "REJECTED"}),
        ("POST", "/spec-status", {"status": "CONFIRMED"}),
        ("POST", "/cancel", None),
    ]  # fmt: skip
    before = [await ada.task(one) for one in states]
    for method, path, body in words:
        for task_id in (*states, *unknown):
            for headers in ({}, {"Idempotency-Key": f"k{method}{path}"}):
                answer = await bob.ask(
                    method, f"/api/v1/tasks/{task_id}{path}", json=body, headers=headers
                )
                assert refused(answer, 404) == "Task not found"
    assert [await ada.task(one) for one in states] == before


async def test_answers_at_the_root_vary_by_key(ada: Visitor, front: Front) -> None:
    assert (await ada.get("/api/v1/tasks")).headers["vary"] == "Authorization"
    assert "vary" not in (await ada.get("/agentwork/api/v1/tasks")).headers
    assert (await ada.get("/agentwork/api/v1/tasks")).status_code == 200


@pytest.mark.promise("AW-GUIDE-POLLING")
async def test_polling_is_never_throttled(ada: Visitor) -> None:
    task_id = await ada.create()
    for _ in range(30):
        polls = (ada.get(f"/api/v1/tasks/{task_id}") for _ in range(20))
        assert {one.status_code for one in await asyncio.gather(*polls)} == {200}


async def test_colleagues_see_the_same_tasks(ada: Visitor, hall: Hall, stranger: Visitor) -> None:
    """Two keys of one organization are one organization."""
    task_id = await ada.create()
    await accounts.set_password(hall, email="ada@example.com", password="correct horse")
    body = {"email": "ada@example.com", "password": "correct horse"}
    key = (await stranger.post("/api/v1/auth/api-key", body)).json()["api_key"]
    assert (await replace(stranger, key=key).task(task_id))["task_id"] == task_id
