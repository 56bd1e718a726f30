"""Races: many want what only one can have, and all of them ask at the same moment."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import Any

from bench.figures import Line, p50_p99, percentile
from bench.lives import somebody
from bench.places import Place
from bench.processes import BenchError
from bench.scale import Plan
from hiringhall.actions import escrow
from hiringhall.actions.market import claims, reviewing
from hiringhall.app import now_us
from hiringhall.domain.errors import HallError
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Engagement
from hiringhall.hall import Hall, Rules
from hiringhall.store.database import open_database
from tests.support.halls import QuietEngine, make_hall
from tests.support.market import claimed, funded, handed_in, proposed

RACERS = 32

Attempt = Coroutine[Any, Any, Any]
Race = Callable[[Hall, Actor, Sequence[Actor]], Awaitable[list[Attempt]]]
"""Makes a task ready, and has each racer's attempt at it to be awaited."""


async def _last_slot(hall: Hall, buyer: Actor, workers: Sequence[Actor]) -> list[Attempt]:
    task = await funded(hall, buyer, engagement=Engagement.PROPOSALS, max_proposals=1)
    return [proposed(hall, worker, task) for worker in workers]


async def _claim(hall: Hall, buyer: Actor, workers: Sequence[Actor]) -> list[Attempt]:
    task = await funded(hall, buyer)
    return [claims.claim(hall, actor=worker, task_id=task.id) for worker in workers]


async def _release(hall: Hall, buyer: Actor, workers: Sequence[Actor]) -> list[Attempt]:
    task = await claimed(hall, buyer, workers[0])
    await handed_in(hall, workers[0], task)
    return [reviewing.accept(hall, actor=buyer, task_id=task.id) for _ in workers]


async def _refund(hall: Hall, buyer: Actor, workers: Sequence[Actor]) -> list[Attempt]:
    # At the desk a second withdrawal is no error: what is raced for is the money itself.
    task = await funded(hall, buyer)
    return [hall.database.write(lambda tx: escrow.divide(tx, hall, task, [])) for _ in workers]


RACES: dict[str, Race] = {
    "the last slot for a proposal": _last_slot,
    "a claim": _claim,
    "a release": _release,
    "a refund": _refund,
}


def measure(plan: Plan, place: Place) -> Iterator[Line]:
    """How long until all have their answer; that one wins, and no other, is seen to each time."""
    plan.say(f"{place.name}: {RACERS} race for what one can have")
    took_ms = asyncio.run(_all(place.make("races", 0).url, plan.rounds))
    for name, times_ms in took_ms.items():
        yield Line(
            f"{place.name}: {RACERS} race for {name}, all answered, p50",
            percentile(times_ms, 0.5),
            "ms",
            cells={"hall_ms": p50_p99(times_ms)},
        )


async def _all(url: str, rounds: int) -> dict[str, list[float]]:
    database = await open_database(url)
    try:
        rules = Rules(opening_balance_cents=10**9)
        hall = make_hall(database, clock=now_us, engine=QuietEngine(), rules=rules)
        buyer, *workers = [await somebody(hall, f"racer{number}") for number in range(RACERS + 1)]
        return {
            name: [await _once(name, await race(hall, buyer, workers)) for _ in range(rounds)]
            for name, race in RACES.items()
        }
    finally:
        await database.close()


async def _once(name: str, attempts: list[Attempt]) -> float:
    """Milliseconds until each attempt has its answer. Raises BenchError where not just one won."""
    begun_s = time.perf_counter()
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    took_ms = (time.perf_counter() - begun_s) * 1000
    refused = [one for one in answers if isinstance(one, HallError)]
    broken = [one for one in answers if isinstance(one, BaseException) and one not in refused]
    if broken or len(refused) != len(answers) - 1:
        raise BenchError(f"{name}: {len(answers) - len(refused)} of {len(answers)} won: {broken}")
    return took_ms
