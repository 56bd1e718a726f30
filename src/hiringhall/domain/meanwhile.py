"""Whose words stand where two people change the same thing: nobody's are overwritten unseen.

Whoever reads something to change it gets a mark for each part of it. A change that brings its marks
along is about what was read: what it leaves as it was stays as somebody else made it meanwhile, and
what both have changed is refused, so that the second can look at it first.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from hiringhall.domain.errors import LostRace


def mark_of(value: object) -> str:
    """Tells one value from another, in few letters; nothing and an empty text are the same."""
    said = json.dumps(value if value not in ("", [], ()) else None, sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def marks_of(parts: Mapping[str, Any]) -> dict[str, str]:
    """The marks of all parts of something, as it is read."""
    return {name: mark_of(value) for name, value in parts.items()}


def still_meant(
    wanted: Mapping[str, Any], now: Mapping[str, Any], seen: Mapping[str, str]
) -> dict[str, Any]:
    """What of a change is to be written, where it was `seen` otherwise than it is `now`.

    A part without a mark is written as it is wanted. Raises LostRace, naming the parts that
    somebody else changed to something else.
    """
    kept: dict[str, Any] = {}
    lost: list[str] = []
    for name, value in wanted.items():
        theirs, mine = mark_of(now.get(name)), mark_of(value)
        if name not in seen or theirs in (seen[name], mine):
            kept[name] = value
        elif mine != seen[name]:
            lost.append(name)
    if lost:
        raise LostRace(f"Somebody else changed this meanwhile: {', '.join(lost)}")
    return kept
