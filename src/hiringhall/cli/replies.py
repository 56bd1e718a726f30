"""Reads a worker's questions, and makes the answers of a person or a script fit them."""

import json
from dataclasses import dataclass
from typing import Any, cast

from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.screen import Screen, one_line


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a worker."""

    kind: str
    """`text`, `single_select` or `multi_select`."""
    text: str
    options: tuple[str, ...] = ()


Answer = dict[str, Any]
"""`question_index` and `selected`, as the door takes it."""


def asked(question: dict[str, Any]) -> list[Asked]:
    """The questions in a task's `question`: several typed ones, or one in plain text."""
    content = str(question.get("content", ""))
    if question.get("type") != "CLARIFYING_QUESTIONS":
        return [Asked("text", content)]
    try:
        outer = json.loads(content)
        return [_asked(cast("dict[str, Any]", one)) for one in outer["questions"]]
    except (ValueError, TypeError, KeyError, AttributeError):
        return [Asked("text", content)]


def _asked(one: dict[str, Any]) -> Asked:
    options = cast("list[Any]", one.get("options") or [])
    return Asked(str(one["type"]), str(one["question"]), tuple(str(option) for option in options))


def show(screen: Screen, questions: list[Asked]) -> None:
    """The questions with their numbers and options."""
    for index, one in enumerate(questions):
        several = len(questions) > 1 or one.options
        screen.say(f"[{index}] {one.text}" if several else one.text)
        for option in one.options:
            screen.say(f"      - {option}")


def from_options(given: list[str], questions: list[Asked]) -> list[Answer]:
    """The answers in `--answer INDEX=VALUE`; an index given again adds to a multi_select."""
    values: dict[int, list[str]] = {}
    for text in given:
        index, separator, value = text.partition("=")
        if not separator or not index.strip().isdecimal():
            raise CommandError(
                f"'{one_line(text, 80)}' is no answer: write it as --answer 0=React.", Exit.USAGE
            )
        values.setdefault(int(index), []).append(value)
    answers: list[Answer] = []
    for index, chosen in values.items():
        if index >= len(questions):
            raise CommandError(
                f"There is no question {index}: they are numbered 0 to {len(questions) - 1}.",
                Exit.USAGE,
            )
        if questions[index].kind == "multi_select":
            answers.append({"question_index": index, "selected": chosen})
        elif len(chosen) == 1:
            answers.append({"question_index": index, "selected": chosen[0]})
        else:
            raise CommandError(f"Question {index} takes one answer.", Exit.USAGE)
    return answers


def from_person(screen: Screen, questions: list[Asked]) -> list[Answer]:
    """Ask each question in turn; an empty line leaves it unanswered."""
    answers: list[Answer] = []
    for index, one in enumerate(questions):
        screen.note(f"\n{one.text}")
        for number, option in enumerate(one.options, 1):
            screen.note(f"  {number}. {option}")
        selected = _ask_one(screen, one)
        if selected:
            answers.append({"question_index": index, "selected": selected})
    if not answers:
        raise CommandError("Nothing was answered, so nothing was sent.", Exit.REFUSED)
    return answers


def _ask_one(screen: Screen, one: Asked) -> str | list[str]:
    if one.kind == "multi_select":
        line = screen.ask("Numbers or own words, with commas between: ")
        return [_option(part.strip(), one) for part in line.split(",") if part.strip()]
    prompt = "A number or your own words: " if one.options else "Your answer: "
    return _option(screen.ask(prompt).strip(), one)


def _option(typed: str, one: Asked) -> str:
    """The option of a typed number; anything else is the person's own text ("Other")."""
    if typed.isdecimal() and 1 <= int(typed) <= len(one.options):
        return one.options[int(typed) - 1]
    return typed
