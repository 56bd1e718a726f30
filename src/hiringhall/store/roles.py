"""Roles: which runtime does the work of that name in a team, and how."""

import json
from typing import Any, cast

from sqlalchemy import bindparam, delete, select, update

from hiringhall.domain.roles import Role
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import roles, teams

_add = Statement(
    lambda insert: (
        insert(roles)
        .values({column.name: bindparam(column.name) for column in roles.columns})
        .on_conflict_do_nothing(index_elements=["team_id", "name"])
    ),
    name="add_role",
)
_change = Statement(
    update(roles)
    .where(roles.c.id == bindparam("role_id"))
    .values(
        runtime=bindparam("new_runtime"),
        config=bindparam("new_config"),
        updated_at_us=bindparam("at_us"),
    ),
    name="change_role",
)
_named = Statement(
    select(roles).where(roles.c.team_id == bindparam("team_id"), roles.c.name == bindparam("name")),
    name="role_named",
)
_by_id = Statement(
    select(roles, teams.c.organization_id)
    .select_from(roles.join(teams, teams.c.id == roles.c.team_id))
    .where(roles.c.id == bindparam("role_id")),
    name="role_by_id",
)
_of_team = Statement(
    select(roles).where(roles.c.team_id == bindparam("team_id")).order_by(roles.c.name),
    name="roles_of_team",
)
_remove = Statement(delete(roles).where(roles.c.id == bindparam("role_id")), name="remove_role")


async def add(tx: Tx, role: Role) -> bool:
    """Add a role to a team; False when it has one of that name."""
    added = await tx.run(
        _add,
        id=role.id,
        team_id=role.team_id,
        name=role.name,
        runtime=role.runtime,
        config=_json(role),
        created_at_us=role.created_at_us,
        updated_at_us=role.updated_at_us,
    )
    return added == 1


async def change(tx: Tx, role: Role) -> bool:
    """Write down what a role is now; False when it is there no longer."""
    changed = await tx.run(
        _change,
        role_id=role.id,
        new_runtime=role.runtime,
        new_config=_json(role),
        at_us=role.updated_at_us,
    )
    return changed == 1


async def named(tx: Tx, *, team_id: str, name: str) -> Role | None:
    """A team's role by its name."""
    row = await tx.one(_named, team_id=team_id, name=name)
    return None if row is None else _to_role(row)


async def by_id(tx: Tx, role_id: str) -> tuple[Role, str] | None:
    """A role, and whose it is."""
    row = await tx.one(_by_id, role_id=role_id)
    return None if row is None else (_to_role(row), row.organization_id)


async def of_team(tx: Tx, team_id: str) -> list[Role]:
    """A team's roles by name."""
    return [_to_role(row) for row in await tx.all(_of_team, team_id=team_id)]


async def remove(tx: Tx, role_id: str) -> bool:
    """Take a role away; False when it is there no longer."""
    return await tx.run(_remove, role_id=role_id) == 1


def _json(role: Role) -> str:
    return json.dumps(role.config, ensure_ascii=False)


def _to_role(row: Any) -> Role:
    return Role(
        id=row.id,
        team_id=row.team_id,
        name=row.name,
        runtime=row.runtime,
        config=cast("dict[str, Any]", json.loads(row.config)),
        created_at_us=row.created_at_us,
        updated_at_us=row.updated_at_us,
    )
