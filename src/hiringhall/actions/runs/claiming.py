"""Which queued run a node takes next: fair between organizations, within the limits of teams."""

from collections.abc import Collection
from dataclasses import dataclass, field

from hiringhall.domain.runs import Run
from hiringhall.hall import Hall
from hiringhall.store import queue
from hiringhall.store.database import Tx
from hiringhall.store.queue import AtWork, Line, Place

WINDOW = 256
"""How many lines a claim compares with each other."""
WINDOWS = 8
"""How many windows of lines one claim looks through before it leaves the rest to the next."""
TRIES = 16
"""How many lines of a window are tried, where tasks are being changed at this moment."""

_START = Place()


@dataclass(slots=True)
class Round:
    """Where a node's next claim begins to look: at the start, unless one window does not do."""

    after: Place = field(default_factory=Place)


async def choose_run(
    tx: Tx, hall: Hall, runtimes: Collection[str], begins: Round | None = None
) -> Run | None:
    """The queued run to begin next, locked; None when there is none that may.

    Its organization has the fewest at work among those that wait; of these runs it is the first
    by priority, then by age. A team whose limit is reached waits. One claim is made at a time, so
    that no two count the same free place.
    """
    await queue.lock(tx)
    begins = begins or Round()
    wrapped = begins.after == _START
    at_work: AtWork | None = None
    for _ in range(WINDOWS):
        lines = await queue.window(tx, begins.after, most=WINDOW)
        is_last = len(lines) < WINDOW
        begins.after = _START if is_last else lines[-1].place
        wanted = [line for line in lines if line.place.runtime in runtimes]
        if wanted:
            at_work = at_work or await queue.at_work(tx)
            for line in _in_turn(wanted, at_work, hall.rules.team_runs)[:TRIES]:
                run = await queue.first_of(tx, line.place)
                if run is not None:
                    begins.after = _START if is_last else line.place
                    return run
        if is_last and wrapped:
            break
        wrapped = wrapped or is_last
    return None


def _in_turn(lines: list[Line], at_work: AtWork, most: int | None) -> list[Line]:
    """Whose turn it is first, without those who may not begin one now."""

    def is_full(line: Line) -> bool:
        bounds = [bound for bound in (line.team_most, most) if bound is not None]
        return bool(bounds) and at_work.of_team.get(line.place.team_id, 0) >= min(bounds)

    def turn(line: Line) -> tuple[int, int, str]:
        held = at_work.of_organization.get(line.organization_id, 0)
        return held, -line.priority, line.run_id

    return sorted((line for line in lines if not is_full(line)), key=turn)
