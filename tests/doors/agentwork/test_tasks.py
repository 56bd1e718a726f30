"""Tasks at the Agentwork door, as seeds 000 and 001 say: created, read, listed, their log."""

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from hiringhall.actions import accounts
from hiringhall.actions.hall import Hall, Rules
from hiringhall.actions.runs import outcomes, working
from hiringhall.doors.desk import Desk
from hiringhall.doors.front import Front
from hiringhall.queries import tasks as task_queries
from hiringhall.queries.accounts import authenticate
from tests.doors.asgi import ask
from tests.doors.conftest import OpenFront, Visitor, Worker, refused
from tests.support.halls import NOBODY, Clock, with_staffing

pytestmark = pytest.mark.anyio

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")

QUESTION = {"type": "single_select", "question": "Framework?", "options": ["React", "Vue"]}


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
        run = await working.claim_next_run(
            hall, node_id="n", lease_s=30, runtimes=hall.staffing.ready
        )
        assert run is not None
        brief = await working.start_run(hall, token=run.token)
        assert brief.task.description == text.strip()

    async def test_repository_and_role_are_optional_texts(self, ada: Visitor, hall: Hall) -> None:
        task_id = await ada.create(
            repository=" https://git.example/a.git ", role=None, require_spec_approval=True
        )
        actor = await authenticate(hall, ada.key or "")
        row = await task_queries.task_view(hall, actor=actor, task_id=task_id)
        assert row.task.repository == "https://git.example/a.git"
        assert row.task.spec_approval
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


