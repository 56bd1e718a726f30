"""Teams, and the roles that say which runtime does the work and how."""

import json
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import bindparam, delete, select

from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import roles, teams


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of worker in a team; `config` is what its runtime reads."""

    team_id: str
    name: str
    runtime: str
    config: dict[str, Any] = field(default_factory=dict[str, Any])
    created_at_us: int = 0
    updated_at_us: int = 0


_insert_team = Statement(insert_row(teams), name="insert_team")
_default_team = Statement(
    select(teams.c.id).where(
        teams.c.organization_id == bindparam("organization_id"), teams.c.is_default == 1
    ),
    name="default_team",
)
_put_role = Statement(
    lambda insert: _role_upsert(insert(roles)),
    name="put_role",
)
_role = Statement(
    select(roles).where(roles.c.team_id == bindparam("team_id"), roles.c.name == bindparam("name")),
    name="role",
)
_list_roles = Statement(
    select(roles).where(roles.c.team_id == bindparam("team_id")).order_by(roles.c.name),
    name="list_roles",
)
_remove_role = Statement(
    delete(roles).where(roles.c.team_id == bindparam("team_id"), roles.c.name == bindparam("name")),
    name="remove_role",
)


def _role_upsert(insert: Any) -> Any:
    written = insert.values({column.name: bindparam(column.name) for column in roles.columns})
    return written.on_conflict_do_update(
        index_elements=["team_id", "name"],
        set_={
            "runtime": written.excluded.runtime,
            "config": written.excluded.config,
            "updated_at_us": written.excluded.updated_at_us,
        },
    )


async def add_default_team(tx: Tx, *, team_id: str, organization_id: str, at_us: int) -> None:
    """Give a new organization the team that its tasks belong to unless another is named."""
    await tx.run(
        _insert_team,
        id=team_id,
        organization_id=organization_id,
        name="Default",
        is_default=1,
        created_at_us=at_us,
    )


async def default_team_id(tx: Tx, organization_id: str) -> str | None:
    """The id of an organization's default team."""
    row = await tx.one(_default_team, organization_id=organization_id)
    return None if row is None else row.id


async def put_role(tx: Tx, role: Role) -> None:
    """Add a role to a team, or change the one of that name."""
    await tx.run(
        _put_role,
        team_id=role.team_id,
        name=role.name,
        runtime=role.runtime,
        config=json.dumps(role.config, ensure_ascii=False),
        created_at_us=role.created_at_us,
        updated_at_us=role.updated_at_us,
    )


async def role_named(tx: Tx, *, team_id: str, name: str) -> Role | None:
    """A team's role by its name."""
    row = await tx.one(_role, team_id=team_id, name=name)
    return None if row is None else _to_role(row)


async def list_roles(tx: Tx, team_id: str) -> list[Role]:
    """A team's roles by name."""
    return [_to_role(row) for row in await tx.all(_list_roles, team_id=team_id)]


async def remove_role(tx: Tx, *, team_id: str, name: str) -> bool:
    """Take a role away; False when there was none of that name."""
    return await tx.run(_remove_role, team_id=team_id, name=name) == 1


def _to_role(row: Any) -> Role:
    config = cast("dict[str, Any]", json.loads(row.config))
    return Role(row.team_id, row.name, row.runtime, config, row.created_at_us, row.updated_at_us)
