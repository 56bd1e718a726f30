"""What people type into fields and addresses, read as the value that is meant."""

import re
from datetime import UTC, datetime, timedelta

from hiringhall.domain.errors import Invalid
from hiringhall.doors.pages.forms import Form

_AMOUNT = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,2}))?", re.ASCII)
_NO_AMOUNTS = (
    (re.compile(r"-[0-9]+([.,][0-9]*)?", re.ASCII), "below zero"),
    (re.compile(r"[0-9]{13,}([.,][0-9]*)?", re.ASCII), "out of range"),
    (re.compile(r"[0-9]+[.,][0-9]{3,}", re.ASCII), "too fine"),
)
"""What is no amount that can be meant, and why."""
_GROUPED = re.compile(r"(?<=[0-9])[,' ](?=[0-9]{3}(?![0-9]))", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,12}", re.ASCII)
_DECIMAL = re.compile(r"([0-9]{1,9})(?:[.,]([0-9]{1,9}))?", re.ASCII)
_PLACE = re.compile(r"[0-9]{1,17}", re.ASCII)
_EPOCH = datetime.fromtimestamp(0, UTC)


def cents(form: Form, name: str) -> int | None:
    """An amount as people write it, such as 12.50 or 1,200; None for an empty field.

    Raises Invalid.
    """
    tidy = form[name].strip()
    if not tidy:
        return None
    bare = _GROUPED.sub("", tidy)
    found = _AMOUNT.fullmatch(bare)
    if found is None:
        why = next((why for form, why in _NO_AMOUNTS if form.fullmatch(bare)), "not an amount")
        raise Invalid("An amount is written like 12.50", {name: why})
    return int(found[1]) * 100 + int(f"{found[2] or '':0<2}")


def amount(form: Form, name: str) -> int:
    """An amount that cannot be left out, in cents; raises Invalid."""
    found = cents(form, name)
    if found is None:
        raise Invalid("Say how much", {name: "empty"})
    return found


def as_typed(value_cents: int) -> str:
    """An amount as it is typed: 12.50."""
    return f"{value_cents // 100}.{value_cents % 100:02d}"


def micros_as_typed(value_micros: int) -> str:
    """Micros as an amount is typed: 12.50, with more digits where there are any."""
    whole, rest = divmod(value_micros, 1_000_000)
    return f"{whole}.{rest:06}".rstrip("0").ljust(len(str(whole)) + 3, "0")


def whole_number(form: Form, name: str) -> int | None:
    """A whole number; None for an empty field. Raises Invalid."""
    tidy = form[name].strip()
    if not tidy:
        return None
    if not _WHOLE.fullmatch(tidy):
        raise Invalid("A whole number is needed", {name: "not a number"})
    return int(tidy)


def decimal(form: Form, name: str) -> float | None:
    """A number such as 1.5, or a percentage; None for an empty field. Raises Invalid."""
    tidy = form[name].strip().removesuffix("%").rstrip()
    if not tidy:
        return None
    found = _DECIMAL.fullmatch(tidy)
    if found is None:
        raise Invalid("A number is needed", {name: "no number"})
    return float(f"{found[1]}.{found[2] or 0}")


def moment(form: Form, name: str) -> int | None:
    """A time of a form's own field, in µs UTC; None for an empty one. Raises Invalid."""
    tidy = form[name].strip()
    if not tidy:
        return None
    try:
        found = datetime.fromisoformat(tidy)
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        return (found - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise Invalid("A time is written like 2026-02-22 14:30", {name: "not a time"}) from None


def place(text: str) -> int | None:
    """A place that an address or a button of ours names by its number; None for anything else."""
    return int(text) if _PLACE.fullmatch(text) else None


def lines_of(text: str) -> list[str]:
    """The lines of a text that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def words_of(text: str) -> list[str]:
    """What was typed between commas, or on lines of its own."""
    return [one.strip() for one in re.split(r"[,\n]", text) if one.strip()]
