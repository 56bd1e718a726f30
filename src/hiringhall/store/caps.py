"""Who set which cap of a team or an organization: written once, and read newest first."""

from typing import Any

from sqlalchemy import bindparam, select

from hiringhall.domain.compute import CapChange
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import cap_changes, teams, users

_insert = Statement(insert_row(cap_changes), name="insert_cap_change")
_of_organization = Statement(
    select(cap_changes, teams.c.name.label("team_name"), users.c.name.label("user_name"))
    .select_from(
        cap_changes.outerjoin(teams, teams.c.id == cap_changes.c.team_id).outerjoin(
            users, users.c.id == cap_changes.c.user_id
        )
    )
    .where(
        cap_changes.c.organization_id == bindparam("organization"),
        cap_changes.c.id < bindparam("before"),
    )
    .order_by(cap_changes.c.id.desc())
    .limit(bindparam("most")),
    name="cap_changes_of_organization",
)


async def add(tx: Tx, change: CapChange) -> None:
    """Write down that a cap was set."""
    await tx.run(
        _insert,
        id=change.id,
        organization_id=change.organization_id,
        team_id=change.team_id,
        is_halls=int(change.is_halls),
        was_micros=change.was_micros,
        cap_micros=change.cap_micros,
        user_id=change.user_id,
        at_us=change.at_us,
    )


async def of_organization(
    tx: Tx, organization_id: str, *, before: str, most: int
) -> list[tuple[CapChange, str | None, str | None]]:
    """Changes, newest first, from behind an id; with the team's name and the user's."""
    rows = await tx.all(_of_organization, organization=organization_id, before=before, most=most)
    return [(_to_change(row), row.team_name, row.user_name) for row in rows]


def _to_change(row: Any) -> CapChange:
    return CapChange(
        id=row.id,
        organization_id=row.organization_id,
        team_id=row.team_id,
        is_halls=bool(row.is_halls),
        was_micros=row.was_micros,
        cap_micros=row.cap_micros,
        user_id=row.user_id,
        at_us=row.at_us,
    )
