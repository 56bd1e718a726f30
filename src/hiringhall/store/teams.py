"""Teams: standing workspaces, with what they keep to themselves."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from hiringhall.domain.teams import Autonomy, SecretName, Team
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import team_secrets, teams

_insert = Statement(insert_row(teams), name="insert_team")
_default_team = Statement(
    select(teams.c.id).where(
        teams.c.organization_id == bindparam("organization_id"), teams.c.is_default == 1
    ),
    name="default_team",
)
_by_id = Statement(select(teams).where(teams.c.id == bindparam("team_id")), name="team_by_id")
_for_change = Statement(
    select(teams).where(teams.c.id == bindparam("team_id")).with_for_update(),
    name="team_for_change",
)
# Leaves tasks to be added to it meanwhile, which only asks that the team be there.
_kept = Statement(
    select(teams.c.id).where(teams.c.id == bindparam("team_id")).with_for_update(key_share=True),
    name="keep_dependencies",
)
_of_organization = Statement(
    select(teams)
    .where(teams.c.organization_id == bindparam("organization_id"))
    .order_by(teams.c.id)
    .limit(1_000),
    name="teams_of_organization",
)
_page = Statement(
    select(teams)
    .where(teams.c.organization_id == bindparam("organization_id"), teams.c.id > bindparam("after"))
    .order_by(teams.c.id)
    .limit(bindparam("most")),
    name="teams_of_organization_by_parts",
)
_change = Statement(
    update(teams)
    .where(teams.c.id == bindparam("team_id"))
    .values(
        name=bindparam("new_name"),
        goal=bindparam("new_goal"),
        autonomy=bindparam("new_autonomy"),
        config=bindparam("new_config"),
        max_workers=bindparam("new_max_workers"),
        updated_at_us=bindparam("at_us"),
    ),
    name="change_team",
)
_set_playbook = Statement(
    update(teams)
    .where(teams.c.id == bindparam("team_id"))
    .values(playbook=bindparam("text"), updated_at_us=bindparam("at_us")),
    name="set_playbook",
)
_seal = Statement(
    lambda insert: (
        insert(team_secrets)
        .values({column.name: bindparam(column.name) for column in team_secrets.columns})
        .on_conflict_do_update(
            index_elements=["team_id", "name"],
            set_={"sealed": bindparam("sealed"), "updated_at_us": bindparam("updated_at_us")},
        )
    ),
    name="keep_team_secret",
)
_drop_secret = Statement(
    delete(team_secrets).where(
        team_secrets.c.team_id == bindparam("of_team"), team_secrets.c.name == bindparam("named")
    ),
    name="drop_team_secret",
)
_sealed = Statement(
    select(team_secrets.c.sealed).where(
        team_secrets.c.team_id == bindparam("of_team"), team_secrets.c.name == bindparam("named")
    ),
    name="team_secret",
)
_secret_names = Statement(
    select(team_secrets.c.name).where(team_secrets.c.team_id == bindparam("of_team")),
    name="team_secret_names",
)


async def add(tx: Tx, team: Team) -> None:
    """Write a new team down."""
    await tx.run(
        _insert,
        id=team.id,
        organization_id=team.organization_id,
        name=team.name,
        is_default=int(team.is_default),
        goal=team.goal,
        autonomy=team.autonomy.value,
        config=_json(team.config),
        max_workers=team.max_workers,
        playbook=team.playbook,
        created_at_us=team.created_at_us,
        updated_at_us=team.updated_at_us,
    )


async def default_team_id(tx: Tx, organization_id: str) -> str | None:
    """The id of an organization's default team."""
    row = await tx.one(_default_team, organization_id=organization_id)
    return None if row is None else row.id


async def by_id(tx: Tx, team_id: str, *, for_change: bool = False) -> Team | None:
    """A team as it stands, and which secrets it has; locked until the end where it is changed."""
    row = await tx.one(_for_change if for_change else _by_id, team_id=team_id)
    if row is None:
        return None
    names = await tx.all(_secret_names, of_team=team_id)
    return _to_team(row, frozenset(SecretName(one.name) for one in names))


async def keep_dependencies(tx: Tx, team_id: str) -> None:
    """Let nobody else change what the team's tasks depend on until this transaction ends."""
    await tx.one(_kept, team_id=team_id)


async def of_organization(tx: Tx, organization_id: str) -> list[Team]:
    """An organization's teams, oldest first; of their secrets it says nothing."""
    rows = await tx.all(_of_organization, organization_id=organization_id)
    return [_to_team(row, frozenset()) for row in rows]


FIRST = ""
"""A cursor before every id."""


async def page(tx: Tx, organization_id: str, *, after: str, most: int) -> list[Team]:
    """A part of an organization's teams, oldest first, from behind an id."""
    rows = await tx.all(_page, organization_id=organization_id, after=after, most=most)
    return [_to_team(row, frozenset()) for row in rows]


async def change(tx: Tx, team: Team) -> None:
    """Write down what a team is now."""
    await tx.run(
        _change,
        team_id=team.id,
        new_name=team.name,
        new_goal=team.goal,
        new_autonomy=team.autonomy.value,
        new_config=_json(team.config),
        new_max_workers=team.max_workers,
        at_us=team.updated_at_us,
    )


async def set_playbook(tx: Tx, team_id: str, playbook: str, *, at_us: int) -> None:
    """Give a team another playbook."""
    await tx.run(_set_playbook, team_id=team_id, text=playbook, at_us=at_us)


async def keep_secret(
    tx: Tx, *, team_id: str, name: SecretName, sealed: bytes | None, at_us: int
) -> None:
    """Keep a team's secret, or with None let go of it."""
    if sealed is None:
        await tx.run(_drop_secret, of_team=team_id, named=name.value)
        return
    await tx.run(_seal, team_id=team_id, name=name.value, sealed=sealed, updated_at_us=at_us)


async def sealed_secret(tx: Tx, *, team_id: str, name: SecretName) -> bytes | None:
    """A team's secret as it is kept; None where there is none."""
    row = await tx.one(_sealed, of_team=team_id, named=name.value)
    return None if row is None else bytes(row.sealed)


def _json(config: Mapping[str, Any] | None) -> str | None:
    return json.dumps(config, ensure_ascii=False) if config else None


def _to_team(row: Any, secrets: frozenset[SecretName]) -> Team:
    return Team(
        id=row.id,
        organization_id=row.organization_id,
        name=row.name,
        is_default=bool(row.is_default),
        goal=row.goal,
        autonomy=Autonomy(row.autonomy),
        config=None if row.config is None else json.loads(row.config),
        playbook=row.playbook,
        created_at_us=row.created_at_us,
        updated_at_us=row.updated_at_us,
        secrets=secrets,
    )
