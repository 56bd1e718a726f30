"""Typed questions from a worker, and whether the answers fit them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from hiringhall.domain.errors import Invalid

MAX_OPTIONS = 5
MAX_QUESTIONS = 20


class QuestionKind(StrEnum):
    """A set of typed questions, or one plain message to the customer."""

    CLARIFYING = "clarifying"
    TO_CUSTOMER = "to_customer"


class InputType(StrEnum):
    """How one question wants to be answered."""

    TEXT = "text"
    SINGLE_SELECT = "single_select"
    MULTI_SELECT = "multi_select"


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `options` is empty for free text and holds one to five texts otherwise."""

    type: InputType
    question: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to the question at `question_index`, counted from 0."""

    question_index: int
    selected: str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """What a task waits on: a kind, and either plain text or typed questions."""

    id: str
    kind: QuestionKind
    text: str
    questions: tuple[Question, ...] = ()


def make_question(type_: str, question: str, options: Sequence[str] | None) -> Question:
    """Build one question, refusing what no door could show (seed 001: up to five options)."""
    try:
        input_type = InputType(type_)
    except ValueError:
        known = ", ".join(InputType)
        raise Invalid(f"A question's type is one of {known}", {"type": "unknown"}) from None
    text = question.strip()
    chosen = tuple(option.strip() for option in options or ())
    if not text:
        raise Invalid("A question needs a text", {"question": "empty"})
    if input_type is InputType.TEXT and chosen:
        raise Invalid("A text question takes no options", {"options": "not allowed"})
    if input_type is not InputType.TEXT and not 1 <= len(chosen) <= MAX_OPTIONS:
        raise Invalid(f"A choice needs 1 to {MAX_OPTIONS} options", {"options": "count"})
    if not all(chosen) or len(set(chosen)) != len(chosen):
        raise Invalid("Options are different texts and none is empty", {"options": "values"})
    return Question(input_type, text, chosen)


def check_answers(asked: AskedQuestion, answers: Sequence[Answer], *, every: bool = False) -> None:
    """Refuse answers that do not fit what was asked.

    Unanswered questions are allowed, as programs choose what they answer, unless `every` one is
    to be: then what is wrong is said of each by its index, `answers.0`. Own text ("Other") is
    allowed in both kinds of choice (seed 001, "Question input types"). A plain message is answered
    at index 0.
    """
    if every:
        _check_every(asked, answers)
    if not answers:
        raise Invalid("Answers cannot be empty", {"answers": "empty"})
    seen: set[int] = set()
    count = len(asked.questions) if asked.kind is QuestionKind.CLARIFYING else 1
    for answer in answers:
        index = answer.question_index
        if not 0 <= index < count:
            raise Invalid(f"There is no question {index}", {"answers": "question_index"})
        if index in seen:
            raise Invalid(f"Question {index} is answered twice", {"answers": "question_index"})
        seen.add(index)
        _check_selected(asked, answer)


def _check_every(asked: AskedQuestion, answers: Sequence[Answer]) -> None:
    """Refuse gaps, all at once: a question with no answer, and own text that says nothing."""
    given = {one.question_index: one.selected for one in answers}
    gaps: dict[str, str] = {}
    for index in range(len(asked.questions)):
        selected = given.get(index, ())
        values = selected if isinstance(selected, tuple) else (selected,)
        if not values:
            gaps[f"answers.{index}"] = "unanswered"
        elif not all(value.strip() for value in values):
            gaps[f"answers.{index}"] = "own text is empty"
    if gaps:
        raise Invalid("Each question is to be answered", gaps)


def _check_selected(asked: AskedQuestion, answer: Answer) -> None:
    index, selected = answer.question_index, answer.selected
    wants_list = (
        asked.kind is QuestionKind.CLARIFYING
        and asked.questions[index].type is InputType.MULTI_SELECT
    )
    if wants_list != isinstance(selected, tuple):
        wanted = "a list of texts" if wants_list else "one text"
        raise Invalid(f"Question {index} takes {wanted}", {"answers": "selected"})
    values = selected if isinstance(selected, tuple) else (selected,)
    if not values or not all(value.strip() for value in values):
        raise Invalid(f"The answer to question {index} is empty", {"answers": "selected"})
    if len(set(values)) != len(values):
        raise Invalid(f"Question {index} has an answer twice", {"answers": "selected"})


def reply_text(asked: AskedQuestion, answers: Sequence[Answer]) -> str:
    """Answers as a person reads them: one line each, the question before its answer."""
    lines: list[str] = []
    for answer in sorted(answers, key=lambda one: one.question_index):
        value = answer.selected if isinstance(answer.selected, str) else ", ".join(answer.selected)
        if asked.kind is QuestionKind.CLARIFYING and len(asked.questions) > 1:
            lines.append(f"{asked.questions[answer.question_index].question} {value}")
        else:
            lines.append(value)
    return "\n".join(lines)


def questions_text(questions: Sequence[Question]) -> str:
    """Questions as a person reads them in a log: one line each, choices behind them."""
    return "\n".join(
        f"{one.question} ({' / '.join(one.options)})" if one.options else one.question
        for one in questions
    )


def questions_to_json(questions: Sequence[Question]) -> str:
    """The questions as they are kept: a JSON array of `{type, question, options}`."""
    return json.dumps(
        [
            {
                "type": one.type.value,
                "question": one.question,
                "options": list(one.options) or None,
            }
            for one in questions
        ],
        ensure_ascii=False,
    )


def questions_from_json(text: str) -> tuple[Question, ...]:
    """The inverse of `questions_to_json`."""
    rows = cast("list[dict[str, Any]]", json.loads(text))
    return tuple(
        Question(InputType(row["type"]), row["question"], tuple(row["options"] or ()))
        for row in rows
    )


def answers_to_json(answers: Sequence[Answer]) -> str:
    """The answers as they are kept: a JSON array of `{question_index, selected}`."""
    return json.dumps(
        [
            {
                "question_index": one.question_index,
                "selected": one.selected if isinstance(one.selected, str) else list(one.selected),
            }
            for one in answers
        ],
        ensure_ascii=False,
    )


def answers_from_json(text: str) -> tuple[Answer, ...]:
    """The inverse of `answers_to_json`."""
    rows = cast("list[dict[str, Any]]", json.loads(text))
    return tuple(
        Answer(
            row["question_index"],
            row["selected"] if isinstance(row["selected"], str) else tuple(row["selected"]),
        )
        for row in rows
    )
