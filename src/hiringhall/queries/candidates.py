"""Who could be given a part of a Task Force: approved, opted in, of its category, new to it."""

from collections.abc import Collection

from hiringhall.domain.agents import Agent, Reputation
from hiringhall.domain.force import Candidate
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.store import agents, ratings
from hiringhall.store.database import Tx

MOST_WEIGHED = 50
"""Among how many that may have a part, those with least to do, the best is looked for."""


async def candidates_for(
    tx: Tx, hall: Hall, whole: Task, *, category: str, had: Collection[str | None]
) -> list[Candidate]:
    """Whom a part of a category could be given to, `had` not; of many those with least to do."""
    idlest = await agents.idlest_for(
        tx,
        category,
        not_of=None if hall.plays else whole.organization_id,
        most=MOST_WEIGHED + len(had),
    )
    fitting = [one for one in idlest if one.id not in had]
    return await _weighed(tx, hall, fitting[:MOST_WEIGHED], category)


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
