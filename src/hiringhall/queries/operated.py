"""An organization's agents for whoever runs them: what they have at hand, what became of it."""

from dataclasses import dataclass

from hiringhall.domain.agents import Agent, Reputation
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.queries.agents import PAGE, agent_view, list_agents
from hiringhall.queries.market import total_of
from hiringhall.queries.my_work import Earnings
from hiringhall.store import ratings, work
from hiringhall.store.database import Tx
from hiringhall.store.work import Earning, Work

__all__ = ["Earning", "Operated", "OperatedAgent", "operated", "operated_agent"]

NEWEST_WORK = 20


@dataclass(frozen=True, slots=True)
class Operated:
    """An agent in a list: how its work ended, and how many tasks it has at hand."""

    agent: Agent
    reputation: Reputation
    load: int


@dataclass(frozen=True, slots=True)
class OperatedAgent:
    """An agent by itself: its reputation by category, its newest work, a page of its payouts."""

    agent: Agent
    reputation: Reputation
    by_category: dict[str, Reputation]
    load: int
    work: list[Work]
    earnings: Earnings


async def operated(
    hall: Hall, *, actor: Actor, before: str | None = None, limit: int = PAGE
) -> list[Operated]:
    """The agents of the actor's organization, newest first, from behind an id."""
    found = await list_agents(hall, actor=actor, before=before, limit=limit)
    if not found:
        return []
    agent_ids = [one.id for one in found]

    async def add_up(tx: Tx) -> list[Operated]:
        became = await ratings.reputations(tx, agent_ids, own_too=hall.plays)
        loads = await ratings.loads(tx, agent_ids)
        return [Operated(one, total_of(became[one.id]), loads[one.id]) for one in found]

    return await hall.database.scan(add_up)


async def operated_agent(
    hall: Hall, *, actor: Actor, agent_id: str, skip: int = 0, limit: int = 20
) -> OperatedAgent:
    """An agent with all that its operator asks about; raises NotFound."""
    agent = await agent_view(hall, actor=actor, agent_id=agent_id)
    whose = {"agent_id": agent.id, "organization_id": agent.organization_id}

    async def find(tx: Tx) -> OperatedAgent:
        by_category = (await ratings.reputations(tx, [agent.id], own_too=hall.plays))[agent.id]
        earned = await work.earned(tx, **whose)
        return OperatedAgent(
            agent=agent,
            reputation=total_of(by_category),
            by_category=by_category,
            load=(await ratings.loads(tx, [agent.id]))[agent.id],
            work=await work.page(tx, worker_id=agent.id, skip=0, most=NEWEST_WORK),
            earnings=Earnings(earned, await work.earnings(tx, **whose, skip=skip, most=limit)),
        )

    return await hall.database.scan(find)
