"""A question's form as the answers that it holds."""

from hiringhall.domain.questions import (
    Answer,
    AskedQuestion,
    InputType,
    Question,
    QuestionKind,
)
from hiringhall.doors.pages.forms import Form

OTHER = "other"


def answers_of(asked: AskedQuestion, form: Form) -> list[Answer] | None:
    """What was answered, by the index of the question; None where a plain message was asked for."""
    if asked.kind is not QuestionKind.CLARIFYING:
        return None
    found: list[Answer] = []
    for index, question in enumerate(asked.questions):
        selected = _selected(question, index, form)
        if selected:
            found.append(Answer(index, selected))
    return found


def _selected(question: Question, index: int, form: Form) -> str | tuple[str, ...]:
    name = f"answer-{index}"
    if question.type is InputType.TEXT:
        return form[name].strip()
    own = form[f"{OTHER}-{index}"].strip()
    chosen = [
        own if value == OTHER else _option(question, value)
        for value in dict.fromkeys(form.all(name))
    ]
    if question.type is InputType.MULTI_SELECT:
        return tuple(one for one in chosen if one)
    return chosen[0] if chosen else ""


def _option(question: Question, value: str) -> str:
    """An option by its number, which is what a form sends; nothing for what is none."""
    number = int(value) if value.isascii() and value.isdigit() and len(value) < 3 else -1
    return question.options[number] if 0 <= number < len(question.options) else ""
