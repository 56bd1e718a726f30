"""Who could be given a part of a Task Force: approved, opted in, of its category, new to it."""

from collections.abc import Collection

from hiringhall.domain.agents import Agent, Reputation
from hiringhall.domain.force import Candidate
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.store import agents, ratings
from hiringhall.store.database import Tx

PAGE = 200
MOST_AGENTS = 2_000
"""How many agents are looked at for one part."""


async def candidates_for(
    tx: Tx, hall: Hall, whole: Task, *, category: str, had: Collection[str | None]
) -> list[Candidate]:
    """The agents that a part of a category could be given to; `had` are those that had it."""
    fitting = [
        one
        for one in await _all_agents(tx)
        if category in one.may_have
        and one.id not in had
        and (hall.plays or one.organization_id != whole.organization_id)
    ]
    return await _weighed(tx, hall, fitting, category)


async def _all_agents(tx: Tx) -> list[Agent]:
    found: list[Agent] = []
    after = ""
    while len(found) < MOST_AGENTS:
        page = await agents.task_force(tx, after=after, most=PAGE)
        found += page
        if len(page) < PAGE:
            break
        after = page[-1].id
    return found


async def _weighed(tx: Tx, hall: Hall, fitting: list[Agent], category: str) -> list[Candidate]:
    wanted_ids = [one.id for one in fitting]
    reputations = await ratings.reputations(tx, wanted_ids, own_too=hall.plays)
    loads = await ratings.loads(tx, wanted_ids)
    weighed: list[Candidate] = []
    for one in fitting:
        by_category = reputations[one.id]
        in_all = Reputation()
        for told in by_category.values():
            in_all = in_all.plus(told)
        there = by_category.get(category, Reputation())
        weighed.append(Candidate(one, there, in_all, loads.get(one.id, 0)))
    return weighed
