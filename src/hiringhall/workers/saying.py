"""How a run ended, with no live secret in any of its words."""

from collections.abc import Callable
from dataclasses import replace

from hiringhall.domain.questions import Question
from hiringhall.workers.runtimes.port import (
    Asked,
    Broke,
    Delivered,
    GaveUp,
    Outcome,
    OverBudget,
    Parked,
    Planned,
    Said,
)


def without_secrets(outcome: Outcome, mask: Callable[[str], str]) -> Outcome:
    """The same outcome, each of its texts masked; files were masked when they were kept."""
    match outcome:
        case Asked(questions):
            return Asked([_question(one, mask) for one in questions])
        case Said() | Planned() | Delivered():
            return replace(outcome, text=mask(outcome.text))
        case GaveUp() | Broke() | Parked():
            return replace(outcome, reason=mask(outcome.reason))
        case OverBudget():
            return outcome


def _question(question: Question, mask: Callable[[str], str]) -> Question:
    options = tuple(mask(option) for option in question.options)
    return replace(question, question=mask(question.question), options=options)
