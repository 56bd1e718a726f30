"""The list of tasks and the log of each, as seeds 000 and 001 say."""

import re
from typing import Any

import pytest

from hiringhall.hall import Hall
from hiringhall.queries import tasks as task_queries
from tests.doors.conftest import Visitor, Worker, refused
from tests.support.halls import Clock

pytestmark = pytest.mark.anyio

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")

QUESTION = {"type": "single_select", "question": "Framework?", "options": ["React", "Vue"]}


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
