"""What the client says to a task at the Agentwork door: replies, decisions, enough of it."""

import asyncio
from typing import Any

import pytest

from hiringhall.actions.runs import outcomes, working
from hiringhall.domain.errors import Superseded
from hiringhall.hall import Hall
from tests.doors.conftest import Visitor, Worker, refused
from tests.support.halls import QuietEngine

pytestmark = pytest.mark.anyio

QUESTIONS = (
    {"type": "text", "question": "What is it for?"},
    {"type": "single_select", "question": "Framework?", "options": ["React", "Vue"]},
    {"type": "multi_select", "question": "Features?", "options": ["Auth", "Database"]},
)
PLAIN = {"message": "Use a blue and white color scheme. No logo needed."}
STRUCTURED = {
    "answers": [
        {"question_index": 0, "selected": "Building a SaaS dashboard"},
        {"question_index": 1, "selected": "React"},
        {"question_index": 2, "selected": ["Auth", "Database"]},
    ]
}


async def replied(hall: Hall) -> str:
    """What the next worker is told that the client said."""
    run = await working.claim_next_run(hall, node_id="n", lease_s=30, runtimes=hall.staffing.ready)
    assert run is not None
    brief = await working.start_run(hall, token=run.token)
    return brief.exchanges[-1].reply_text or ""


