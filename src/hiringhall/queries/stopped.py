"""What has stopped at a cap and asks, and whether that cap has room for it by now."""

from dataclasses import dataclass

from hiringhall.domain.compute import SHARED, Budget, CapScope
from hiringhall.domain.errors import NoOrganization
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Task, Waiting
from hiringhall.hall import Hall
from hiringhall.store import budgets, stopped
from hiringhall.store.database import Tx

MOST = 50


@dataclass(frozen=True, slots=True)
class Stop:
    """A task that stopped at a team's or an organization's cap, and whether it could go on now."""

    task_id: str
    title: str
    scope: CapScope
    has_room: bool


async def stopped_in(hall: Hall, *, actor: Actor) -> list[Stop]:
    """What asks at a cap that many draw on, newest first and no more than can be read.

    Raises NoOrganization.
    """
    organization_id = actor.organization_id
    if organization_id is None:
        raise NoOrganization

    async def look(tx: Tx) -> list[Stop]:
        found = await stopped.stopped(tx, organization_id, most=MOST)
        kept = await budgets.by_ids(tx, {one.budget_id for one in found})
        return [
            Stop(
                one.task_id,
                one.title,
                _scope(one.budget_id),
                _has_room(hall, kept.get(one.budget_id), one.needed_micros),
            )
            for one in found
            if _scope(one.budget_id) in SHARED
        ]

    return await hall.database.scan(look)


async def has_room_now(hall: Hall, *, task: Task) -> bool:
    """Whether a task that stopped at a cap that many draw on could go on under it now."""
    question_id = task.question_id
    if question_id is None or task.waiting_for is not Waiting.BUDGET_DECISION:
        return False

    async def look(tx: Tx) -> bool:
        about = await budgets.question(tx, question_id)
        if about is None or about.scope not in SHARED:
            return False
        return _has_room(hall, await budgets.by_id(tx, about.budget_id), about.needed_micros)

    return await hall.database.read(look)


def _scope(budget: str) -> CapScope:
    return CapScope(budget.partition(":")[0])


def _has_room(hall: Hall, budget: Budget | None, needed_micros: int) -> bool:
    if budget is None:
        return False
    holds = budget.holds(hall.rules.caps.get(budget.scope))
    return holds is None or budget.taken_micros + needed_micros <= holds
