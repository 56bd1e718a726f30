"""What waits in the queue, for an engine that hands it on."""

from dataclasses import dataclass

from hiringhall.hall import Hall
from hiringhall.store import queue
from hiringhall.store.database import Tx
from hiringhall.store.queue import Place

MOST = 256
"""How many lines are looked at; those behind them are when these are shorter."""


@dataclass(frozen=True, slots=True)
class Front:
    """The run at the front of what a team has queued for a runtime."""

    run_id: str
    runtime: str
    priority: int


async def fronts(hall: Hall) -> list[Front]:
    """Of each team and runtime the run that is next."""

    async def body(tx: Tx) -> list[Front]:
        lines = await queue.window(tx, Place(), most=MOST)
        return [Front(line.run_id, line.place.runtime, line.priority) for line in lines]

    return await hall.database.read(body)