class TestMessage:
    @pytest.mark.promise(
        "AW-MESSAGE-PATH",
        "AW-MESSAGE-ANSWER",
        "AW-MESSAGE-MESSAGE",
        "AW-MESSAGE-WHEN",
        "AW-CODE-STANDARD",
    )
    @pytest.mark.parametrize("slash", ["", "/"])
    async def test_a_reply_is_201_and_the_worker_goes_on_with_it(
        self, ada: Visitor, worker: Worker, hall: Hall, slash: str
    ) -> None:
        task_id = await ada.create()
        await worker.messages("Colours?")
        answer = await ada.say(task_id, f"message{slash}", PLAIN)
        assert answer.status_code == 201
        assert answer.json() == {"success": True, "status": "processing"}
        assert list(answer.json()) == ["success", "status"]
        assert (await ada.task(task_id))["status"] == "processing"
        assert await replied(hall) == PLAIN["message"]

    @pytest.mark.promise("AW-MESSAGE-CONTENT", "AW-MESSAGE-PRECEDENCE")
    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ({"content": "as content"}, "as content"),
            ({"message": "as message", "content": "as content"}, "as message"),
            ({"message": " ", "content": "as content"}, "as content"),
            ({"message": None, "content": "as content"}, "as content"),
            ({"message": "  trimmed\n"}, "trimmed"),
            ({"message": "x", "answers": None}, "x"),
            ({"message": "x", "answers": [{"question_index": 1, "selected": "Vue"}]}, "Vue"),
        ],
    )
    async def test_message_content_and_answers(
        self, ada: Visitor, worker: Worker, hall: Hall, body: dict[str, Any], said: str
    ) -> None:
        task_id = await ada.create()
        await worker.asks(*QUESTIONS)
        assert (await ada.say(task_id, "message", body)).status_code == 201
        assert (await replied(hall)).endswith(said)

    @pytest.mark.promise(
        "AW-MESSAGE-ANSWERS", "AW-MESSAGE-INDEX", "AW-MESSAGE-SELECTED", "AW-QUESTION-SINGLE",
        "AW-QUESTION-MULTI", "AW-QUESTION-TEXT", "AW-QUESTION-OTHER",
    )  # fmt: skip
    @pytest.mark.parametrize(
        ("answers", "lines"),
        [
            (
                STRUCTURED["answers"],
                [
                    "What is it for? Building a SaaS dashboard",
                    "Framework? React",
                    "Features? Auth, Database",
                ],
            ),
            ([{"question_index": 2, "selected": ["Auth"]}], ["Features? Auth"]),
            ([{"question_index": 1, "selected": "Svelte"}], ["Framework? Svelte"]),
            ([{"question_index": 2, "selected": ["Auth", "Own"]}], ["Features? Auth, Own"]),
            (
                [
                    {"question_index": 1, "selected": "Vue", "more": 1},
                    {"question_index": 0, "selected": "x"},
                ],
                ["What is it for? x", "Framework? Vue"],
            ),
        ],
    )
    async def test_structured_answers_reach_the_worker_in_words(
        self, ada: Visitor, worker: Worker, hall: Hall, answers: list[Any], lines: list[str]
    ) -> None:
        task_id = await ada.create()
        await worker.asks(*QUESTIONS)
        answer = await ada.say(task_id, "message", {"answers": answers})
        assert answer.status_code == 201
        reply = (await ada.events(task_id))[-1]
        assert (reply["type"], reply["content"].split("\n")) == ("reply", lines)
        assert (await replied(hall)).split("\n") == lines

    @pytest.mark.promise("AW-MESSAGE-INDEX", "AW-MESSAGE-SELECTED", "AW-MESSAGE-NEITHER")
    async def test_answers_that_do_not_fit_are_400_and_change_nothing(
        self, ada: Visitor, worker: Worker
    ) -> None:
        task_id = await ada.create()
        await worker.asks(*QUESTIONS)
        before = await ada.task(task_id)
        for answers in (
            [], {}, "x", 1, [1], ["x"], [None], [[]], [{}],
            [{"question_index": 0}], [{"selected": "x"}],
            [{"question_index": 3, "selected": "x"}], [{"question_index": -1, "selected": "x"}],
            [{"question_index": 2**63, "selected": "x"}],
            [{"question_index": 10**30, "selected": "x"}],
            [{"question_index": "0", "selected": "x"}], [{"question_index": 0.0, "selected": "x"}],
            [{"question_index": True, "selected": "x"}],
            [{"question_index": None, "selected": "x"}],
            [{"question_index": 0, "selected": ["x"]}], [{"question_index": 1, "selected": ["x"]}],
            [{"question_index": 2, "selected": "Auth"}], [{"question_index": 2, "selected": []}],
            [{"question_index": 0, "selected": ""}], [{"question_index": 0, "selected": "  "}],
            [{"question_index": 2, "selected": ["Auth", ""]}],
            [{"question_index": 2, "selected": ["Auth", 1]}],
            [{"question_index": 2, "selected": ["Auth", "Auth"]}],
            [{"question_index": 0, "selected": None}], [{"question_index": 0, "selected": 1}],
            [{"question_index": 0, "selected": {}}],
            [{"question_index": 0, "selected": "x"}, {"question_index": 0, "selected": "y"}],
        ):  # fmt: skip
            refused(await ada.say(task_id, "message", {"answers": answers}), 400)
        assert await ada.task(task_id) == before

    @pytest.mark.promise("AW-MESSAGE-PLAIN-ALWAYS", "AW-QUESTION-TO-CUSTOMER")
    @pytest.mark.parametrize(
        ("kind", "body", "said"),
        [
            ("clarifying", PLAIN, PLAIN["message"]),
            ("to_customer", PLAIN, PLAIN["message"]),
            ("to_customer", {"answers": [{"question_index": 0, "selected": "Yes"}]}, "Yes"),
        ],
    )
    async def test_both_kinds_of_question_take_either_kind_of_reply(
        self,
        ada: Visitor,
        worker: Worker,
        hall: Hall,
        kind: str,
        body: dict[str, Any],
        said: str,
    ) -> None:
        task_id = await ada.create()
        await (worker.asks(*QUESTIONS) if kind == "clarifying" else worker.messages("Shall I?"))
        assert (await ada.say(task_id, "message", body)).status_code == 201
        assert await replied(hall) == said

    async def test_a_message_to_the_customer_has_only_index_0(
        self, ada: Visitor, worker: Worker
    ) -> None:
        task_id = await ada.create()
        await worker.messages("Shall I?")
        for one in ({"question_index": 1, "selected": "Yes"},
                    {"question_index": 0, "selected": ["Yes"]}):  # fmt: skip
            refused(await ada.say(task_id, "message", {"answers": [one]}), 400)

    @pytest.mark.promise("AW-MESSAGE-EMPTY", "AW-MESSAGE-NEITHER", "AW-ERROR-4XX")
    async def test_an_empty_message_is_400(self, ada: Visitor, worker: Worker) -> None:
        task_id = await ada.create()
        await worker.messages("Shall I?")
        for body in (
            {}, {"message": ""}, {"message": " \n\t"}, {"content": ""}, {"message": None},
            {"message": "", "content": " "}, {"other": "x"}, {"answers": None},
        ):  # fmt: skip
            answer = await ada.say(task_id, "message", body)
            assert refused(answer, 400) == "Message cannot be empty"

    @pytest.mark.promise("AW-MESSAGE-WHEN")
    @pytest.mark.parametrize("body", [PLAIN, STRUCTURED])
    async def test_in_every_other_status_a_reply_is_400(
        self, ada: Visitor, worker: Worker, body: dict[str, Any]
    ) -> None:
        for task_id in await in_every_other_status(ada, worker, "awaiting_reply"):
            before = await ada.task(task_id)
            refused(await ada.say(task_id, "message", body), 400)
            assert await ada.task(task_id) == before

    async def test_of_many_replies_at_once_one_is_taken(self, ada: Visitor, worker: Worker) -> None:
        task_id = await ada.create()
        await worker.messages("Shall I?")
        answers = await asyncio.gather(
            *(ada.say(task_id, "message", {"message": f"reply {n}"}) for n in range(8))
        )
        statuses = sorted(one.status_code for one in answers)
        assert statuses[0] == 201
        assert set(statuses[1:]) <= {400, 409}
        replies = [one for one in await ada.events(task_id) if one["type"] == "reply"]
        assert len(replies) == 1


