"""The AgentWork Club door: posting, following, approving, as seed 002 says."""

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from hiringhall.actions.market import claims, delivering
from hiringhall.actions.runs.outcomes import NewFile
from hiringhall.blobs import Blobs
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State
from hiringhall.doors.club.words import STATUS, states_of
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
from tests.doors.conftest import Visitor
from tests.support.halls import PATIENCE_S, Clock, sign_up
from tests.support.market import available, handed_in, is_sound
from tests.support.served import served_hall

pytestmark = pytest.mark.anyio

PATH = "/api/agent/v1/tasks"
EXAMPLE = Path(__file__).with_name("example.py.txt")
"""Seed 002, "Python Example"."""

BODY: dict[str, Any] = {
    "title": "Translate product description EN→ZH",
    "description": "We have a product description that needs accurate translation.",
    "category": "translation",
    "instructions": "Translate the following text from English to Simplified Chinese.",
    "expected_output": "A complete Simplified Chinese translation of the provided text.",
    "payout_cents": 500,
    "currency": "usd",
    "time_limit_minutes": 60,
    "expires_in_hours": 24,
    "tags": ["translation", "chinese", "product"],
}
OPENING = 100_000


async def created(who: Visitor, **fields: Any) -> dict[str, Any]:
    answer = await who.post(PATH, BODY | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["task"]


async def got(who: Visitor, task_id: str) -> dict[str, Any]:
    answer = await who.get(f"{PATH}/{task_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: httpx.Response, status: int) -> dict[str, Any]:
    """What a refusal says, in the door's envelope."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert list(body) == ["error"]
    assert {"code", "message"} <= set(body["error"])
    return body["error"]


async def submitted(hall: Hall, task_id: str, name: str = "wei") -> Actor:
    """Somebody takes a task and hands it in."""
    worker = await sign_up(hall, name)
    task = await claims.claim(hall, actor=worker, task_id=task_id)
    await handed_in(hall, worker, task, "产品描述")
    return worker


@pytest.mark.promise("CL-CREATE", "CL-BASE")
@pytest.mark.parametrize("at", ["", "/club"])
async def test_a_task_is_posted_with_its_payout_and_the_fee_held(
    ada: Visitor, hall: Hall, at: str
) -> None:
    ada.at = at
    task = await created(ada)
    assert {name: task[name] for name in BODY} == BODY
    assert (task["status"], task["submission_text"], task["approved"]) == ("open", None, False)
    actor = await authenticate(hall, ada.key or "")
    assert await available(hall, actor) == OPENING - 550
    assert await got(ada, task["id"]) == task
    assert await is_sound(hall)


@pytest.mark.promise("CL-CREATE")
async def test_little_is_needed_and_the_rest_is_usual(ada: Visitor) -> None:
    needed = {name: BODY[name] for name in ("title", "description", "instructions")}
    answer = await ada.post(PATH, {**needed, "payout_cents": 1})
    task = answer.json()["task"]
    usual = ("category", "currency", "time_limit_minutes", "expires_in_hours", "tags")
    assert [task[name] for name in usual] == ["general", "usd", 60, 24, []]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"title": " "}, {"title"}),
        ({"instructions": ""}, {"instructions"}),
        ({"payout_cents": 0}, {"payout_cents"}),
        ({"payout_cents": 100_000_001}, {"payout_cents"}),
        ({"payout_cents": "500"}, {"payout_cents"}),
        ({"payout_cents": 1.5}, {"payout_cents"}),
        ({"currency": "eur"}, {"currency"}),
        ({"time_limit_minutes": 0}, {"time_limit_minutes"}),
        ({"expires_in_hours": -1}, {"expires_in_hours"}),
        ({"category": "../etc"}, {"category"}),
        ({"tags": "chinese"}, {"tags"}),
    ],
    ids=lambda given: "" if isinstance(given, set) else json.dumps(given),
)
async def test_what_cannot_be_meant_is_refused_by_its_field(
    ada: Visitor, hall: Hall, fields: dict[str, Any], names: set[str]
) -> None:
    error = refused(await ada.post(PATH, BODY | fields), 400)
    assert set(error.get("fields", {})) == names
    assert await available(hall, await authenticate(hall, ada.key or "")) == OPENING


async def test_without_funds_nothing_is_posted(ada: Visitor, hall: Hall) -> None:
    error = refused(await ada.post(PATH, BODY | {"payout_cents": 95_000}), 402)
    assert error["code"] == "not_enough_funds"
    assert (await ada.get(PATH)).json()["total"] == 0


@pytest.mark.promise("CL-AUTH")
@pytest.mark.parametrize("key", [None, "aw_live_wrong", "nxw_wrong"])
async def test_nobody_comes_in_without_a_key(stranger: Visitor, key: str | None) -> None:
    stranger.key = key
    for answer in (
        await stranger.get(PATH),
        await stranger.post(PATH, BODY),
        await stranger.get(f"{PATH}/x"),
        await stranger.post(f"{PATH}/x/feedback", {"rating": 5}),
    ):
        refused(answer, 401)


async def test_somebody_elses_task_is_not_there(ada: Visitor, bob: Visitor) -> None:
    task = await created(ada)
    for task_id in (task["id"], "019c936e-3800-7014-91dd-418d04139373", "x", task["id"].upper()):
        refused(await bob.get(f"{PATH}/{task_id}"), 404)
        refused(await bob.post(f"{PATH}/{task_id}/feedback", {"rating": 5}), 404)
    assert (await bob.get(PATH)).json()["total"] == 0


@pytest.mark.promise("CL-GET", "CL-FEEDBACK")
async def test_a_submission_is_approved_rated_and_paid_once(
    ada: Visitor, hall: Hall, blobs: Blobs
) -> None:
    task = await created(ada)
    feedback = {"rating": 5, "feedback": "Excellent translation, very accurate!"}
    path = f"{PATH}/{task['id']}/feedback"
    refused(await ada.post(path, feedback), 409)
    worker = await sign_up(hall, "wei")
    await claims.claim(hall, actor=worker, task_id=task["id"])
    assert (await got(ada, task["id"]))["status"] == "in_progress"
    key = hall.new_id()
    stored = await blobs.put(key, b"hello")
    file = NewFile("a/b.txt", stored.size_bytes, stored.sha256, key)
    await delivering.deliver(hall, actor=worker, task_id=task["id"], text="产品描述", files=[file])
    seen = await got(ada, task["id"])
    assert (seen["status"], seen["submission_text"]) == ("completed", "产品描述")
    assert (await ada.http.get(seen["submission_files"][0]["url"])).content == b"hello"
    refused(await ada.post(path, {"rating": 6}), 400)
    answer = await ada.post(path, feedback)
    assert answer.status_code == 200
    assert answer.json()["success"] is True
    done = answer.json()["task"]
    assert (done["approved"], done["rating"], done["feedback"]) == (True, 5, feedback["feedback"])
    refused(await ada.post(path, feedback), 409)
    assert await available(hall, worker) == OPENING + 500
    assert await is_sound(hall)


async def test_an_approval_whose_answer_was_lost_is_answered_alike(
    ada: Visitor, hall: Hall
) -> None:
    task = await created(ada)
    await submitted(hall, task["id"])
    path, headers = f"{PATH}/{task['id']}/feedback", {"Idempotency-Key": "once"}
    first = await ada.post(path, {"rating": 5}, headers=headers)
    assert (first.status_code, first.json()["task"]["approved"]) == (200, True)
    again = await ada.post(path, {"rating": 5}, headers=headers)
    assert (again.status_code, again.json()) == (200, first.json())
    refused(await ada.post(path, {"rating": 4}, headers=headers), 409)
    assert await is_sound(hall)


@pytest.mark.promise("CL-LIST")
async def test_the_list_is_newest_first_by_status_and_page(ada: Visitor, hall: Hall) -> None:
    made = [(await created(ada, title=f"Task {number}"))["id"] for number in range(5)]
    await submitted(hall, made[0])
    listed = (await ada.get(PATH)).json()
    assert [one["id"] for one in listed["tasks"]] == made[::-1]
    assert (listed["page"], listed["limit"], listed["total"]) == (1, 20, 5)
    second = (await ada.get(f"{PATH}?status=open&page=2&limit=3")).json()
    assert [one["id"] for one in second["tasks"]] == [made[1]]
    assert second["total"] == 4
    completed = (await ada.get(f"{PATH}?status=completed")).json()["tasks"]
    assert [one["submission_text"] for one in completed] == ["产品描述"]
    assert completed == [await got(ada, made[0])]
    for query in ("status=done", "page=0", "limit=101", "limit=x"):
        refused(await ada.get(f"{PATH}?{query}"), 400)


async def test_a_task_of_another_door_is_there_by_its_id(ada: Visitor) -> None:
    task_id = await ada.create()
    task = await got(ada, task_id)
    assert (task["payout_cents"], task["instructions"]) == (0, task["description"])
    assert (await ada.get(PATH)).json()["total"] == 0
    made = await created(ada)
    assert (await ada.task(made["id"]))["status"] == "processing"


def test_each_state_has_a_word_and_a_list() -> None:
    assert set(STATUS) == set(State)
    for status in ("open", "in_progress", "completed"):
        assert State.DRAFT not in states_of(status)
    assert set(states_of("all")) == set(State) - {State.DRAFT}


async def test_a_repeated_request_is_answered_alike(ada: Visitor) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await ada.post(PATH, BODY, headers=headers)
    again = await ada.post(PATH, BODY, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    refused(await ada.post(PATH, BODY | {"payout_cents": 2}, headers=headers), 409)
    assert (await ada.get(PATH)).json()["total"] == 1


@pytest.mark.promise("CL-RATE")
async def test_a_hundred_requests_in_a_minute_and_no_more(ada: Visitor, clock: Clock) -> None:
    answers = await asyncio.gather(*(ada.get(PATH) for _ in range(120)))
    assert sum(one.status_code == 200 for one in answers) == 100
    last = await ada.get(PATH)
    assert refused(last, 429)["code"] == "rate_limited"
    wait_s = int(last.headers["retry-after"])
    assert 1 <= wait_s <= 60
    assert last.headers["ratelimit-policy"] == '"default";q=100;w=60'
    clock.advance(wait_s)
    assert (await ada.get(PATH)).status_code == 200


@pytest.mark.promise("CL-RATE")
async def test_fifty_tasks_in_an_hour_and_no_more(ada: Visitor, clock: Clock) -> None:
    cheap = BODY | {"payout_cents": 1}
    answers = await asyncio.gather(*(ada.post(PATH, cheap) for _ in range(60)))
    assert sorted(one.status_code for one in answers) == [201] * 50 + [429] * 10
    clock.advance(61)
    assert refused(await ada.post(PATH, cheap), 429)["code"] == "rate_limited"
    clock.advance(3_600)
    assert (await ada.post(PATH, cheap)).status_code == 201


@pytest.mark.promise("CL-EXAMPLE")
async def test_the_pages_program_runs_to_its_end(database_url: str, tmp_path: Path) -> None:
    with served_hall(tmp_path, database_url=database_url) as served:
        text = EXAMPLE.read_text()
        for printed, real in (
            ("https://agentwork.io", served.url),
            ("aw_live_your_key_here", served.key()),
        ):
            assert text.count(printed) == 1
            text = text.replace(printed, real)
        sleeps = "import time\nreal = time.sleep\ntime.sleep = lambda s: real(0.02)\n"
        program = await asyncio.create_subprocess_exec(
            sys.executable,
            "-u",
            "-c",
            sleeps + text,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            assert program.stdout is not None
            line = await asyncio.wait_for(program.stdout.readline(), PATIENCE_S)
            task_id = line.decode().removeprefix("Task created: ").strip()
            await asyncio.to_thread(served.do, submitted(served.app.hall, task_id))
            rest, _ = await asyncio.wait_for(program.communicate(), PATIENCE_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                program.kill()
        assert rest.decode().strip() == "Submission: 产品描述"
        assert program.returncode == 0
