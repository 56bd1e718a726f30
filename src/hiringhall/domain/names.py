"""Names that people give: of themselves, their organizations and their teams."""

import unicodedata

from hiringhall.domain.errors import Invalid

MAX_LENGTH = 200


_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that show nothing: fillers of Hangul, and Braille with no dot."""


def is_visible(text: str) -> bool:
    """Whether a reader sees anything of a text: a letter, a number or a sign, and no mere control.

    Spaces, format characters (as of zero width) and marks that stand on nothing show none.
    """
    return any(unicodedata.category(one)[0] in "LNPS" and one not in _BLANK for one in text)


def tidy_title(title: str, most: int | None = None) -> str:
    """A title on one line, cut to `most` characters; empty where nothing of it can be seen."""
    tidy = " ".join(title.split())[:most].rstrip()
    return tidy if is_visible(tidy) else ""


def tidy_name(name: str | None, field: str) -> str:
    """A name in the form it is kept; `field` is what the refusal calls it. Raises Invalid."""
    tidy = " ".join((name or "").split())
    label = field.replace("_", " ").capitalize()
    if not tidy:
        raise Invalid(f"{label} cannot be empty", {field: "empty"})
    if len(tidy) > MAX_LENGTH:
        raise Invalid(f"{label} is longer than {MAX_LENGTH} characters", {field: "too long"})
    return tidy
