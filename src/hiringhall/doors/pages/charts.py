"""Bars of a chart, as numbers that an SVG takes: the page draws, no script has to."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 140


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar that stands on the ground of a chart, and what it is called."""

    x: float
    y: float
    width: float
    height: float
    said: str


@dataclass(frozen=True, slots=True)
class Share:
    """A lying bar: how long it is beside the longest, and what stands at its ends."""

    name: str
    percent: float
    said: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Gauge:
    """A lying bar in hundredths of its whole: what is gone, what is put by, where its end is set.

    What goes past that end is drawn, too, so that the end stands before the bar's.
    """

    spent: float
    reserved: float
    end: float


def gauge(spent: int, reserved: int, end: int) -> Gauge:
    """How much of something is gone and put by."""
    whole = max(end, spent + reserved, 1)
    return Gauge(*(round(100 * one / whole, 2) for one in (spent, reserved, end)))


def shares(values: Sequence[tuple[str, float, str, str]], most: int) -> list[Share]:
    """The longest bars first, at most so many, each with its kind; nothing has none."""
    found = sorted((one for one in values if one[1] > 0), key=lambda one: -one[1])[:most]
    return [
        Share(name, round(100 * value / found[0][1], 1), said, kind)
        for name, value, said, kind in found
    ]


def stacks(values: Sequence[Sequence[float]]) -> list[str]:
    """Of each series the path that draws it, its bars standing on those of the series before.

    `values` has a line for each place of the chart, with a value for each series.
    """
    if not values:
        return []
    step, most = WIDTH / len(values), max(sum(line) for line in values)
    found = [""] * len(values[0])
    for index, line in enumerate(values):
        below = 0.0
        for series, value in enumerate(line):
            if not value:
                continue
            # Ends are rounded, not heights: what stands on another leaves no gap and hides nothing.
            top, foot = (round(HEIGHT * (1 - one / most), 1) for one in (below + value, below))
            x, width = round(index * step + step * 0.1, 1), round(step * 0.8, 1)
            found[series] += f"M{x:g} {foot:g}V{top:g}h{width:g}V{foot:g}z"
            below += value
    return found


def bars(values: Sequence[tuple[str, float]]) -> list[Bar]:
    """A bar for each value, the highest as high as the chart; nothing has no height."""
    if not values:
        return []
    most = max(value for _, value in values)
    step = WIDTH / len(values)
    found: list[Bar] = []
    for index, (said, value) in enumerate(values):
        height = round(HEIGHT * value / most, 1) if most else 0.0
        found.append(
            Bar(
                x=round(index * step + step * 0.1, 1),
                y=round(HEIGHT - height, 1),
                width=round(step * 0.8, 1),
                height=height,
                said=said,
            )
        )
    return found
