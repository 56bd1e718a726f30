"""What is posted at a page: the fields of a form as the brief or the offer that they hold."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hiringhall.domain.errors import Invalid
from hiringhall.domain.escrow import Shown
from hiringhall.domain.market import Item, tidy_link
from hiringhall.doors.pages.forms import Form

T = TypeVar("T")

_AMOUNT = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,2}))?", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_GROUPED = re.compile(r"(?<=[0-9])[,' ](?=[0-9]{3}(?![0-9]))", re.ASCII)
_EPOCH = datetime.fromtimestamp(0, UTC)


def cents_of(text: str, field: str) -> int:
    """An amount as people write it, such as 12.50 or 1,200, in cents; raises Invalid."""
    written = _AMOUNT.fullmatch(_GROUPED.sub("", text.strip()))
    if written is None:
        raise Invalid("An amount is written like 12.50", {field: "not an amount"})
    return int(written[1]) * 100 + int(f"{written[2] or '':0<2}")


def whole_of(text: str, field: str) -> int | None:
    """A whole number, or None for an empty field; raises Invalid."""
    tidy = text.strip()
    if not tidy:
        return None
    if not _WHOLE.fullmatch(tidy):
        raise Invalid("A whole number is needed", {field: "not a number"})
    return int(tidy)


def moment_of(text: str, field: str) -> int | None:
    """A time of a form's own field, in µs UTC; None for an empty one. Raises Invalid."""
    tidy = text.strip()
    if not tidy:
        return None
    try:
        moment = datetime.fromisoformat(tidy)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise Invalid("A time is written like 2026-02-22 14:30", {field: "not a time"}) from None


def lines_of(text: str) -> list[str]:
    """The lines of a text that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


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
        "tags": [one for one in (part.strip() for part in form["tags"].split(",")) if one],
        "fee_on_top": bool(form["fee_on_top"]),
    }
    readers: dict[str, tuple[str, Any]] = {
        "price_cents": ("price_cents", cents_of),
        "deadline": ("deadline_us", moment_of),
        "expires_in_hours": ("expires_in_hours", whole_of),
        "time_limit_minutes": ("time_limit_minutes", whole_of),
        "max_proposals": ("max_proposals", whole_of),
    }
    for field, (name, read) in readers.items():
        try:
            found[name] = read(form[field], field)
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
        raise Invalid(error.message, {**error.fields, **unread}) from None
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
