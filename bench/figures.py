"""What was measured, as lines: a figure, what it is held to, and whether it is reached."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Sample:
    """One server in one round: CPU of its process for each request, and how long each took."""

    cpu_us: float
    latencies_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    `value` is held to `target`, at most or `at_least`; a line without a target is for information.
    `cells` are the further columns, `details` what the JSON tells beyond them.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False
    cells: dict[str, str] = field(default_factory=dict[str, str])
    details: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def verdict(self) -> str:
        """`reached` or `missed`; empty where nothing is asked."""
        if self.target is None:
            return ""
        reached = self.value >= self.target if self.at_least else self.value <= self.target
        return "reached" if reached else "missed"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def p50_p99(values: Sequence[float]) -> str:
    """Median and 99th percentile of durations in milliseconds, for a cell."""
    return f"{percentile(values, 0.5):.2f} / {percentile(values, 0.99):.2f}"


def comparison(
    name: str, mine: Sequence[Sample], theirs: Sequence[Sample], *, target: float
) -> Line:
    """One server against another: the median of the ratios that the rounds found.

    Rounds are compared within themselves, because the machine is not the same from one to the next.
    """
    ratios = [one.cpu_us / other.cpu_us for one, other in zip(mine, theirs, strict=True)]
    ours_ms, theirs_ms = _latencies(mine), _latencies(theirs)
    mine_us, theirs_us = median(s.cpu_us for s in mine), median(s.cpu_us for s in theirs)
    return Line(
        name,
        median(ratios),
        "times",
        target,
        cells={
            "hall": f"{mine_us:.0f} µs",
            "against": f"{theirs_us:.0f} µs",
            "hall_ms": p50_p99(ours_ms),
            "against_ms": p50_p99(theirs_ms),
        },
        details={
            "ratios": ratios,
            "hall_cpu_us": [s.cpu_us for s in mine],
            "against_cpu_us": [s.cpu_us for s in theirs],
            "hall_ms": {"p50": percentile(ours_ms, 0.5), "p99": percentile(ours_ms, 0.99)},
            "against_ms": {"p50": percentile(theirs_ms, 0.5), "p99": percentile(theirs_ms, 0.99)},
        },
    )


def _latencies(samples: Sequence[Sample]) -> list[float]:
    return [ms for sample in samples for ms in sample.latencies_ms]
