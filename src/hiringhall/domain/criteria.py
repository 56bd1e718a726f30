"""Accept criteria: read out of what the poster wrote, and checked one by one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hiringhall.domain.errors import Invalid

MOST = 50
MOST_EVIDENCE = 2_000
_MOST_LENGTH = 1_000
_BULLET = re.compile(r"\s*(?:[-*•+]|\(?\d{1,3}[.)])\s+(?:\[[ xX]?\]\s+)?(?=\S)")


@dataclass(frozen=True, slots=True)
class Check:
    """What a worker found of a criterion, counted from 1."""

    number: int
    met: bool
    evidence: str


def read_criteria(text: str | None) -> tuple[str, ...]:
    """The criteria in a text: its points, or its lines where it has none; at most 50.

    A line that begins no point belongs to the one before.
    """
    lines = [line for line in (text or "").splitlines() if line.strip()]
    has_points = any(_BULLET.match(line) for line in lines)
    found: list[str] = []
    for line in lines:
        point = _BULLET.match(line)
        bare = line[point.end() :].strip() if point else line.strip()
        if found and has_points and point is None:
            found[-1] = f"{found[-1]} {bare}"
        else:
            found.append(bare)
    if len(found) > MOST:
        found[MOST - 1 :] = [" ".join(found[MOST - 1 :])]
    return tuple(one[:_MOST_LENGTH] for one in found)


def make_check(criteria: Sequence[str], number: int, *, met: bool, evidence: str) -> Check:
    """A check of one of them. Raises Invalid."""
    if not criteria:
        raise Invalid("This task has no accept criteria", {"number": "unknown"})
    if not 1 <= number <= len(criteria):
        raise Invalid(f"The criteria are numbered 1 to {len(criteria)}", {"number": "unknown"})
    tidy = evidence.strip()
    if not tidy:
        raise Invalid("Say how you know: evidence cannot be empty", {"evidence": "empty"})
    if len(tidy) > MOST_EVIDENCE:
        raise Invalid(f"Evidence has at most {MOST_EVIDENCE} characters", {"evidence": "too long"})
    return Check(number, met, tidy)


def unchecked(criteria: Sequence[str], checks: Mapping[int, Check]) -> list[str]:
    """Those that nobody has checked, each with its number."""
    return [f"{number}. {text}" for number, text in enumerate(criteria, 1) if number not in checks]


def as_text(criteria: Sequence[str], checks: Mapping[int, Check]) -> str:
    """What was found of each, for whoever reviews; empty where there are no criteria."""
    if not criteria:
        return ""
    lines = ["Accept criteria:"]
    for number, text in enumerate(criteria, 1):
        check = checks.get(number)
        found = "not checked" if check is None else "met" if check.met else "not met"
        evidence = "" if check is None else f" ({check.evidence})"
        lines.append(f"{number}. {text}: {found}{evidence}")
    return "\n".join(lines)
