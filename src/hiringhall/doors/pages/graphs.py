"""A plan as a picture: parts in columns by what they wait for, lines between them; numbers only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hiringhall.domain.force import PartPlan, in_order

BOX_WIDTH, BOX_HEIGHT = 190, 58
GAP_X, GAP_Y = 60, 22
MOST_LETTERS = 20


@dataclass(frozen=True, slots=True)
class Node:
    """A part's box: where it is, its title as far as it fits, and the state it is drawn in."""

    key: str
    title: str
    state: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Graph:
    """A picture: its size, its boxes, and the lines as paths of an SVG."""

    width: int
    height: int
    nodes: list[Node]
    lines: list[str]


def drawn(parts: Sequence[PartPlan], states: Mapping[str, str]) -> Graph:
    """Each part right of all that it depends on; `states` by key, where a part has one."""
    level: dict[str, int] = {}
    row: dict[str, int] = {}
    heights: dict[int, int] = {}
    for one in in_order(parts):
        own = max((level[key] + 1 for key in one.depends_on if key in level), default=0)
        level[one.key] = own
        row[one.key] = heights.get(own, 0)
        heights[own] = row[one.key] + 1
    nodes = [
        Node(
            key=one.key,
            title=_short(one.title),
            state=states.get(one.key, "draft"),
            x=level[one.key] * (BOX_WIDTH + GAP_X) + 2,
            y=row[one.key] * (BOX_HEIGHT + GAP_Y) + 2,
        )
        for one in parts
        if one.key in level
    ]
    places = {one.key: one for one in nodes}
    lines = [
        _line(places[key], places[one.key])
        for one in parts
        if one.key in places
        for key in one.depends_on
        if key in places
    ]
    columns, rows = len(heights), max(heights.values(), default=0)
    return Graph(
        width=columns * (BOX_WIDTH + GAP_X) - GAP_X + 4,
        height=rows * (BOX_HEIGHT + GAP_Y) - GAP_Y + 4,
        nodes=nodes,
        lines=lines,
    )


def _short(title: str) -> str:
    return title if len(title) <= MOST_LETTERS else f"{title[: MOST_LETTERS - 1].rstrip()}…"


def _line(before: Node, after: Node) -> str:
    """A curve from a box's right side to another's left."""
    x1, y1 = before.x + BOX_WIDTH, before.y + BOX_HEIGHT // 2
    x2, y2 = after.x, after.y + BOX_HEIGHT // 2
    half = (x1 + x2) // 2
    return f"M{x1} {y1} C{half} {y1} {half} {y2} {x2} {y2}"
