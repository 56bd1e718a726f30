"""A draft as the fields of its form, and what was typed over in them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hiringhall.domain.market import Item
from hiringhall.domain.tasks import MARKET, Engagement
from hiringhall.doors.pages.costing import cap_of
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.posting import item_of, market_fields
from hiringhall.doors.pages.typed import as_typed, lines_of, micros_as_typed

_FIELD = {"deadline_us": "deadline", "require_spec_approval": "plan_first"}
"""What a form calls another way than `make_posting` does."""
_BOXES = {"fee_on_top", "plan_first"}
"""What a form says by leaving it out."""


def typed_of(fields: Mapping[str, Any], *, version: int) -> Form:
    """The form that a draft would have been posted with; `fields` are those of its posting."""
    return Form(
        [
            ("version", str(version)),
            *((_FIELD.get(name, name), _text(name, value)) for name, value in fields.items()),
        ]
    )


def changes_of(
    form: Form, fields: Mapping[str, Any], kind: Engagement
) -> tuple[dict[str, Any], dict[str, str]]:
    """What was typed over, in the words of `make_posting`, and what of it cannot be read.

    What stands as the draft has it is left out: a form shows less of some things than there is.
    """
    shown, asked = typed_of(fields, version=0), {name for name, _ in form} | _BOXES
    typed: dict[str, Any] = {
        "title": form["title"],
        "description": form["description"],
        "repository": form["repository"].strip() or None,
    }
    unread: dict[str, str] = {}
    if kind in MARKET:
        of_market, unread = market_fields(form)
        typed |= of_market | {"inputs": _inputs(form["inputs"], fields.get("inputs", ()))}
    else:
        typed["role"] = form["role"].strip() or None
        typed["require_spec_approval"] = bool(form["plan_first"])
        typed["cap_micros"], unread = cap_of(form)
    changes = {
        name: value
        for name, value in typed.items()
        if (at := _FIELD.get(name, name)) in asked and form[at].strip() != shown[at].strip()
    }
    if kind is not fields["engagement"]:
        changes["engagement"] = kind
    return changes, {name: what for name, what in unread.items() if form[name] != shown[name]}


def _inputs(text: str, were: Sequence[Item]) -> list[Item]:
    """What is given, a line for each; a line that stands as it did is the same thing still."""
    known = {_line(one): one for one in were}
    return [known.get(line) or item_of(line) for line in lines_of(text)]


def _line(item: Item) -> str:
    return " ".join((item.url or item.text).split())


def _text(name: str, value: Any) -> str:
    """A value as its field shows it."""
    match name, value:
        case _, None | False:
            return ""
        case _, True:
            return "yes"
        case "cap_micros", int():
            return micros_as_typed(value)
        case "price_cents", int():
            return as_typed(value)
        case "deadline_us", int():
            return datetime.fromtimestamp(value // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M")
        case "inputs" | "assets", _:
            return "\n".join(_line(one) for one in value)
        case "tags", _:
            return ", ".join(value)
        case _:
            return str(value)
