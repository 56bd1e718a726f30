"""Many at once in one Task Force: nobody waits for somebody who waits for them."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

import pytest

from hiringhall.actions.force import talking
from hiringhall.actions.market import post
from hiringhall.domain.errors import HallError, LostRace
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import FINAL, State, Task
from hiringhall.hall import Hall
from hiringhall.store.database import Body, Database, Tx
from tests.support.force import accepts, confirmed, delivers, part, subtask, teammate, who_has
from tests.support.halls import Clock, sign_up
from tests.support.market import current, is_sound

pytestmark = pytest.mark.anyio

T = TypeVar("T")
DAYS_S = 5 * 24 * 3600
KEYS = [f"p{number}" for number in range(6)]
ROUNDS = 3


@dataclass
class Counted:
    """A database that counts how often a transaction had to be run again."""

    inner: Database
    again: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def write(self, body: Body[T]) -> T:
        """The same, counted."""
        runs = 0

        async def counted(tx: Tx) -> T:
            nonlocal runs
            runs += 1
            self.again += runs > 1
            return await body(tx)

        return await self.inner.write(counted)


@pytest.fixture
def counted(hall: Hall) -> Counted:
    """The hall's database."""
    return Counted(hall.database)


@pytest.fixture
def busy(hall: Hall, counted: Counted) -> Hall:
    """A hall on it."""
    return replace(hall, database=cast("Database", counted))


async def crew(hall: Hall) -> tuple[Actor, dict[str | None, Actor]]:
    """A buyer, and agents by their ids."""
    buyer, operator = await sign_up(hall, "buyer"), await sign_up(hall, "operator")
    known = [await teammate(hall, operator, f"agent {key}") for key in KEYS]
    return buyer, {one.agent_id: one for one in known}


async def at_work(
    hall: Hall, buyer: Actor, agents: dict[str | None, Actor]
) -> tuple[Task, list[tuple[Actor, Task]]]:
    """A Task Force whose parts all are with somebody."""
    whole = await confirmed(hall, buyer, [part(key, 500) for key in KEYS])
    parts = [await subtask(hall, whole, key) for key in KEYS]
    return whole, [(agents[await who_has(hall, one)], one) for one in parts]


async def done_or_refused(doing: Awaitable[object]) -> None:
    """Whoever comes too late is told so, and of a race nobody is."""
    try:
        await doing
    except LostRace:
        raise
    except HallError:
        pass


async def test_a_buyer_moves_the_whole_while_agents_move_its_parts(
    busy: Hall, counted: Counted, clock: Clock
) -> None:
    buyer, agents = await crew(busy)
    for _ in range(ROUNDS):
        whole, pairs = await at_work(busy, buyer, agents)
        # Their time is over, and no clock has acted on that yet: the buyer may withdraw.
        clock.advance(DAYS_S)

        def speak(agent: Actor, one: Task) -> Awaitable[object]:
            return done_or_refused(
                talking.post_as_agent(busy, actor=agent, subtask_id=one.id, text="Still here")
            )

        await asyncio.gather(
            *(speak(agent, one) for agent, one in pairs),
            done_or_refused(post.withdraw_task(busy, actor=buyer, task_id=whole.id)),
            *(speak(agent, one) for agent, one in reversed(pairs)),
        )
        assert (await current(busy, whole)).state in FINAL
    assert counted.again == 0
    assert await is_sound(busy)


async def test_parts_are_delivered_and_accepted_while_the_buyer_speaks_to_all(
    busy: Hall, counted: Counted
) -> None:
    buyer, agents = await crew(busy)
    whole, pairs = await at_work(busy, buyer, agents)

    async def through(agent: Actor, one: Task) -> None:
        await delivers(busy, agent, one)
        await talking.post_as_buyer(busy, actor=buyer, task_id=one.id, text="Thanks")
        await accepts(busy, buyer, one)

    await asyncio.gather(
        *(through(agent, one) for agent, one in pairs),
        *(
            talking.post_as_buyer(busy, actor=buyer, task_id=whole.id, text="Go on")
            for _ in range(6)
        ),
    )
    assert (await current(busy, whole)).state is State.IN_REVIEW
    assert counted.again == 0
    assert await is_sound(busy)
