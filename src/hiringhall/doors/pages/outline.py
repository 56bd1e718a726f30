"""A plan as it is typed: rows of a form, which are added and taken out through the server."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hiringhall.domain.agents import Agent
from hiringhall.domain.errors import Invalid
from hiringhall.domain.force import MAX_PARTS, PartPlan, WrongPart
from hiringhall.doors.pages.calling import meant
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.typed import amount, as_typed, cents, whole_number, words_of

BLANK_ROWS = 3
_TYPED_AS = {
    "title": "title",
    "brief": "brief",
    "share_cents": "share",
    "depends_on": "needs",
    "time_limit_min": "minutes",
}
"""How the fields of a part are called in its row."""

FIELDS = ("key", "title", "brief", "category", "share", "needs", "agent", "minutes")
_NAME = re.compile(r"part-([0-9]{1,2})-[a-z]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """A part as it was typed, each field as it stands in the form."""

    key: str = ""
    title: str = ""
    brief: str = ""
    category: str = ""
    share: str = ""
    needs: str = ""
    agent: str = ""
    minutes: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nobody typed anything but a key."""
        return not any(getattr(self, name).strip() for name in FIELDS if name != "key")


def rows_of(form: Form) -> list[Row]:
    """The rows of a form in their order, without those that are to be left out."""
    numbers = sorted({int(found[1]) for name, _ in form if (found := _NAME.fullmatch(name))})
    return [
        Row(**{name: form[f"part-{number}-{name}"] for name in FIELDS})
        for number in numbers[:MAX_PARTS]
        if not form[f"part-{number}-out"]
    ]


def rows_of_plan(parts: Sequence[PartPlan], names: Mapping[str, str]) -> list[Row]:
    """A plan as rows to be changed; `names` are what agents are called, by their ids."""
    return [
        Row(
            key=one.key,
            title=one.title,
            brief=one.brief,
            category=one.category or "",
            share=as_typed(one.share_cents),
            needs=", ".join(one.depends_on),
            agent=names.get(one.agent_id or "", one.agent_id or ""),
            minutes="" if one.time_limit_min is None else str(one.time_limit_min),
        )
        for one in parts
    ]


def with_more(rows: Sequence[Row], more: int, *, taken: Sequence[str] = ()) -> list[Row]:
    """The same and blank ones behind, each with a key that none has yet."""
    found = list(rows)
    keys = {one.key.strip() for one in rows} | set(taken)
    number = 1
    while more > 0 and len(found) < MAX_PARTS:
        key = f"part-{number}"
        number += 1
        if key not in keys:
            found.append(Row(key=key))
            more -= 1
    return found


def split_evenly(rows: Sequence[Row], free_cents: int) -> list[Row]:
    """The same, with shares that come to the amount to the cent; blank rows get none."""
    filled = [index for index, one in enumerate(rows) if not one.is_blank]
    if not filled or free_cents < len(filled):
        return list(rows)
    each, over = divmod(free_cents, len(filled))
    found = list(rows)
    for place, index in enumerate(filled):
        found[index] = replace(found[index], share=as_typed(each + (1 if place < over else 0)))
    return found


def shares_of(rows: Sequence[Row]) -> int:
    """What the shares come to, as far as they can be read."""
    total = 0
    for one in rows:
        try:
            total += cents(Form([("share", one.share)]), "share") or 0
        except Invalid:
            continue
    return total


def plan_of(rows: Sequence[Row], known: Sequence[Agent] = ()) -> list[PartPlan]:
    """The parts that were typed; raises Invalid, by field, for what cannot be read.

    Agents that are `known` may be called by their names.
    """
    return [_part(one, number, known) for number, one in enumerate(rows) if not one.is_blank]


def _part(row: Row, number: int, known: Sequence[Agent]) -> PartPlan:
    share, minutes = f"part-{number}-share", f"part-{number}-minutes"
    form = Form([(share, row.share), (minutes, row.minutes)])
    return PartPlan(
        key=row.key,
        title=row.title,
        brief=row.brief,
        share_cents=amount(form, share),
        depends_on=tuple(words_of(row.needs)),
        agent_id=meant(row.agent, known, f"part-{number}-agent"),
        category=row.category.strip() or None,
        time_limit_min=whole_number(form, minutes),
    )


def field_meant(error: WrongPart, rows: Sequence[Row]) -> str:
    """The field of the row that a refusal speaks of."""
    keys = [one.key.strip() for one in rows]
    return f"part-{keys.index(error.key)}-{_TYPED_AS[error.field]}"