class TestGet:
    @pytest.mark.promise(
        "AW-GET-PATH",
        "AW-GET-ANSWER",
        "AW-GET-TIME",
        "AW-GET-OTHER-NULL",
        "AW-GET-STATUS-PROCESSING",
    )
    @pytest.mark.parametrize("slash", ["", "/"])
    async def test_a_task_under_way(self, ada: Visitor, slash: str) -> None:
        task_id = await ada.create()
        answer = await ada.get(f"/api/v1/tasks/{task_id}{slash}")
        assert answer.status_code == 200
        task = answer.json()
        assert list(task) == [
            "task_id", "title", "status", "last_activity_at", "question", "solution",
        ]  # fmt: skip
        assert task["task_id"] == task_id
        assert task["title"] == "Build a page"
        assert task["status"] == "processing"
        assert TIME.fullmatch(task["last_activity_at"])
        assert task["last_activity_at"].startswith("2026-02-25T")
        assert (task["question"], task["solution"]) == (None, None)

    @pytest.mark.promise(
        "AW-GET-STATUS-AWAITING-REPLY",
        "AW-GET-QUESTION",
        "AW-GET-QUESTION-TYPE",
        "AW-GET-QUESTION-CONTENT",
        "AW-QUESTION-CLARIFYING",
        "AW-QUESTION-JSON",
        "AW-QUESTION-ITEM",
        "AW-QUESTION-TEXT",
        "AW-QUESTION-SINGLE",
        "AW-QUESTION-MULTI",
        "AW-GET-OTHER-NULL",
    )
    async def test_a_task_with_clarifying_questions(self, ada: Visitor, worker: Worker) -> None:
        asked = [
            {"type": "text", "question": "What is it for?", "options": None},
            {"type": "single_select", "question": "Größe?", "options": list("abcde")},
            {"type": "multi_select", "question": "Which?", "options": ["Auth", "Database"]},
        ]
        task_id = await ada.create()
        await worker.asks(*asked)
        task = await ada.task(task_id)
        assert task["status"] == "awaiting_reply"
        assert list(task["question"]) == ["message_id", "content", "type"]
        assert UUID.fullmatch(task["question"]["message_id"])
        assert task["question"]["type"] == "CLARIFYING_QUESTIONS"
        assert isinstance(task["question"]["content"], str)
        assert json.loads(task["question"]["content"]) == {
            "type": "clarifying_questions",
            "questions": asked,
        }
        assert task["solution"] is None

    @pytest.mark.promise("AW-QUESTION-TO-CUSTOMER", "AW-GET-QUESTION-CONTENT", "AW-GET-QUESTION")
    async def test_a_task_with_a_message_to_the_customer(
        self, ada: Visitor, worker: Worker
    ) -> None:
        task_id = await ada.create()
        await worker.messages("Shall I use TypeScript?")
        task = await ada.task(task_id)
        assert task["status"] == "awaiting_reply"
        assert task["question"].keys() == {"message_id", "content", "type"}
        assert task["question"]["type"] == "TO_CUSTOMER"
        assert task["question"]["content"] == "Shall I use TypeScript?"

    @pytest.mark.promise(
        "AW-GET-STATUS-AWAITING-SOLUTION-APPROVAL", "AW-GET-SOLUTION", "AW-GET-OTHER-NULL"
    )
    async def test_a_task_with_a_solution(self, ada: Visitor, worker: Worker) -> None:
        task_id = await ada.create()
        await worker.asks(QUESTION)
        await ada.say(task_id, "message", {"message": "React"})
        await worker.solves("Here is the page.")
        task = await ada.task(task_id)
        assert task["status"] == "awaiting_solution_approval"
        assert list(task["solution"]) == ["message_id", "content"]
        assert UUID.fullmatch(task["solution"]["message_id"])
        assert task["solution"]["content"] == "Here is the page."
        assert task["question"] is None

    @pytest.mark.promise(
        "AW-GET-STATUS-COMPLETED", "AW-GET-STATUS-CANCELLED", "AW-GET-OTHER-NULL", "AW-GET-ANSWER"
    )
    async def test_the_final_statuses_show_neither_question_nor_solution(
        self, ada: Visitor, worker: Worker
    ) -> None:
        done, given_up, cancelled = [await ada.create() for _ in range(3)]
        await worker.solves("Here is the page.")
        await ada.say(done, "solution-status", {"status": "CONFIRMED"})
        await worker.gives_up("I could not do it")
        await worker.asks(QUESTION)
        await ada.say(cancelled, "cancel")
        for task_id, status in (
            (done, "completed"), (given_up, "cancelled"), (cancelled, "cancelled"),
        ):  # fmt: skip
            task = await ada.task(task_id)
            assert task["status"] == status
            assert task.keys() == {
                "task_id", "title", "status", "last_activity_at", "question", "solution",
            }  # fmt: skip
            assert (task["question"], task["solution"]) == (None, None)

    async def test_a_plan_shows_as_spec_while_it_waits_and_only_then(
        self, ada: Visitor, worker: Worker
    ) -> None:
        task_id = await ada.create(require_spec_approval=True)
        assert "spec" not in await ada.task(task_id)
        await worker.plans("First the hero.")
        task = await ada.task(task_id)
        assert task["status"] == "awaiting_spec_approval"
        assert list(task["spec"]) == ["message_id", "content"]
        assert task["spec"]["content"] == "First the hero."
        assert (task["question"], task["solution"]) == (None, None)
        await ada.say(task_id, "spec-status", {"status": "CONFIRMED"})
        assert "spec" not in await ada.task(task_id)

    @pytest.mark.promise("AW-GET-ACTIVITY", "AW-GET-STUCK")
    async def test_last_activity_moves_with_what_happens_and_stands_still_else(
        self, ada: Visitor, worker: Worker, clock: Clock
    ) -> None:
        task_id = await ada.create()
        seen = [(await ada.task(task_id))["last_activity_at"]]

        async def moved() -> None:
            seen.append((await ada.task(task_id))["last_activity_at"])
            assert seen[-1] > seen[-2]
            clock.advance(600)
            assert (await ada.task(task_id))["last_activity_at"] == seen[-1]

        clock.advance(60)
        assert (await ada.task(task_id))["last_activity_at"] == seen[0]
        run = await worker.begins()
        await moved()
        await worker.reports(run, "Building")
        await moved()
        await outcomes.message_customer(worker.hall, token=run.token, text="Shall I?")
        await moved()
        await ada.say(task_id, "message", {"message": "Yes"})
        await moved()
        await worker.solves("Done")
        await moved()
        await ada.say(task_id, "solution-status", {"status": "CONFIRMED"})
        await moved()