async def in_every_other_status(ada: Visitor, worker: Worker, but: str) -> list[str]:
    """A task in each of the door's statuses but one."""
    tasks: dict[str, str] = {}
    tasks["awaiting_reply"] = await ada.create()
    await worker.asks(*QUESTIONS)
    tasks["awaiting_solution_approval"] = await ada.create()
    await worker.solves("Done")
    tasks["awaiting_spec_approval"] = await ada.create(require_spec_approval=True)
    await worker.plans("First the hero")
    tasks["completed"] = await ada.create()
    await worker.solves("Done")
    await ada.say(tasks["completed"], "solution-status", {"status": "CONFIRMED"})
    tasks["cancelled"] = await ada.create()
    await worker.gives_up("I could not")
    tasks["processing"] = await ada.create()
    for status, task_id in tasks.items():
        assert (await ada.task(task_id))["status"] == status
    return [task_id for status, task_id in tasks.items() if status != but]


class TestSolution:
    @pytest.mark.promise(
        "AW-SOLUTION-PATH",
        "AW-SOLUTION-STATUS",
        "AW-SOLUTION-CONFIRMED",
        "AW-SOLUTION-ANSWER",
        "AW-SOLUTION-CASE",
    )
    @pytest.mark.parametrize(
        ("slash", "word"), [("", "CONFIRMED"), ("/", "confirmed"), ("", " Confirmed ")]
    )
    async def test_confirmed_completes_the_task(
        self, ada: Visitor, worker: Worker, slash: str, word: str
    ) -> None:
        task_id = await ada.create()
        await worker.solves("Done")
        answer = await ada.say(task_id, f"solution-status{slash}", {"status": word})
        assert answer.status_code == 200
        assert answer.json() == {"success": True, "status": "completed"}
        assert (await ada.task(task_id))["status"] == "completed"

    @pytest.mark.promise(
        "AW-SOLUTION-REJECTED", "AW-SOLUTION-REASON", "AW-SOLUTION-ANSWER", "AW-SOLUTION-CASE"
    )
    @pytest.mark.parametrize("reason", [None, "", "The hero section text is too small on mobile"])
    async def test_rejected_goes_back_to_the_worker_with_the_reason(
        self, ada: Visitor, worker: Worker, hall: Hall, reason: str | None
    ) -> None:
        task_id = await ada.create()
        await worker.solves("Done")
        body = {"status": "rejected"} | ({} if reason is None else {"rejection_reason": reason})
        answer = await ada.say(task_id, "solution-status", body)
        assert answer.status_code == 200
        assert answer.json() == {"success": True, "status": "processing"}
        run = await working.claim_next_run(
            hall, node_id="n", lease_s=30, runtimes=hall.staffing.ready
        )
        assert run is not None
        brief = await working.start_run(hall, token=run.token)
        assert (brief.deliverables[-1].reason or "") == (reason or "")
        await outcomes.deliver(hall, token=run.token, text="Better")
        task = await ada.task(task_id)
        assert task["status"] == "awaiting_solution_approval"
        assert task["solution"]["content"] == "Better"

    @pytest.mark.promise("AW-SOLUTION-STATUS", "AW-SOLUTION-REASON")
    async def test_any_other_word_is_400(self, ada: Visitor, worker: Worker) -> None:
        task_id = await ada.create()
        await worker.solves("Done")
        before = await ada.task(task_id)
        for body in ({}, {"status": None}, {"status": ""}, {"status": "YES"}, {"status": True},
                     {"status": ["CONFIRMED"]}, {"status": "CONFIRMED REJECTED"}, {"status": 1},
                     {"status": "ACCEPTED", "rejection_reason": "x"}, {"rejection_reason": "x"},
                     {"status": "CONFIRMED", "rejection_reason": 1},
                     {"status": "REJECTED", "rejection_reason": ["x"]}):  # fmt: skip
            refused(await ada.say(task_id, "solution-status", body), 400)
        assert await ada.task(task_id) == before

    @pytest.mark.promise("AW-SOLUTION-WHEN")
    @pytest.mark.parametrize("word", ["CONFIRMED", "REJECTED"])
    async def test_in_every_other_status_a_decision_is_400(
        self, ada: Visitor, worker: Worker, word: str
    ) -> None:
        for task_id in await in_every_other_status(ada, worker, "awaiting_solution_approval"):
            before = await ada.task(task_id)
            refused(await ada.say(task_id, "solution-status", {"status": word}), 400)
            assert await ada.task(task_id) == before


