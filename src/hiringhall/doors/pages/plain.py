"""Refusals in people's words: amounts as they are typed, fields by their labels, no headers."""

from hiringhall.domain.errors import HallError, IdempotencyConflict, Invalid, SecretNotRepeated
from hiringhall.domain.sentences import Cents, Field, Part, Piece, Sentence
from hiringhall.doors.look import word
from hiringhall.doors.look.filters import money
from hiringhall.doors.look.words import word_or

_OWN_WORDS: dict[type[HallError], str] = {
    IdempotencyConflict: "problem.twice",
    SecretNotRepeated: "problem.secret_twice",
}
"""What is said to programs of a header, said of a form."""

_OF_ALL = {"needed again": "wrong.needed_again"}
"""What is wrong with one field and tells a person all, where programs are told of their bodies."""


def in_words(error: HallError) -> str:
    """A refusal as a person reads it."""
    own = _OWN_WORDS.get(type(error))
    if own is None and isinstance(error, Invalid):
        own = next((_OF_ALL[what] for what in error.fields.values() if what in _OF_ALL), None)
    return spelled(error.sentence) if own is None else word(own)


def spelled(said: Sentence) -> str:
    """A sentence as a person reads it: 4500 cents is 45.00, maxWorkers is "Workers at once"."""
    return "".join(_piece(one) for one in said.pieces)


def said_of(error: Invalid) -> dict[str, str]:
    """What is wrong by field, in the pages' own words where they have any.

    Else what is said of the field, where that is a sentence, or else the sentence of the whole.
    """
    return {
        field: word_or(
            f"wrong.{said.plain.replace(' ', '_')}",
            spelled(said) if said.plain[:1].isupper() else in_words(error),
        )
        for field, said in error.said.items()
    }


def _piece(one: Piece) -> str:
    match one:
        case Cents(cents=cents):
            return money(cents)
        case Field(name=name):
            label = word_or(f"typed.{name}", word_or(f"field.{name}", ""))
            return f"“{label}”" if label else name
        case Part(part=part):
            return f"{part * 100:g} %"
        case str():
            return one
