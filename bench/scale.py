"""How much is measured: all of it, a quick look, or so little that only the bench is tested."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Scale:
    """Counts and durations of one run of the bench.

    `thousand` and `million` are how many tasks lie in the two databases that are compared, zero
    for none. `gets` and `posts` are requests to each server in each round, `connections` how many
    are under way at once, `live_runs` how many sandboxes, `streams` how many of events, `cycles`
    how often money is held and released in each round, `board_pages` how often each question is put
    to a board.
    """

    thousand: int
    million: int
    gets: int
    posts: int
    connections: int
    warm_up: int
    paced_runs: int
    pace_s: float
    queued_runs: int
    sandboxed_runs: int
    live_runs: tuple[int, ...]
    streams: int
    cycles: int
    board_pages: int
    idle_s: float
    restarts: int
    rounds: int


FULL = Scale(
    thousand=1_000,
    million=1_000_000,
    gets=500,
    posts=300,
    connections=16,
    warm_up=500,
    paced_runs=200,
    pace_s=0.05,
    queued_runs=400,
    sandboxed_runs=40,
    live_runs=(10, 100),
    streams=1_000,
    cycles=1_600,
    board_pages=40,
    idle_s=20.0,
    restarts=3,
    rounds=15,
)
QUICK = Scale(
    thousand=1_000,
    million=0,
    gets=400,
    posts=250,
    connections=16,
    warm_up=200,
    paced_runs=40,
    pace_s=0.03,
    queued_runs=100,
    sandboxed_runs=20,
    live_runs=(10,),
    streams=300,
    cycles=480,
    board_pages=20,
    idle_s=5.0,
    restarts=1,
    rounds=5,
)
TINY = Scale(
    thousand=40,
    million=80,
    gets=20,
    posts=20,
    connections=4,
    warm_up=4,
    paced_runs=5,
    pace_s=0.02,
    queued_runs=5,
    sandboxed_runs=2,
    live_runs=(2,),
    streams=12,
    cycles=32,
    board_pages=3,
    idle_s=0.2,
    restarts=1,
    rounds=3,
)
"""For the bench's own test: its figures mean nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run of the bench; `work` is where its files lie until it ends, `say` tells where it is.

    Each of the `rounds` measures every server once.
    """

    scale: Scale
    rounds: int
    work: Path
    say: Callable[[str], None]
