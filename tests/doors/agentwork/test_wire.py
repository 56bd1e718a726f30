"""The way between the hall's words and the door's: total, and the same there and back."""

import json
import typing
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hiringhall.domain import events
from hiringhall.domain.logged import LoggedEvent
from hiringhall.domain.questions import AskedQuestion, InputType, Question, QuestionKind
from hiringhall.domain.tasks import FINAL, State, Waiting
from hiringhall.doors.agentwork import log, wire, words
from hiringhall.doors.kit.bodies import body_reader
from hiringhall.queries.tasks import Standing, TaskLine, TaskRow

BODIES = (
    wire.RegisterBody,
    wire.ExchangeBody,
    wire.CreateBody,
    wire.MessageBody,
    wire.DecisionBody,
)
STATUSES = set(typing.get_args(wire.Status))

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
uuids = st.uuids().map(str)
times_us = st.integers(0, 253_402_300_799 * 1_000_000)
questions = st.builds(
    Question, st.sampled_from(InputType), texts, st.lists(texts, max_size=5).map(tuple)
)
asked = st.builds(
    AskedQuestion, uuids, st.sampled_from(QuestionKind), texts, st.lists(questions).map(tuple)
)
standings = st.builds(
    Standing,
    id=uuids,
    title=texts,
    question_id=st.none() | uuids,
    deliverable_id=st.none() | uuids,
    plan_id=st.none() | uuids,
    last_activity_at_us=times_us,
)
rows = st.builds(TaskRow, standings, st.none() | asked, st.none() | texts, st.none() | texts)


st.register_type_strategy(str, texts)
st.register_type_strategy(
    wire.GivenAnswer,
    st.builds(wire.GivenAnswer, st.integers(-(2**63), 2**63 - 1), texts | st.lists(texts)),
)


@pytest.mark.parametrize("body", BODIES, ids=lambda one: one.__name__)
def test_a_body_comes_in_as_it_was_sent(body: type[msgspec.Struct]) -> None:
    read = body_reader(body)

    @given(st.from_type(body))
    def there_and_back(sent: msgspec.Struct) -> None:
        assert read(msgspec.json.encode(sent)) == sent
        assert read(json.dumps(msgspec.to_builtins(sent)).encode()) == sent

    there_and_back()


class TestStatus:
    def test_every_state_has_a_word(self) -> None:
        assert set(words.STATUS_OF_STATE) == set(State)
        for state in State:
            for waiting_for in Waiting:
                assert words.status_of(state, waiting_for) in STATUSES

    def test_the_words_are_those_of_the_table(self) -> None:
        """product.md, "States, and the word each door shows"."""
        assert {state.value: words.status_of(state, Waiting.NOTHING) for state in State} == {
            "draft": "processing",
            "open": "processing",
            "selecting": "processing",
            "assigned": "processing",
            "in_progress": "processing",
            "awaiting_reply": "awaiting_reply",
            "in_review": "awaiting_solution_approval",
            "revising": "processing",
            "disputed": "awaiting_solution_approval",
            "done": "completed",
            "failed": "cancelled",
            "cancelled": "cancelled",
            "expired": "cancelled",
        }
        plan = words.status_of(State.AWAITING_REPLY, Waiting.PLAN_DECISION)
        assert plan == "awaiting_spec_approval"
        budget = words.status_of(State.AWAITING_REPLY, Waiting.BUDGET_DECISION)
        assert budget == "awaiting_reply"

    def test_final_is_final_here_too(self) -> None:
        ends = {
            state
            for state in State
            if words.status_of(state, Waiting.NOTHING) in ("completed", "cancelled")
        }
        assert ends == FINAL


@given(times_us)
def test_a_time_is_utc_to_the_second_without_zone(at_us: int) -> None:
    written = words.time_of(at_us)
    assert len(written) == 19
    read = datetime.fromisoformat(written).replace(tzinfo=UTC)
    assert int(read.timestamp()) == at_us // 1_000_000


def test_a_time_as_the_seed_prints_it() -> None:
    assert words.time_of(1_771_770_600_999_999) == "2026-02-22T14:30:00"


@given(rows)
def test_a_task_shows_what_its_status_is_about_and_nothing_else(row: TaskRow) -> None:
    sent = msgspec.json.encode(words.task_answer(row))
    said = msgspec.json.decode(sent, type=wire.TaskAnswer)
    shown = {
        "awaiting_reply": said.question is not None,
        "awaiting_solution_approval": said.solution is not None,
        "awaiting_spec_approval": said.spec is not msgspec.UNSET,
    }
    assert all(status == said.status for status, there in shown.items() if there)
    if said.status == "awaiting_reply" and row.question is not None:
        assert said.question is not None
        assert_question(said.question, row.question)
    if said.status == "awaiting_solution_approval" and row.task.deliverable_id is not None:
        assert said.solution is not None
        assert said.solution.content == (row.deliverable_text or "")
    keys = {"task_id", "title", "status", "last_activity_at", "question", "solution"}
    assert json.loads(sent).keys() - {"spec"} == keys


def assert_question(said: wire.QuestionAnswer, asked: AskedQuestion) -> None:
    if asked.kind is QuestionKind.TO_CUSTOMER:
        assert (said.type, said.content) == ("TO_CUSTOMER", asked.text)
        return
    content = json.loads(said.content)
    assert (said.type, content["type"]) == ("CLARIFYING_QUESTIONS", "clarifying_questions")
    assert [
        Question(InputType(one["type"]), one["question"], tuple(one["options"] or ()))
        for one in content["questions"]
    ] == list(asked.questions)


@given(st.lists(st.builds(TaskLine, uuids, texts, created_at_us=times_us)))
def test_a_list_comes_out_as_it_is(lines: list[TaskLine]) -> None:
    sent = msgspec.json.encode(wire.ListAnswer([words.line(one) for one in lines]))
    assert json.loads(sent).keys() == {"tasks"}
    said = msgspec.json.decode(sent, type=wire.ListAnswer)
    assert [(one.task_id, one.title) for one in said.tasks] == [(o.id, o.title) for o in lines]


class TestLog:
    def test_every_event_of_the_hall_has_its_line_or_is_hidden_on_purpose(self) -> None:
        assert set(log.SHOWN) == set(events.BY_TYPE)

    @pytest.mark.parametrize("event", events.ALL, ids=lambda one: one.type)
    def test_every_event_is_shown_in_one_of_the_six_types(
        self, event: type[events.Happened]
    ) -> None:
        kinds = set(typing.get_args(wire.EventType))

        @given(st.from_type(event))
        def shown(happened: events.Happened) -> None:
            data: Mapping[str, Any] = msgspec.to_builtins(happened)
            line = log.SHOWN[event.type](data)
            if line is not None:
                kind, content = line
                assert kind in kinds
                for name, value in data.items():
                    if name == "text" and value:
                        assert value in content

        shown()

    def test_a_log_keeps_its_order(self) -> None:
        logged = [
            LoggedEvent(n, "t", n, kind, "hall", State.OPEN, Waiting.NOTHING, {"text": kind}, n)
            for n, kind in enumerate(("task_created", "task_published", "progress_reported"))
        ]
        said = log.events_answer("t", logged).events
        assert [one.content for one in said] == ["Task received: task_created", "progress_reported"]
