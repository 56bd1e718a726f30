"""Where a task stands and what came of it, as seeds 000 and 001 say."""

import json
import re

import pytest

from hiringhall.actions.runs import outcomes
from tests.doors.conftest import Visitor, Worker
from tests.support.halls import Clock

pytestmark = pytest.mark.anyio

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")

QUESTION = {"type": "single_select", "question": "Framework?", "options": ["React", "Vue"]}


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
