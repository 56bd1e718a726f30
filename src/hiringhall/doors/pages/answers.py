"""A question's form as the answers that it holds, and as a person reads it."""

from hiringhall.domain.errors import Invalid
from hiringhall.domain.questions import (
    Answer,
    AskedQuestion,
    InputType,
    Question,
    QuestionKind,
)
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.typed import place

OTHER = "other"


def answers_of(asked: AskedQuestion, form: Form) -> list[Answer] | None:
    """What was answered, by the index of the question; None where a plain message was asked for.

    A text of one's own means Other, whether that is ticked or not, and where one was to be chosen
    it is that one, whatever is ticked beside it; Other with no text is an empty answer.
    """
    if asked.kind is not QuestionKind.CLARIFYING:
        return None
    found: list[Answer] = []
    for index, question in enumerate(asked.questions):
        chosen = tuple(_chosen(question, index, form))
        if chosen:
            is_many = question.type is InputType.MULTI_SELECT
            found.append(Answer(index, chosen if is_many else chosen[0]))
    return found


def field_of(index: int) -> str:
    """The field of a form in which a question is answered."""
    return f"answer-{index}"


def by_field(error: Invalid) -> Invalid:
    """What is wrong with answers, by the fields of their form."""
    return Invalid(
        error.sentence,
        {name.replace("answers.", "answer-"): what for name, what in error.said.items()},
    )


def read_aloud(asked: AskedQuestion, form: Form) -> list[tuple[str, str]]:
    """Each question with what was answered, in words; nothing of what was left empty."""
    if asked.kind is not QuestionKind.CLARIFYING:
        return [(asked.text, form["message"].strip())] if form["message"].strip() else []
    told = [
        (question.question, ", ".join(one for one in _chosen(question, index, form) if one))
        for index, question in enumerate(asked.questions)
    ]
    return [(question, said) for question, said in told if said]


def _chosen(question: Question, index: int, form: Form) -> list[str]:
    """The texts that were chosen or typed; an empty one for Other with no text."""
    values = form.all(field_of(index))
    if question.type is InputType.TEXT:
        return [text for text in (values[0].strip() if values else "",) if text]
    own = form[f"{OTHER}-{index}"].strip()
    if own and question.type is InputType.SINGLE_SELECT:
        return [own]
    options = [
        option
        for value in dict.fromkeys(values)
        if value != OTHER and (option := _option(question, value))
    ]
    if own in options:
        return options
    return [*options, own] if own or OTHER in values else options


def _option(question: Question, value: str) -> str:
    """An option by its number, which is what a form sends; nothing for what is none."""
    number = place(value)
    if number is None or number >= len(question.options):
        return ""
    return question.options[number]
