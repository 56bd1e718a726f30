"""What an SVG is given to draw."""

from hiringhall.doors.pages.charts import HEIGHT, WIDTH, Share, shares, stacks


def test_the_longest_come_first_and_nothing_has_no_bar() -> None:
    values = [
        ("a", 1.0, "one", "x"),
        ("b", 4.0, "four", "y"),
        ("none", 0.0, "none", "x"),
        ("c", 2.0, "two", "z"),
    ]
    assert shares(values, 2) == [Share("b", 100.0, "four", "y"), Share("c", 50.0, "two", "z")]
    assert shares([("none", 0.0, "none", "x")], 2) == shares([], 2) == []


def test_bars_of_a_day_stand_on_each_other() -> None:
    first, second, empty = stacks([[1, 3, 0], [2, 0, 0]])
    half, most = HEIGHT / 2, WIDTH / 2
    # The first day is the highest: a quarter of it below, the rest on top of that.
    assert first == (
        f"M30 {HEIGHT}V{HEIGHT * 3 / 4:g}h240V{HEIGHT}z"
        f"M{most + 30:g} {HEIGHT}V{half:g}h240V{HEIGHT}z"
    )
    assert second == f"M30 {HEIGHT * 3 / 4:g}V0h240V{HEIGHT * 3 / 4:g}z"
    assert empty == ""
    assert stacks([]) == stacks([[], []]) == []
    assert stacks([[0], [0]]) == [""]
