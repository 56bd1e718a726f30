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
