"""Many at once in one Task Force: nobody waits for somebody who waits for them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

import pytest

from hiringhall.actions.force import planning, steering, talking
from hiringhall.actions.market import post
from hiringhall.actions.market.agents import approve_agent, suspend_agent
from hiringhall.actions.timers import fire_due
from hiringhall.domain.agents import AgentState
from hiringhall.domain.errors import HallError, Invalid, LostRace
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.tasks import FINAL, State, Task
from hiringhall.hall import Hall
from hiringhall.store import agents
from hiringhall.store.database import Body, Database, Tx
from hiringhall.store.statements import Statement
from tests.support.force import (
    accepts,
    confirmed,
    delivers,
    part,
    planned,
    subtask,
    teammate,
    who_has,
)
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


async def test_a_part_does_not_stay_with_an_agent_that_is_suspended_as_it_is_handed_out(
    hall: Hall,
) -> None:
    buyer, operator = await sign_up(hall, "buyer"), await sign_up(hall, "operator")
    best = await teammate(hall, operator, "best")
    second = await teammate(hall, operator, "second")
    for turn in range(12):
        named = best.agent_id if turn % 3 == 0 else None
        whole = await planned(hall, buyer, [part("only", 500, agent_id=named)])
        tries = [
            suspend_agent(hall, actor=HALL, agent_id=best.agent_id or ""),
            planning.confirm_plan(hall, actor=buyer, task_id=whole.id),
        ]
        await asyncio.gather(*(tries if turn % 2 else tries[::-1]))
        await fire_due(hall)
        assert await who_has(hall, await subtask(hall, whole, "only")) == second.agent_id
        await approve_agent(hall, actor=HALL, agent_id=best.agent_id or "")
    assert await is_sound(hall)


@dataclass
class _AfterTx:
    """A transaction in which something else happens right behind one statement, once."""

    inner: Tx
    name: str
    meanwhile: list[Callable[[Tx], Awaitable[object]]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def all(self, statement: Statement, /, **params: Any) -> list[Any]:
        rows = await self.inner.all(statement, **params)
        if statement.name == self.name and self.meanwhile:
            await self.meanwhile.pop()(self.inner)
        return rows


@dataclass
class _After:
    """A database with such transactions."""

    inner: Database
    name: str
    meanwhile: list[Callable[[Tx], Awaitable[object]]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def write(self, body: Body[T]) -> T:
        async def watched(tx: Tx) -> T:
            return await body(cast("Tx", _AfterTx(tx, self.name, self.meanwhile)))

        return await self.inner.write(watched)


async def test_an_agent_is_judged_as_the_part_is_handed_out_and_not_as_it_is_chosen(
    hall: Hall,
) -> None:
    buyer, operator = await sign_up(hall, "buyer"), await sign_up(hall, "operator")
    first = await teammate(hall, operator, "first")
    second = await teammate(hall, operator, "second")
    whole = await planned(hall, buyer, [part("only", 500)])

    async def suspended(tx: Tx) -> None:
        at_us = hall.clock()
        await agents.set_state(tx, first.agent_id or "", AgentState.SUSPENDED, at_us=at_us)

    watched = _After(hall.database, "idlest_task_force_agents", [suspended])
    await planning.confirm_plan(
        replace(hall, database=cast("Database", watched)), actor=buyer, task_id=whole.id
    )
    assert not watched.meanwhile, "it came in between"
    assert await who_has(hall, await subtask(hall, whole, "only")) == second.agent_id
    assert await is_sound(hall)


async def test_a_part_is_chosen_for_an_agent_or_taken_from_it_by_whoever_comes_second(
    hall: Hall,
) -> None:
    buyer, operator = await sign_up(hall, "buyer"), await sign_up(hall, "operator")
    first = await teammate(hall, operator, "first")
    second = await teammate(hall, operator, "second")
    whole = await confirmed(hall, buyer, [part("only", 500, agent_id=first.agent_id)])
    await suspend_agent(hall, actor=HALL, agent_id=first.agent_id or "")
    await fire_due(hall)
    only = await subtask(hall, whole, "only")
    assert await who_has(hall, only) == second.agent_id, "it had it, and it was found there"
    await suspend_agent(hall, actor=HALL, agent_id=second.agent_id or "")
    await fire_due(hall)
    only = await subtask(hall, whole, "only")
    assert only.state is State.OPEN
    with pytest.raises(Invalid):
        await steering.choose_agent(
            hall, actor=buyer, subtask_id=only.id, agent_id=first.agent_id or ""
        )
    assert await is_sound(hall)
