"""Minutes that are rounded up, and add up to what is said of all together."""

from hypothesis import given
from hypothesis import strategies as st

from hiringhall.domain.durations import MINUTE_MS, minutes_each, minutes_of

STRETCHES = st.lists(st.integers(0, 10 * MINUTE_MS), max_size=50)


@given(STRETCHES)
def test_each_ones_minutes_add_up_to_those_of_all(worked_ms: list[int]) -> None:
    minutes = minutes_each(worked_ms)
    assert sum(minutes) == minutes_of(sum(worked_ms))
    for whole, worked in zip(minutes, worked_ms, strict=True):
        assert whole >= 0
        assert abs(whole * MINUTE_MS - worked) < MINUTE_MS


@given(STRETCHES, STRETCHES)
def test_a_part_of_them_has_the_same_minutes(earlier: list[int], shown: list[int]) -> None:
    whole = minutes_each([*earlier, *shown])
    assert minutes_each(shown, earlier_ms=sum(earlier)) == whole[len(earlier) :]
    assert minutes_each(earlier) == whole[: len(earlier)], "a later one changes no earlier one"
