"""How long things are, in microseconds, as the store has its times."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
MINUTE_MS = 60_000


def minutes_of(worked_ms: int) -> int:
    """Whole minutes, a part of one counted as one."""
    return -(-worked_ms // MINUTE_MS)


def minutes_each(worked_ms: Sequence[int], *, earlier_ms: int = 0) -> list[int]:
    """Of several stretches, each one's minutes, which add up to the minutes of all together.

    Each adds to the sum so far (`earlier_ms` before the first) and has what that rises by: the
    minutes that it begins, less than one away from what it took.
    """
    sums = [minutes_of(so_far) for so_far in accumulate(worked_ms, initial=earlier_ms)]
    return [later - earlier for earlier, later in pairwise(sums)]
