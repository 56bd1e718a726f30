"""A plan as a picture: each line is seen from its one end to the other."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hiringhall.domain.force import PartPlan
from hiringhall.doors.pages.graphs import BOX_HEIGHT, BOX_WIDTH, Graph, Node, drawn

pytestmark = pytest.mark.hypothesis

_STEP = re.compile(r"(?:C(-?\d+) (-?\d+) (-?\d+) (-?\d+) (-?\d+) (-?\d+)|H(-?\d+))")


@st.composite
def plans(draw: st.DrawFn) -> list[PartPlan]:
    """Parts that wait for any of those before them."""
    made: list[PartPlan] = []
    for number in range(draw(st.integers(1, 9))):
        keys = [one.key for one in made]
        waits = draw(st.sets(st.sampled_from(keys), max_size=4)) if keys else set[str]()
        made.append(PartPlan(f"p{number}", f"Part {number}", "", 100, tuple(sorted(waits))))
    return draw(st.permutations(made))


def level_parts(line: str) -> list[tuple[int, int, int]]:
    """Where a line goes straight on: its height, from where, to where."""
    found: list[tuple[int, int, int]] = []
    x, y = 0, 0
    for curve in _STEP.finditer(line):
        if curve[7] is None:
            x, y = int(curve[5]), int(curve[6])
        else:
            found.append((y, x, int(curve[7])))
            x = int(curve[7])
    return found


def ends(line: str, graph: Graph) -> tuple[Node, Node]:
    """The boxes that a line goes from and to."""
    begins = re.match(r"M(-?\d+) (-?\d+) ", line)
    assert begins is not None
    *_, last = (one for one in _STEP.finditer(line) if one[7] is None)
    (before,) = (
        one
        for one in graph.nodes
        if (one.x + BOX_WIDTH, one.y + BOX_HEIGHT // 2) == (int(begins[1]), int(begins[2]))
    )
    (after,) = (
        one
        for one in graph.nodes
        if (one.x, one.y + BOX_HEIGHT // 2) == (int(last[5]), int(last[6]))
    )
    return before, after


@given(plans())
def test_every_line_is_seen_from_its_one_box_to_the_other(parts: list[PartPlan]) -> None:
    graph = drawn(parts, {})
    wanted = {(key, one.key) for one in parts for key in one.depends_on}
    assert len(graph.lines) == len(wanted)
    told = [ends(line, graph) for line in graph.lines]
    assert {(before.key, after.key) for before, after in told} == wanted
    assert all(before.x < after.x for before, after in told)
    straight = [one for line in graph.lines for one in level_parts(line)]
    assert len(straight) == len(set(straight)), "two lines are one"
    for y, x1, x2 in straight:
        for box in graph.nodes:
            beside = box.x >= x2 or box.x + BOX_WIDTH <= x1
            assert beside or not box.y <= y <= box.y + BOX_HEIGHT, "a line is behind a box"


@given(plans())
def test_no_box_is_on_another_and_all_are_in_the_picture(parts: list[PartPlan]) -> None:
    graph = drawn(parts, {})
    for one in graph.nodes:
        assert 0 <= one.x <= graph.width - BOX_WIDTH
        assert 0 <= one.y <= graph.height - BOX_HEIGHT
        for other in graph.nodes:
            apart = abs(one.x - other.x) >= BOX_WIDTH or abs(one.y - other.y) >= BOX_HEIGHT
            assert one is other or apart