class TestResult:
    @pytest.mark.promise("AW-RESULT-PATH", "AW-RESULT-ANSWER", "AW-RESULT-ANY-STATUS")
    @pytest.mark.parametrize("slash", ["", "/"])
    async def test_before_anything_there_is_no_text_and_no_file(
        self, ada: Visitor, slash: str
    ) -> None:
        task_id = await ada.create()
        answer = await ada.get(f"/api/v1/tasks/{task_id}/result{slash}")
        assert answer.status_code == 200
        assert answer.json() == {
            "task_id": task_id, "status": "processing", "result_text": None, "files": [],
        }  # fmt: skip

    @pytest.mark.promise("AW-RESULT-TEXT-MESSAGE", "AW-RESULT-ANY-STATUS")
    async def test_without_a_solution_it_is_the_workers_last_message(
        self, ada: Visitor, worker: Worker
    ) -> None:
        asked, failed = await ada.create(), await ada.create()
        await worker.messages("Shall I use TypeScript?")
        await worker.gives_up("I could not do it")
        result = await ada.result(asked)
        assert (result["status"], result["result_text"], result["files"]) == (
            "awaiting_reply", "Shall I use TypeScript?", [],
        )  # fmt: skip
        result = await ada.result(failed)
        assert (result["status"], result["result_text"]) == ("cancelled", "I could not do it")

    @pytest.mark.promise("AW-RESULT-TEXT-SOLUTION", "AW-RESULT-FILES", "AW-RESULT-ANY-STATUS")
    async def test_it_is_the_newest_solution_with_its_files(
        self, ada: Visitor, worker: Worker
    ) -> None:
        task_id = await ada.create()
        await worker.solves("First try", {"src/App.tsx": b"1", "old.txt": b"2"})
        assert (await ada.result(task_id))["result_text"] == "First try"
        await ada.say(task_id, "solution-status", {"status": "REJECTED"})
        assert (await ada.result(task_id))["result_text"] == "First try"
        await worker.messages("Which blue?")
        await ada.say(task_id, "message", {"message": "Any"})
        await worker.solves("Second try", {"src/App.tsx": b"3", "src/css/ü b.css": b"4"})
        result = await ada.result(task_id)
        assert list(result) == ["task_id", "status", "result_text", "files"]
        assert (result["status"], result["result_text"]) == (
            "awaiting_solution_approval", "Second try",
        )  # fmt: skip
        assert [list(one) for one in result["files"]] == [["name", "download_url"]] * 2
        assert {one["name"] for one in result["files"]} == {"src/App.tsx", "src/css/ü b.css"}
        await ada.say(task_id, "solution-status", {"status": "CONFIRMED"})
        assert (await ada.result(task_id))["status"] == "completed"


