"""Typed questions: what can be asked, and which answers fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hiringhall.domain.errors import Invalid
from hiringhall.domain.questions import (
    Answer,
    AskedQuestion,
    InputType,
    Question,
    QuestionKind,
    answers_from_json,
    answers_to_json,
    check_answers,
    make_question,
    questions_from_json,
    questions_to_json,
    reply_text,
)

ASKED = AskedQuestion(
    "q",
    QuestionKind.CLARIFYING,
    "",
    (
        Question(InputType.TEXT, "For whom?"),
        Question(InputType.SINGLE_SELECT, "Which?", ("React", "Vue")),
        Question(InputType.MULTI_SELECT, "What?", ("Auth", "Database")),
    ),
)
PLAIN = AskedQuestion("q", QuestionKind.TO_CUSTOMER, "Shall I?")


@pytest.mark.parametrize(
    "answers",
    [
        (Answer(0, "Everyone"),),
        (Answer(1, "React"),),
        (Answer(1, "Something of my own"),),
        (Answer(2, ("Auth",)),),
        (Answer(2, ("Auth", "Something of my own")),),
        (Answer(2, ("Auth", "Database")), Answer(0, "x"), Answer(1, "Vue")),
    ],
)
def test_fitting_answers_are_taken(answers: tuple[Answer, ...]) -> None:
    check_answers(ASKED, answers)


@pytest.mark.parametrize(
    "answers",
    [
        (),
        (Answer(3, "x"),),
        (Answer(-1, "x"),),
        (Answer(0, "x"), Answer(0, "y")),
        (Answer(0, ("x",)),),
        (Answer(1, ("React",)),),
        (Answer(2, "Auth"),),
        (Answer(2, ()),),
        (Answer(2, ("Auth", "Auth")),),
        (Answer(0, "  "),),
    ],
)
def test_answers_that_do_not_fit_are_refused(answers: tuple[Answer, ...]) -> None:
    with pytest.raises(Invalid):
        check_answers(ASKED, answers)


def test_a_plain_message_is_answered_at_index_0_alone() -> None:
    check_answers(PLAIN, (Answer(0, "Yes"),))
    with pytest.raises(Invalid):
        check_answers(PLAIN, (Answer(1, "Yes"),))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("text", ["a"]),
        ("single_select", []),
        ("single_select", None),
        ("multi_select", list("abcdef")),
        ("single_select", ["a", "a"]),
        ("single_select", ["a", " "]),
        ("slider", ["a"]),
    ],
)
def test_questions_that_no_door_could_show_are_refused(
    kind: str, options: list[str] | None
) -> None:
    with pytest.raises(Invalid):
        make_question(kind, "Which?", options)


def test_structured_answers_read_as_text_beside_their_questions() -> None:
    answers = (Answer(2, ("Auth", "Database")), Answer(0, "Everyone"))
    assert reply_text(ASKED, answers) == "For whom? Everyone\nWhat? Auth, Database"
    assert reply_text(PLAIN, (Answer(0, "Yes"),)) == "Yes"


texts = st.text(min_size=1).filter(lambda text: text.strip() == text)


@given(st.lists(texts, min_size=1, max_size=5, unique=True), texts)
def test_questions_survive_being_kept(options: list[str], text: str) -> None:
    questions = (make_question("multi_select", text, options), make_question("text", text, None))
    assert questions_from_json(questions_to_json(questions)) == questions


@given(texts, st.lists(texts, min_size=1))
def test_answers_survive_being_kept(one: str, many: list[str]) -> None:
    answers = (Answer(0, one), Answer(1, tuple(many)))
    assert answers_from_json(answers_to_json(answers)) == answers
