"""Posting a task at the Agentwork door, and the credits it takes."""

import re
from dataclasses import replace

import pytest

from hiringhall.actions.runs import working
from hiringhall.domain.tasks import Task
from hiringhall.doors.desk import Desk
from hiringhall.hall import Hall, Rules
from tests.doors.asgi import ask
from tests.doors.conftest import OpenFront, Visitor, Worker, refused
from tests.support.halls import NOBODY, Clock, with_staffing

pytestmark = pytest.mark.anyio

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")

QUESTION = {"type": "single_select", "question": "Framework?", "options": ["React", "Vue"]}


async def told(hall: Hall) -> Task:
    """The task as the next worker is told of it."""
    run = await working.claim_next_run(hall, node_id="n", lease_s=30, runtimes=hall.staffing.ready)
    assert run is not None
    return (await working.start_run(hall, token=run.token)).task


class TestCreate:
    @pytest.mark.promise("AW-NEW-PATH", "AW-NEW-ANSWER", "AW-CODE-STANDARD")
    @pytest.mark.parametrize("slash", ["", "/"])
    async def test_it_makes_a_task(self, ada: Visitor, slash: str) -> None:
        body = {"title": "Build a page", "description": "With a hero."}
        answer = await ada.post(f"/api/v1/tasks{slash}", body)
        assert answer.status_code == 201
        assert list(answer.json()) == ["task_id", "status"]
        assert UUID.fullmatch(answer.json()["task_id"])
        assert answer.json()["status"] == "processing"

    @pytest.mark.promise("AW-NEW-TITLE", "AW-NEW-DESCRIPTION")
    async def test_title_and_description_are_required_texts(self, ada: Visitor) -> None:
        good = {"title": "Build a page", "description": "With a hero."}
        for field in good:
            for value in (None, 1, True, [], {}, ["x"], "", " \n\t "):
                refused(await ada.post("/api/v1/tasks", {**good, field: value}), 400)
            short = {name: value for name, value in good.items() if name != field}
            detail = refused(await ada.post("/api/v1/tasks", short), 400)
            assert detail == f"{field} is required"
        assert (await ada.get("/api/v1/tasks")).json() == {"tasks": []}

    @pytest.mark.promise("AW-NEW-TITLE-CUT")
    @pytest.mark.parametrize("title", ["x" * 71, "ü" * 5000, " " + "a" * 70 + "b "])
    async def test_a_long_title_is_cut_to_70_characters(self, ada: Visitor, title: str) -> None:
        task_id = await ada.create(title=title)
        assert (await ada.task(task_id))["title"] == title.strip()[:70]

    @pytest.mark.promise("AW-NEW-DESCRIPTION")
    async def test_the_description_reaches_the_worker_whole(
        self, ada: Visitor, worker: Worker, hall: Hall
    ) -> None:
        text = "Zwölf Boxkämpfer 😀\n\n\t```rust\nfn main() {}\n```\n" * 2000
        await ada.create(description=text)
        assert (await told(hall)).description == text.strip()

    async def test_repository_and_role_are_optional_texts(self, ada: Visitor, hall: Hall) -> None:
        await ada.create(
            repository=" https://git.example/a.git ", role=None, require_spec_approval=True
        )
        task = await told(hall)
        assert task.repository == "https://git.example/a.git"
        assert task.spec_approval
        good = {"title": "Build a page", "description": "With a hero."}
        for field, value in (("repository", 1), ("role", []), ("require_spec_approval", "yes")):
            refused(await ada.post("/api/v1/tasks", {**good, field: value}), 400)

    async def test_an_unknown_role_makes_a_task_that_waits_and_says_why(self, ada: Visitor) -> None:
        task_id = await ada.create(role="nobody")
        assert (await ada.task(task_id))["status"] == "processing"
        assert any("nobody" in one["content"] for one in await ada.events(task_id))

    async def test_without_a_worker_the_log_says_at_once_why_it_waits(
        self, desk: Desk, front_of: OpenFront, ada: Visitor
    ) -> None:
        other = replace(desk, hall=with_staffing(desk.hall, NOBODY))
        front = front_of(other)
        body = b'{"title": "a", "description": "b"}'
        headers = [(b"authorization", f"Bearer {ada.key}".encode())]
        made = await ask(front.app, "POST", "/api/v1/tasks", body=body, headers=headers)
        last = (await ada.events(made.json["task_id"]))[-1]
        assert (last["type"], last["content"]) == ("status", "Nobody is set up here")

    @pytest.mark.promise("AW-CREDITS-DAY")
    async def test_without_credits_it_is_429_until_midnight(
        self, desk: Desk, front_of: OpenFront, ada: Visitor, clock: Clock
    ) -> None:
        """The last credit is used by a run's model; who has none left may not begin another."""
        other = replace(desk, hall=replace(desk.hall, rules=Rules(credits_per_day=0)))
        front = front_of(other)
        headers = [(b"authorization", f"Bearer {ada.key}".encode())]
        body = b'{"title": "a", "description": "b"}'
        heard = await ask(front.app, "POST", "/api/v1/tasks", body=body, headers=headers)
        assert heard.status == 429
        assert heard.json.keys() == {"status_code", "detail"}
        left_s = 86_400 - clock.now_us // 1_000_000 % 86_400
        assert abs(int(heard.headers["retry-after"]) - left_s) <= 1
        assert (await ada.get("/api/v1/tasks")).json() == {"tasks": []}


class TestCredits:
    @pytest.mark.promise("AW-CREDITS-DAY", "AW-CREDITS-USE", "AW-CREDITS-FREE")
    async def test_a_user_has_100_a_day_and_a_models_work_uses_them(
        self, ada: Visitor, bob: Visitor, worker: Worker, hall: Hall, clock: Clock
    ) -> None:
        answer = await ada.get("/api/v1/credits")
        assert answer.status_code == 200
        assert answer.json() == {
            "limit": 100, "used": 0, "left": 100, "resets_at": "2026-02-26T00:00:00",
        }  # fmt: skip

        await ada.create()
        run = await worker.begins()
        await working.record_usage(
            hall, token=run.token, input_tokens=1000, output_tokens=200, charged=30
        )
        assert (await ada.get("/api/v1/credits")).json()["left"] == 70
        assert (await bob.get("/api/v1/credits")).json()["left"] == 100
        clock.advance(86_400)
        assert (await ada.get("/api/v1/credits")).json()["left"] == 100
