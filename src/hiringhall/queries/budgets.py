"""What models have cost an organization, a team or a task, and what they may."""

from dataclasses import dataclass

from hiringhall.domain import ids
from hiringhall.domain.compute import CapScope, budget_id
from hiringhall.domain.durations import DAY_US
from hiringhall.domain.errors import NoOrganization, NotFound
from hiringhall.domain.policy import Actor, check_sees
from hiringhall.hall import Hall
from hiringhall.queries.named import organization_named
from hiringhall.store import budgets, tasks, teams
from hiringhall.store.database import Tx


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent and is put by under a cap; `cap_micros` is None where none holds."""

    scope: CapScope
    cap_micros: int | None
    spent_micros: int
    reserved_micros: int
    calls: int


async def spending_of(
    hall: Hall, *, email: str, scope: CapScope, task_id: str | None = None
) -> Spending:
    """What a user's organization, its default team or one of its tasks has spent on models.

    For the operator. Raises NotFound and NoOrganization.
    """

    async def look(tx: Tx) -> Spending:
        key = await key_of(tx, email=email, scope=scope, task_id=task_id)
        return await _spent(tx, hall, scope, key)

    return await hall.database.read(look)


async def spending_of_hall(hall: Hall) -> Spending:
    """What the hall itself (checks, plans) spent on models in this UTC day, for the operator."""

    async def look(tx: Tx) -> Spending:
        return await _spent(tx, hall, CapScope.OWN, str(hall.clock() // DAY_US))

    return await hall.database.read(look)


async def spending_on(hall: Hall, *, actor: Actor, task_id: str) -> Spending:
    """What a task of the actor's organization has spent on models; raises NotFound, NotYours."""

    async def look(tx: Tx) -> Spending:
        task = await tasks.by_id(tx, task_id) if ids.is_uuid(task_id) else None
        check_sees(actor, None if task is None else task.organization_id, "task")
        return await _spent(tx, hall, CapScope.TASK, task_id)

    return await hall.database.read(look)


@dataclass(frozen=True, slots=True)
class TeamSpending:
    """What a team has spent."""

    name: str
    spending: Spending


async def spending_in(hall: Hall, *, actor: Actor) -> tuple[Spending, list[TeamSpending]]:
    """What the actor's organization has spent on models, and each of its teams."""
    organization_id = actor.organization_id
    if organization_id is None:
        raise NoOrganization

    async def look(tx: Tx) -> tuple[Spending, list[TeamSpending]]:
        whole = await _spent(tx, hall, CapScope.ORGANIZATION, organization_id)
        found = [
            TeamSpending(team.name, await _spent(tx, hall, CapScope.TEAM, team.id))
            for team in await teams.of_organization(tx, organization_id)
        ]
        return whole, found

    return await hall.database.scan(look)


async def _spent(tx: Tx, hall: Hall, scope: CapScope, key: str) -> Spending:
    found = await budgets.by_id(tx, budget_id(scope, key))
    usual = hall.rules.caps.get(scope)
    if found is None:
        return Spending(scope, usual, 0, 0, 0)
    cap = usual if found.cap_micros is None else found.cap_micros
    return Spending(scope, cap, found.spent_micros, found.reserved_micros, found.calls)


async def key_of(tx: Tx, *, email: str, scope: CapScope, task_id: str | None) -> str:
    """Whose budget it is, by a member of the organization; raises NotFound and NoOrganization."""
    organization_id = await organization_named(tx, email)
    if scope is CapScope.TASK:
        wanted = task_id or ""
        task = await tasks.by_id(tx, wanted) if ids.is_uuid(wanted) else None
        if task is None or task.organization_id != organization_id:
            raise NotFound("task")
        return task.id
    if scope is CapScope.ORGANIZATION:
        return organization_id
    team_id = await teams.default_team_id(tx, organization_id)
    if team_id is None:
        raise NotFound("team")
    return team_id