class TestSpec:
    @pytest.mark.parametrize("slash", ["", "/"])
    async def test_a_confirmed_plan_is_carried_out(
        self, ada: Visitor, worker: Worker, slash: str
    ) -> None:
        task_id = await ada.create(require_spec_approval=True)
        await worker.plans("First the hero")
        answer = await ada.say(task_id, f"spec-status{slash}", {"status": "Confirmed"})
        assert answer.status_code == 200
        assert answer.json() == {"success": True, "status": "processing"}
        await worker.solves("Done")
        assert (await ada.task(task_id))["status"] == "awaiting_solution_approval"

    async def test_a_rejected_plan_goes_back_with_the_reason(
        self, ada: Visitor, worker: Worker
    ) -> None:
        task_id = await ada.create(require_spec_approval=True)
        await worker.plans("First the hero")
        body = {"status": "REJECTED", "rejection_reason": "Too short"}
        assert (await ada.say(task_id, "spec-status", body)).json()["status"] == "processing"
        await worker.plans("First the hero, then the rest")
        task = await ada.task(task_id)
        assert task["status"] == "awaiting_spec_approval"
        assert task["spec"]["content"] == "First the hero, then the rest"

    async def test_in_every_other_status_a_decision_is_400(
        self, ada: Visitor, worker: Worker
    ) -> None:
        for task_id in await in_every_other_status(ada, worker, "awaiting_spec_approval"):
            for word in ("CONFIRMED", "REJECTED", "x"):
                refused(await ada.say(task_id, "spec-status", {"status": word}), 400)


class TestCancel:
    @pytest.mark.promise("AW-CANCEL-PATH", "AW-CANCEL-ANSWER", "AW-GET-STATUS-CANCELLED")
    @pytest.mark.parametrize("slash", ["", "/"])
    async def test_it_cancels_and_again_is_200(self, ada: Visitor, slash: str) -> None:
        task_id = await ada.create()
        for _ in range(2):
            answer = await ada.http.post(
                f"/api/v1/tasks/{task_id}/cancel{slash}", headers=ada.headers
            )
            assert answer.status_code == 200
            assert answer.json() == {"success": True, "status": "cancelled"}
        assert (await ada.task(task_id))["status"] == "cancelled"

    async def test_a_body_is_not_looked_at(self, ada: Visitor) -> None:
        for content in (b"", b"{", b"null", b"\xff" * 100):
            task_id = await ada.create()
            answer = await ada.ask("POST", f"/api/v1/tasks/{task_id}/cancel", content=content)
            assert answer.status_code == 200

    @pytest.mark.promise("AW-CANCEL-RUNNING")
    async def test_the_worker_of_a_cancelled_task_ends_and_proposes_nothing_more(
        self, ada: Visitor, worker: Worker, hall: Hall, engine: QuietEngine
    ) -> None:
        task_id = await ada.create()
        run = await worker.begins()
        assert (await ada.say(task_id, "cancel")).status_code == 200
        assert engine.stopped == [run.token]
        for speak in (
            outcomes.deliver(hall, token=run.token, text="Too late"),
            outcomes.message_customer(hall, token=run.token, text="Too late"),
            working.report_progress(hall, token=run.token, text="Too late"),
        ):
            with pytest.raises(Superseded):
                await speak
        assert (await ada.task(task_id))["status"] == "cancelled"
        assert "Too late" not in str(await ada.events(task_id))

    @pytest.mark.promise("AW-CANCEL-COMPLETED", "AW-CODE-400")
    async def test_a_completed_task_cannot_be_cancelled(self, ada: Visitor, worker: Worker) -> None:
        task_id = await ada.create()
        await worker.solves("Done")
        await ada.say(task_id, "solution-status", {"status": "CONFIRMED"})
        before = await ada.task(task_id)
        detail = refused(await ada.say(task_id, "cancel"), 400)
        assert "complete" in detail.lower() or "done" in detail.lower()
        assert await ada.task(task_id) == before

    @pytest.mark.promise("AW-CANCEL-RUNNING", "AW-GUIDE-STUCK-RESTART")
    async def test_every_status_but_completed_can_be_cancelled(
        self, ada: Visitor, worker: Worker
    ) -> None:
        for task_id in await in_every_other_status(ada, worker, "completed"):
            status = (await ada.task(task_id))["status"]
            answer = await ada.say(task_id, "cancel")
            if status != "cancelled":
                assert answer.status_code == 200, status
                assert (await ada.task(task_id))["status"] == "cancelled"
        again = await ada.create()
        assert (await ada.task(again))["status"] == "processing"
