"""Teams and their roles as an actor may see them, and the secrets that only the hall may open."""

from hiringhall.domain import ids
from hiringhall.domain.errors import NoOrganization, NotFound
from hiringhall.domain.policy import Actor, check_sees
from hiringhall.domain.roles import Role
from hiringhall.domain.teams import SecretName, Team, secret_place
from hiringhall.hall import Hall
from hiringhall.store import roles, tasks, teams
from hiringhall.store.database import Tx


async def team_view(hall: Hall, *, actor: Actor, team_id: str) -> Team:
    """A team; raises NotFound and NotYours."""
    if not ids.is_uuid(team_id):
        raise NotFound("team")

    async def find(tx: Tx) -> Team | None:
        return await teams.by_id(tx, team_id)

    team = await hall.database.read(find)
    check_sees(actor, None if team is None else team.organization_id, "team")
    if team is None:
        raise NotFound("team")
    return team


async def list_teams(hall: Hall, *, actor: Actor) -> list[Team]:
    """The organization's teams, oldest first; which secrets each has only `team_view` says."""
    organization_id = actor.organization_id
    if organization_id is None:
        raise NoOrganization

    async def find(tx: Tx) -> list[Team]:
        return await teams.of_organization(tx, organization_id)

    return await hall.database.scan(find)


async def teams_page(
    hall: Hall, *, actor: Actor, after: str | None = None, limit: int = 50
) -> list[Team]:
    """A part of them, from behind an id."""
    organization_id = actor.organization_id
    if organization_id is None:
        raise NoOrganization

    async def find(tx: Tx) -> list[Team]:
        return await teams.page(tx, organization_id, after=after or teams.FIRST, most=limit)

    return await hall.database.scan(find)


async def role_view(hall: Hall, *, actor: Actor, role_id: str) -> Role:
    """A role; raises NotFound and NotYours."""
    if not ids.is_uuid(role_id):
        raise NotFound("role")

    async def find(tx: Tx) -> tuple[Role, str] | None:
        return await roles.by_id(tx, role_id)

    found = await hall.database.read(find)
    check_sees(actor, None if found is None else found[1], "role")
    if found is None:
        raise NotFound("role")
    return found[0]


async def roles_of(hall: Hall, *, actor: Actor, team_id: str) -> list[Role]:
    """A team's roles by name; raises NotFound and NotYours."""
    team = await team_view(hall, actor=actor, team_id=team_id)

    async def find(tx: Tx) -> list[Role]:
        return await roles.of_team(tx, team.id)

    return await hall.database.scan(find)


async def opened_secret(hall: Hall, *, team_id: str, name: SecretName) -> str | None:
    """A team's secret in plain, for what the hall itself does in the team's name; None: none.

    No actor asks for it, and no door has it to show. Raises CannotOpen where the hall's key is
    another than it was sealed with.
    """

    async def find(tx: Tx) -> bytes | None:
        return await teams.sealed_secret(tx, team_id=team_id, name=name)

    sealed = await hall.database.read(find)
    return None if sealed is None else hall.sealer.open(sealed, place=secret_place(team_id, name))


async def team_of_task(hall: Hall, *, task_id: str) -> Team | None:
    """The team that a task is of, for what the hall itself does in its name; None: no such task."""

    async def find(tx: Tx) -> Team | None:
        task = await tasks.by_id(tx, task_id)
        return None if task is None else await teams.by_id(tx, task.team_id)

    return await hall.database.read(find)
