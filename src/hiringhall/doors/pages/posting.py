"""What is posted at a page: the fields of a form as the brief or the offer that they hold."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from hiringhall.domain.errors import Invalid
from hiringhall.domain.escrow import Shown
from hiringhall.domain.market import Item, tidy_link
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.typed import amount, lines_of, moment, whole_number, words_of

T = TypeVar("T")


def market_fields(form: Form) -> tuple[dict[str, Any], dict[str, str]]:
    """What a form says of a task for the market beside its brief, and what cannot be read of it.

    What is left empty, and what cannot be read, is as usual.
    """
    wrong: dict[str, str] = {}
    found: dict[str, Any] = {
        "category": form["category"].strip() or None,
        "instructions": form["instructions"],
        "expected_output": form["expected_output"],
        "inputs": [item_of(line) for line in lines_of(form["inputs"])],
        "tags": words_of(form["tags"]),
        "fee_on_top": bool(form["fee_on_top"]),
    }
    readers: dict[str, tuple[str, Any]] = {
        "price_cents": ("price_cents", amount),
        "deadline": ("deadline_us", moment),
        "expires_in_hours": ("expires_in_hours", whole_number),
        "time_limit_minutes": ("time_limit_minutes", whole_number),
        "max_proposals": ("max_proposals", whole_number),
    }
    for field, (name, read) in readers.items():
        try:
            found[name] = read(form, field)
        except Invalid as error:
            wrong |= error.fields
            found[name] = 1 if name == "price_cents" else None
    return found, wrong


def judged(make: Callable[[], T], unread: Mapping[str, str]) -> T:
    """What is made of the fields of a form; raises Invalid with all that is wrong at once.

    `unread` is wrong before it is judged: what stands in its place says nothing of it.
    """
    try:
        made = make()
    except Invalid as error:
        raise Invalid(error.sentence, {**error.said, **unread}) from None
    if unread:
        raise Invalid("Some of this cannot be read", dict(unread))
    return made


_SHOWN = re.compile(r"([0-9]{1,12}) ([a-z]{3}) ([a-z_]{1,20})", re.ASCII)


def shown_of(form: Form) -> Shown | None:
    """What the form says that was shown to be held; None where nothing was."""
    found = _SHOWN.fullmatch(form["shown"])
    return None if found is None else Shown(int(found[1]), found[2], found[3])


def item_of(line: str) -> Item:
    """What a line of a form gives: the address of a thing, or a text."""
    return Item(url=line) if tidy_link(line) is not None else Item(text=line)
