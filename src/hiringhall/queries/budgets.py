"""What models have cost an organization, a team or a task, and what they may."""

from dataclasses import dataclass

from hiringhall.domain import ids
from hiringhall.domain.compute import Budget, CapChange, CapScope, budget_id
from hiringhall.domain.durations import DAY_US
from hiringhall.domain.errors import NoOrganization, NotFound
from hiringhall.domain.policy import Actor, check_sees
from hiringhall.domain.teams import Team
from hiringhall.hall import Hall
from hiringhall.queries.named import organization_named
from hiringhall.store import budgets, caps, tasks, teams
from hiringhall.store.database import Tx
from hiringhall.store.tasks import NEWEST


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent and is put by under a cap; `cap_micros` is None where none holds.

    It is the smaller of the hall's cap (`ceiling_micros`) and of what the owners of the
    organization set (`owners_cap_micros`).
    """

    scope: CapScope
    cap_micros: int | None
    spent_micros: int
    reserved_micros: int
    calls: int
    ceiling_micros: int | None = None
    owners_cap_micros: int | None = None


def spending_under(scope: CapScope, budget: Budget | None, usual_micros: int | None) -> Spending:
    """What a budget has come to, beside the hall's usual cap for its scope."""
    if budget is None:
        return Spending(scope, usual_micros, 0, 0, 0, usual_micros)
    return Spending(
        scope,
        budget.holds(usual_micros),
        budget.spent_micros,
        budget.reserved_micros,
        budget.calls,
        budget.ceiling(usual_micros),
        budget.owners_cap_micros,
    )


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


async def own_cap_on(hall: Hall, *, actor: Actor, task_id: str) -> int | None:
    """The cap that was set for one task; None where the hall's usual one holds it.

    Raises NotFound and NotYours.
    """

    async def look(tx: Tx) -> int | None:
        task = await tasks.by_id(tx, task_id) if ids.is_uuid(task_id) else None
        check_sees(actor, None if task is None else task.organization_id, "task")
        found = await budgets.by_id(tx, budget_id(CapScope.TASK, task_id))
        return None if found is None else found.cap_micros

    return await hall.database.read(look)


async def spending_of_team(hall: Hall, *, actor: Actor, team_id: str) -> Spending:
    """What a team of the actor's organization has spent on models; raises NotFound, NotYours."""

    async def look(tx: Tx) -> Spending:
        team = await team_for(tx, actor=actor, team_id=team_id)
        return await _spent(tx, hall, CapScope.TEAM, team.id)

    return await hall.database.read(look)


async def spending_of_organization(hall: Hall, *, actor: Actor) -> Spending:
    """What the actor's organization has spent on models; raises NoOrganization."""
    organization_id = _organization(actor)

    async def look(tx: Tx) -> Spending:
        return await _spent(tx, hall, CapScope.ORGANIZATION, organization_id)

    return await hall.database.read(look)


async def team_for(tx: Tx, *, actor: Actor, team_id: str) -> Team:
    """A team of the actor's organization; raises NotFound and NotYours."""
    team = await teams.by_id(tx, team_id) if ids.is_uuid(team_id) else None
    check_sees(actor, None if team is None else team.organization_id, "team")
    assert team is not None, "nobody sees what is not there"
    return team


@dataclass(frozen=True, slots=True)
class CapChanged:
    """A change of a cap, with the name of its team and of whoever made it."""

    change: CapChange
    team: str | None
    who: str | None


async def cap_changes_of(
    hall: Hall, *, actor: Actor, before: str | None = None, limit: int = 20
) -> list[CapChanged]:
    """How the caps of the actor's organization and of its teams were set, newest first."""
    organization_id = _organization(actor)

    async def find(tx: Tx) -> list[CapChanged]:
        found = await caps.of_organization(tx, organization_id, before=before or NEWEST, most=limit)
        return [CapChanged(*one) for one in found]

    return await hall.database.scan(find)


@dataclass(frozen=True, slots=True)
class TeamSpending:
    """What a team has spent."""

    id: str
    name: str
    spending: Spending


async def spending_in(hall: Hall, *, actor: Actor) -> tuple[Spending, list[TeamSpending]]:
    """What the actor's organization has spent on models, and each of its teams."""
    organization_id = _organization(actor)
    usual = hall.rules.caps.get(CapScope.TEAM)

    async def look(tx: Tx) -> tuple[Spending, list[TeamSpending]]:
        whole = await _spent(tx, hall, CapScope.ORGANIZATION, organization_id)
        named = {
            budget_id(CapScope.TEAM, team.id): team
            for team in await teams.of_organization(tx, organization_id)
        }
        kept = await budgets.by_ids(tx, named)
        found = [
            TeamSpending(team.id, team.name, spending_under(CapScope.TEAM, kept.get(budget), usual))
            for budget, team in named.items()
        ]
        return whole, found

    return await hall.database.scan(look)


async def _spent(tx: Tx, hall: Hall, scope: CapScope, key: str) -> Spending:
    found = await budgets.by_id(tx, budget_id(scope, key))
    return spending_under(scope, found, hall.rules.caps.get(scope))


def _organization(actor: Actor) -> str:
    if actor.organization_id is None:
        raise NoOrganization
    return actor.organization_id


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
