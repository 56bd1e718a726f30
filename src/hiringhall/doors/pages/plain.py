"""Refusals in people's words: amounts as they are typed, fields by their labels, no headers."""

import re

from hiringhall.doors.look import word
from hiringhall.doors.look.filters import money
from hiringhall.doors.look.words import word_or

_CENTS = re.compile(r"\b([0-9]{1,15})(?: cents\b|(?= to [0-9]+ cents\b))", re.ASCII)
_NAME = re.compile(r"\b(?:the |The )?([a-z]+(?:[A-Z][a-z]+)+|[a-z]+(?:_[a-z]+)+)\b", re.ASCII)
_FOR_PROGRAMS = (
    (re.compile(r"Idempotency-Key.*another request body"), "problem.twice"),
    (re.compile(r"with another Idempotency-Key"), "problem.secret_twice"),
    (re.compile(r"Confidence must be from 0 to 1"), "wrong.confidence"),
    (re.compile(r"gitRepoUrl moves to another host"), "wrong.needed_again"),
)
"""What is said to programs of their headers, bodies and units, and what a page says instead."""


def in_words(text: str) -> str:
    """A sentence as a person reads it: 4500 cents is 45.00, maxWorkers is "Workers at once"."""
    for pattern, name in _FOR_PROGRAMS:
        if pattern.search(text):
            return word(name)
    plain = _CENTS.sub(lambda found: money(int(found[1])), text)
    return _NAME.sub(_label, plain.replace("the team's config", "the team's settings"))


def _label(found: re.Match[str]) -> str:
    name = found[1]
    label = word_or(f"typed.{name}", word_or(f"field.{name}", ""))
    return f"“{label}”" if label else found[0]