class TestList:
    @pytest.mark.promise("AW-LIST-PATH", "AW-LIST-ANSWER", "AW-LIST-TIME", "AW-LIST-STATUS")
    @pytest.mark.parametrize("slash", ["", "/"])
    async def test_it_shows_every_task_newest_first(
        self, ada: Visitor, worker: Worker, slash: str
    ) -> None:
        assert (await ada.get(f"/api/v1/tasks{slash}")).json() == {"tasks": []}
        made = [await ada.create(title=f"Task {number}") for number in range(3)]
        await worker.messages("Shall I?")
        answer = await ada.get(f"/api/v1/tasks{slash}")
        assert answer.status_code == 200
        assert list(answer.json()) == ["tasks"]
        tasks = answer.json()["tasks"]
        assert [one["task_id"] for one in tasks] == made[::-1]
        assert [one["status"] for one in tasks] == ["processing", "processing", "awaiting_reply"]
        for one in tasks:
            assert list(one) == ["task_id", "title", "status", "created_at"]
            assert TIME.fullmatch(one["created_at"])

    @pytest.mark.promise("AW-LIST-ORGANIZATION")
    async def test_it_is_the_organizations_and_no_one_elses(
        self, ada: Visitor, bob: Visitor, hall: Hall
    ) -> None:
        mine, theirs = await ada.create(), await bob.create()
        assert [one["task_id"] for one in (await ada.get("/api/v1/tasks")).json()["tasks"]] == [
            mine
        ]
        assert [one["task_id"] for one in (await bob.get("/api/v1/tasks")).json()["tasks"]] == [
            theirs
        ]

    async def test_a_long_list_is_whole(
        self, ada: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(task_queries, "PAGE", 3)
        monkeypatch.setattr(task_queries.list_tasks, "__kwdefaults__", {"before": None, "limit": 3})
        for count in range(1, 10):
            await ada.create(title=f"Task {count}")
            if count in (2, 3, 4, 6, 9):
                tasks = (await ada.get("/api/v1/tasks")).json()["tasks"]
                assert [one["title"] for one in tasks] == [f"Task {n}" for n in range(count, 0, -1)]

    async def test_parts_of_it_follow_one_another(self, ada: Visitor) -> None:
        made = [await ada.create() for _ in range(5)]
        seen: list[str] = []
        cursor: str | None = None
        for size in (2, 2, 1):
            query: dict[str, Any] = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            part = (await ada.get("/api/v1/tasks", params=query)).json()
            assert list(part) == ["tasks", "next_cursor"]
            assert len(part["tasks"]) == size
            seen += [one["task_id"] for one in part["tasks"]]
            cursor = part["next_cursor"]
        assert (seen, cursor) == (made[::-1], None)

    async def test_bad_limits_and_cursors_are_400(self, ada: Visitor) -> None:
        for query in ("limit=0", "limit=-1", "limit=1001", "limit=x", "limit=", "limit=1.5",
                      "limit=99999999999999999999", "cursor=x", "cursor=", "cursor=%00",
                      "limit=1&limit=2", "cursor=%F0%28"):  # fmt: skip
            refused(await ada.get(f"/api/v1/tasks?{query}"), 400)
        assert (await ada.get("/api/v1/tasks?unknown=1")).status_code == 200


class TestEvents:
    @pytest.mark.promise("AW-EVENTS-PATH", "AW-EVENTS-ANSWER", "AW-EVENTS-TIME")
    @pytest.mark.parametrize("slash", ["", "/"])
    async def test_the_log_of_a_new_task(self, ada: Visitor, slash: str) -> None:
        task_id = await ada.create()
        answer = await ada.get(f"/api/v1/tasks/{task_id}/events{slash}")
        assert answer.status_code == 200
        assert list(answer.json()) == ["task_id", "events"]
        assert answer.json()["task_id"] == task_id
        [event] = answer.json()["events"]
        assert list(event) == ["timestamp", "type", "content"]
        assert TIME.fullmatch(event["timestamp"])

    @pytest.mark.promise("AW-EVENTS-LIVE", "AW-EVENTS-STATUS")
    async def test_what_the_worker_reports_is_there_while_it_works(
        self, ada: Visitor, worker: Worker
    ) -> None:
        task_id = await ada.create()
        run = await worker.begins()
        await worker.reports(run, "Analyzing requirements...")
        assert (await ada.task(task_id))["status"] == "processing"
        last = (await ada.events(task_id))[-1]
        assert (last["type"], last["content"]) == ("status", "Analyzing requirements...")

    @pytest.mark.promise(
        "AW-EVENTS-ORDER",
        "AW-EVENTS-QUESTION",
        "AW-EVENTS-REPLY",
        "AW-EVENTS-MESSAGE-TO-CUSTOMER",
        "AW-EVENTS-SOLUTION-PROPOSED",
        "AW-EVENTS-SOLUTION-DECISION",
        "AW-EVENTS-TYPES",
    )
    async def test_the_log_of_a_whole_task(
        self, ada: Visitor, worker: Worker, clock: Clock
    ) -> None:
        task_id = await ada.create(require_spec_approval=True)
        clock.advance(1)
        await worker.plans("First the hero")
        await ada.say(
            task_id, "spec-status", {"status": "REJECTED", "rejection_reason": "Too short"}
        )
        await worker.plans("First the hero, then the rest")
        await ada.say(task_id, "spec-status", {"status": "CONFIRMED"})
        clock.advance(1)
        await worker.asks(QUESTION)
        await ada.say(task_id, "message", {"answers": [{"question_index": 0, "selected": "React"}]})
        clock.advance(1)
        await worker.messages("Shall I use TypeScript?")
        await ada.say(task_id, "message", {"message": "Yes"})
        clock.advance(1)
        await worker.solves("Here it is")
        await ada.say(
            task_id, "solution-status", {"status": "REJECTED", "rejection_reason": "Too small"}
        )
        await worker.solves("Larger now")
        await ada.say(task_id, "solution-status", {"status": "CONFIRMED"})
        events = await ada.events(task_id)
        started = ("status", "A worker has started (runtime: rehearsal)")
        assert [(one["type"], one["content"]) for one in events] == [
            ("status", "Task received"),
            started,
            ("status", "Plan proposed: First the hero"),
            ("status", "Plan rejected: Too short"),
            started,
            ("status", "Plan proposed: First the hero, then the rest"),
            ("status", "Plan approved"),
            started,
            ("question", "Framework? (React / Vue)"),
            ("reply", "React"),
            started,
            ("message_to_customer", "Shall I use TypeScript?"),
            ("reply", "Yes"),
            started,
            ("solution_proposed", "Here it is"),
            ("solution_decision", "REJECTED: Too small"),
            started,
            ("solution_proposed", "Larger now"),
            ("solution_decision", "CONFIRMED"),
        ]
        times = [one["timestamp"] for one in events]
        assert times == sorted(times)
        assert len(set(times)) == 5

    @pytest.mark.promise("AW-EVENTS-TYPES", "AW-EVENTS-STATUS")
    async def test_what_goes_wrong_is_in_the_log(self, ada: Visitor, worker: Worker) -> None:
        broken, given_up, cancelled = [await ada.create() for _ in range(3)]
        await worker.breaks("the boiler went out")
        await worker.gives_up("I could not do it")
        await ada.say(cancelled, "cancel")
        for task_id, words in (
            (broken, "boiler"), (given_up, "could not do it"), (cancelled, "cancelled"),
        ):  # fmt: skip
            events = await ada.events(task_id)
            assert {one["type"] for one in events} == {"status"}
            assert words in events[-1]["content"]

    async def test_a_long_log_is_whole(
        self, ada: Visitor, worker: Worker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(task_queries, "LOG_PAGE", 4)
        task_id = await ada.create()
        run = await worker.begins()
        for number in range(9):
            await worker.reports(run, f"Step {number}")
        contents = [one["content"] for one in await ada.events(task_id)]
        assert contents[-9:] == [f"Step {number}" for number in range(9)]


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
