"""Roles of a team: which runtime does the work of that name, and how."""

from typing import Any

from hiringhall.actions.runs import recovery
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import Invalid, NoOrganization, NotFound
from hiringhall.hall import Hall
from hiringhall.store import accounts, teams
from hiringhall.store.database import Tx
from hiringhall.store.teams import Role


async def set_role(
    hall: Hall, *, email: str, name: str, runtime: str, config: dict[str, Any]
) -> Role:
    """Add or change a role of the default team of a user's organization.

    Tasks that waited for somebody to do them go on, at the latest at the hall's next start.
    """
    role = await _put_role(hall, email=email, name=name, runtime=runtime, config=config)
    await recovery.engage_idle(hall)
    return role


@action
async def _put_role(
    tx: Tx, hall: Hall, *, email: str, name: str, runtime: str, config: dict[str, Any]
) -> Role:
    tidy = name.strip()
    if not tidy or len(tidy) > 100:
        raise Invalid("A role's name has 1 to 100 characters", {"name": "length"})
    if "/" in tidy or "\\" in tidy or not tidy.isprintable():
        raise Invalid(
            "A role's name has no slashes and no control characters", {"name": "characters"}
        )
    hall.check_role(runtime, config)
    now_us = hall.clock()
    role = Role(await _team_of(tx, email), tidy, runtime, config, now_us, now_us)
    await teams.put_role(tx, role)
    return role


@action
async def remove_role(tx: Tx, hall: Hall, *, email: str, name: str) -> None:
    """Take a role away; tasks that name it wait until it is there again."""
    if not await teams.remove_role(tx, team_id=await _team_of(tx, email), name=name.strip()):
        raise NotFound("role")


async def list_roles(hall: Hall, *, email: str) -> list[Role]:
    """The roles of the default team of a user's organization, by name."""

    async def body(tx: Tx) -> list[Role]:
        return await teams.list_roles(tx, await _team_of(tx, email))

    return await hall.database.read(body)


async def _team_of(tx: Tx, email: str) -> str:
    user = await accounts.user_by_email(tx, email.strip())
    if user is None:
        raise NotFound("user")
    organization = await accounts.organization_of_user(tx, user.id)
    if organization is None:
        raise NoOrganization
    team_id = await teams.default_team_id(tx, organization.id)
    if team_id is None:
        raise NotFound("team")
    return team_id
