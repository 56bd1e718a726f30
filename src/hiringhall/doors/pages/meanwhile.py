"""A form that remembers what it was filled with, and shows what somebody else made of it since."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from hiringhall.domain.meanwhile import mark_of, marks_of
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.saying import Said

FIELD = "seen"
_MOST_MARKS = 200


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What a form carries along, and what of its parts is another way now than it began with."""

    seen: str
    changed: dict[str, Any]


def seen_of(form: Form) -> dict[str, str]:
    """The marks that a form carries; none where it says nothing of the kind."""
    try:
        found = json.loads(form[FIELD] or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    pairs = list(cast("dict[str, Any]", found).items())[:_MOST_MARKS]
    return {name: mark for name, mark in pairs if isinstance(mark, str)}


def meanwhile(said: Said, form_name: str, now: Mapping[str, Any]) -> Meanwhile:
    """For a page with the form of that name, about what stands `now`.

    Who is told that somebody was faster means what stands now from then on; where something else
    is wrong, the form stays about what it began with.
    """
    fresh = marks_of(now)
    if said.form != form_name or not (began := seen_of(said.typed)):
        return Meanwhile(json.dumps(fresh), {})
    if not said.overtaken:
        return Meanwhile(json.dumps(began), {})
    names = dict.fromkeys((*began, *now))
    changed = {
        name: now.get(name) for name in names if mark_of(now.get(name)) != began.get(name, _NOTHING)
    }
    return Meanwhile(json.dumps(fresh), changed)


_NOTHING = mark_of(None)
