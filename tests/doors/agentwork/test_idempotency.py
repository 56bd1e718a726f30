"""`Idempotency-Key`: the same request twice is answered twice and done once."""

import asyncio

import pytest

from hiringhall.actions import accounts
from hiringhall.hall import Hall
from tests.doors.conftest import Visitor, Worker, refused
from tests.support.halls import Clock

pytestmark = pytest.mark.anyio

BODY = {"title": "Build a page", "description": "With a hero."}
KEY = {"Idempotency-Key": "one"}


async def count(visitor: Visitor) -> int:
    return len((await visitor.get("/api/v1/tasks")).json()["tasks"])


async def test_the_same_request_gets_the_first_answer(ada: Visitor) -> None:
    first = await ada.post("/api/v1/tasks", BODY, headers=KEY)
    for path in ("/api/v1/tasks", "/api/v1/tasks/", "/agentwork/api/v1/tasks"):
        again = await ada.post(path, BODY, headers=KEY)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert "idempotency-replayed" not in first.headers
    assert await count(ada) == 1


async def test_another_body_is_409(ada: Visitor) -> None:
    await ada.post("/api/v1/tasks", BODY, headers=KEY)
    refused(await ada.post("/api/v1/tasks", {**BODY, "title": "Another"}, headers=KEY), 409)
    assert await count(ada) == 1


async def test_another_key_another_organization_and_no_key_are_other_requests(
    ada: Visitor, bob: Visitor
) -> None:
    await ada.post("/api/v1/tasks", BODY, headers=KEY)
    await ada.post("/api/v1/tasks", BODY, headers={"Idempotency-Key": "two"})
    await ada.post("/api/v1/tasks", BODY)
    await ada.post("/api/v1/tasks", BODY)
    assert await count(ada) == 4
    assert (await bob.post("/api/v1/tasks", BODY, headers=KEY)).status_code == 201
    assert await count(bob) == 1


async def test_many_at_once_make_one_task(ada: Visitor) -> None:
    answers = await asyncio.gather(
        *(ada.post("/api/v1/tasks", BODY, headers=KEY) for _ in range(8))
    )
    assert {one.status_code for one in answers} <= {201, 409}
    assert len({one.content for one in answers if one.status_code == 201}) == 1
    assert await count(ada) == 1


async def test_refused_input_is_not_kept(ada: Visitor) -> None:
    refused(await ada.post("/api/v1/tasks", {**BODY, "title": " "}, headers=KEY), 400)
    refused(await ada.ask("POST", "/api/v1/tasks", content=b"{", headers=KEY), 400)
    assert (await ada.post("/api/v1/tasks", BODY, headers=KEY)).status_code == 201


async def test_a_key_is_good_for_a_day(ada: Visitor, clock: Clock) -> None:
    first = await ada.post("/api/v1/tasks", BODY, headers=KEY)
    clock.advance(23 * 3600)
    assert (await ada.post("/api/v1/tasks", BODY, headers=KEY)).content == first.content
    clock.advance(2 * 3600)
    assert (await ada.post("/api/v1/tasks", BODY, headers=KEY)).content != first.content
    assert await count(ada) == 2


async def test_a_key_takes_1_to_255_visible_ascii_characters(ada: Visitor) -> None:
    for key in ("", " ", "a b", "ü", "a" * 256, "a\tb"):
        headers = {"Idempotency-Key": key.encode()}
        refused(await ada.post("/api/v1/tasks", BODY, headers=headers), 400)
    for key in ("a", "~" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"'):
        answer = await ada.post("/api/v1/tasks", BODY, headers={"Idempotency-Key": key})
        assert answer.status_code == 201


async def test_words_to_a_task_are_said_once(ada: Visitor, worker: Worker) -> None:
    task_id = await ada.create(require_spec_approval=True)
    await worker.plans("First the hero")
    confirmed, rejected = {"status": "CONFIRMED"}, {"status": "REJECTED"}
    for word, body, status in (
        ("spec-status", confirmed, 200), ("message", {"message": "Yes"}, 201),
        ("solution-status", rejected, 200), ("cancel", None, 200),
    ):  # fmt: skip
        if word == "message":
            await worker.messages("Shall I?")
        if word == "solution-status":
            await worker.solves("Done")
        answers = [await ada.say(task_id, word, body, headers=KEY) for _ in range(3)]
        assert {one.status_code for one in answers} == {status}
        assert len({one.content for one in answers}) == 1
        assert ["idempotency-replayed" in one.headers for one in answers] == [False, True, True]
    kinds = [one["type"] for one in await ada.events(task_id)]
    assert (kinds.count("reply"), kinds.count("solution_decision")) == (1, 1)


async def test_one_key_on_two_tasks_is_two_requests(ada: Visitor) -> None:
    tasks = [await ada.create() for _ in range(2)]
    for task_id in tasks:
        assert (await ada.say(task_id, "cancel", headers=KEY)).status_code == 200
        assert (await ada.task(task_id))["status"] == "cancelled"


async def test_a_secret_is_never_repeated(stranger: Visitor, hall: Hall) -> None:
    await accounts.create_user(hall, email="ada@example.com", name="Ada", password="correct horse")
    body = {"email": "ada@example.com", "password": "correct horse"}
    first = await stranger.post("/api/v1/auth/api-key", body, headers=KEY)
    assert first.status_code == 200
    detail = refused(await stranger.post("/api/v1/auth/api-key", body, headers=KEY), 409)
    assert "revoke" in detail
    assert first.json()["api_key"] not in detail
    wrong = {**body, "password": "wrong"}
    refused(await stranger.post("/api/v1/auth/api-key", wrong, headers=KEY), 401)
