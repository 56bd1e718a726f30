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


def shares(values: Sequence[tuple[str, float, str]], most: int) -> list[Share]:
    """The longest bars first, at most so many; nothing has none."""
    found = sorted((one for one in values if one[1] > 0), key=lambda one: -one[1])[:most]
    return [Share(name, round(100 * value / found[0][1], 1), said) for name, value, said in found]


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
