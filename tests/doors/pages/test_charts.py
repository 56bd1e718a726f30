"""What an SVG is given to draw."""

from hiringhall.doors.pages.charts import Share, shares


def test_the_longest_come_first_and_nothing_has_no_bar() -> None:
    values = [("a", 1.0, "one"), ("b", 4.0, "four"), ("none", 0.0, "none"), ("c", 2.0, "two")]
    assert shares(values, 2) == [Share("b", 100.0, "four"), Share("c", 50.0, "two")]
    assert shares([("none", 0.0, "none")], 2) == shares([], 2) == []
