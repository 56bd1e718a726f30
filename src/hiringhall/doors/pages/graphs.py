"""A plan as a picture: parts in columns by what they wait for, lines between them; numbers only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from hiringhall.domain.force import PartPlan, in_order

BOX_WIDTH, BOX_HEIGHT = 190, 76
LANE_HEIGHT = 8
GAP_X, GAP_Y = 60, 22
EDGE = 2
MOST_LETTERS = 20


@dataclass(frozen=True, slots=True)
class Node:
    """A part's box: where it is, its title as far as it fits, its state, and who has it."""

    key: str
    title: str
    state: str
    agent: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Graph:
    """A picture: its size, its boxes, and the lines as paths of an SVG."""

    width: int
    height: int
    nodes: list[Node]
    lines: list[str]


def drawn(
    parts: Sequence[PartPlan],
    states: Mapping[str, str],
    agents: Mapping[str, str] = MappingProxyType({}),
) -> Graph:
    """Each part right of all that it depends on; `states`, and the names of `agents`, by key.

    A line past other columns has a lane of its own in each, so that it is never behind a box
    (the dummy vertices of Sugiyama's layered drawing).
    """
    columns = _Columns()
    nodes: dict[str, Node] = {}
    level: dict[str, int] = {}
    lines: list[str] = []
    for one in in_order(parts):
        known = [key for key in one.depends_on if key in nodes]
        own = max((level[key] + 1 for key in known), default=0)
        level[one.key] = own
        lanes = {
            key: [
                (_left(column), columns.take(column, LANE_HEIGHT) + LANE_HEIGHT // 2)
                for column in range(level[key] + 1, own)
            ]
            for key in known
        }
        nodes[one.key] = Node(
            key=one.key,
            title=_short(one.title),
            state=states.get(one.key, "draft"),
            agent=_short(agents.get(one.key, "")),
            x=_left(own),
            y=columns.take(own, BOX_HEIGHT),
        )
        lines += [_line(nodes[key], lanes[key], nodes[one.key]) for key in known]
    return Graph(
        width=columns.count * (BOX_WIDTH + GAP_X) - GAP_X + 2 * EDGE,
        height=columns.height - GAP_Y + 2 * EDGE,
        nodes=list(nodes.values()),
        lines=lines,
    )


class _Columns:
    """How far down each column is filled."""

    def __init__(self) -> None:
        self._filled: dict[int, int] = {}

    @property
    def count(self) -> int:
        return len(self._filled)

    @property
    def height(self) -> int:
        return max(self._filled.values(), default=0)

    def take(self, column: int, height: int) -> int:
        """The top of the next place in a column."""
        top = self._filled.get(column, 0)
        self._filled[column] = top + height + GAP_Y
        return top + EDGE


def _left(column: int) -> int:
    return column * (BOX_WIDTH + GAP_X) + EDGE


def _short(title: str) -> str:
    return title if len(title) <= MOST_LETTERS else f"{title[: MOST_LETTERS - 1].rstrip()}…"


def _line(before: Node, lanes: Sequence[tuple[int, int]], after: Node) -> str:
    """From a box's right side to another's left, straight through the lanes between."""
    x, y = before.x + BOX_WIDTH, before.y + BOX_HEIGHT // 2
    path = f"M{x} {y}"
    for left, down in (*lanes, (after.x, after.y + BOX_HEIGHT // 2)):
        half = (x + left) // 2
        path += f" C{half} {y} {half} {down} {left} {down}"
        x, y = left + BOX_WIDTH, down
        if left != after.x:
            path += f" H{x}"
    return path
