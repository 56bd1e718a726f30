"""Places in the feed: one order, times that strictly rise, and nothing passed over."""

from hypothesis import given
from hypothesis import strategies as st

from hiringhall.domain.feed import MILLISECOND_US, Unplaced, merge, place

times = st.integers(0, 20_000)
PAGE = 4


def queue_of(times_us: list[int], *, reported: bool) -> list[Unplaced]:
    return [
        Unplaced(None if reported else at, at if reported else None, "t", None, "w", time_us)
        for at, time_us in enumerate(times_us, 1)
    ]


@given(st.lists(times), st.integers(0, 9), st.integers(0, 20).map(lambda ms: ms * MILLISECOND_US))
def test_times_strictly_rise_by_whole_milliseconds(
    times_us: list[int], seq: int, at_us: int
) -> None:
    placed = place(queue_of(times_us, reported=False), seq=seq, at_us=at_us)
    assert [one.seq for one in placed] == list(range(seq + 1, seq + 1 + len(times_us)))
    before_us = at_us
    for one in placed:
        assert one.at_us % MILLISECOND_US == 0
        assert one.at_us >= before_us + MILLISECOND_US
        # No later than it has to be.
        assert one.at_us <= max(one.what.at_us, before_us + MILLISECOND_US)
        before_us = one.at_us


@given(st.lists(times), st.lists(times))
def test_two_queues_become_one_page_by_page(logged_us: list[int], reported_us: list[int]) -> None:
    """Each keeps its own order, and pages come to what merging all at once would."""
    logged = queue_of(logged_us, reported=False)
    reported = queue_of(reported_us, reported=True)
    whole = merge(logged, reported, page=1_000)
    paged: list[Unplaced] = []
    while page := merge(logged[:PAGE], reported[:PAGE], page=PAGE):
        paged += page
        logged = [one for one in logged if one not in page]
        reported = [one for one in reported if one not in page]
    assert paged == whole
    assert [one.event_id for one in whole if one.event_id] == list(range(1, len(logged_us) + 1))
    assert [one.reported_id for one in whole if one.reported_id] == list(
        range(1, len(reported_us) + 1)
    )
