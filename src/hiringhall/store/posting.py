"""What has to be known of an organization when it posts a task, fetched at once."""

import json
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from hiringhall.domain.teams import repository_of
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import credit_days, organizations, roles, teams


@dataclass(frozen=True, slots=True)
class PostingDesk:
    """What has to be known when a task is posted, fetched at once.

    `repository` is the team's own; `role_runtime` is None where the role is not named or not
    there, or leaves that to the hall; `credits_used` is the user's count of the day.
    """

    team_id: str
    repository: str | None
    spec_approval: bool
    has_role: bool
    role_runtime: str | None
    credits_used: int


_found = (
    select(
        teams.c.id.label("team_id"),
        organizations.c.spec_approval,
        teams.c.config.label("team_config"),
        roles.c.id.label("role_id"),
        roles.c.runtime.label("role_runtime"),
        func.coalesce(credit_days.c.used, 0).label("credits_used"),
    )
    .select_from(
        teams.join(organizations, organizations.c.id == teams.c.organization_id)
        .outerjoin(roles, (roles.c.team_id == teams.c.id) & (roles.c.name == bindparam("role")))
        .outerjoin(
            credit_days,
            (credit_days.c.user_id == bindparam("user_id"))
            & (credit_days.c.day == bindparam("day")),
        )
    )
    .where(teams.c.organization_id == bindparam("organization_id"))
)
_desk = Statement(_found.where(teams.c.is_default == 1), name="posting_desk")
_desk_of_team = Statement(
    _found.where(teams.c.id == bindparam("team_id")), name="posting_desk_of_team"
)


async def posting_desk(
    tx: Tx,
    *,
    organization_id: str,
    user_id: str | None,
    role: str | None,
    day: int,
    team_id: str | None = None,
) -> PostingDesk | None:
    """What posting a task in a team of an organization, or in its default one, has to know."""
    which, named = (_desk, {}) if team_id is None else (_desk_of_team, {"team_id": team_id})
    row = await tx.one(
        which,
        organization_id=organization_id,
        user_id=user_id or "",
        role=role or "",
        day=day,
        **named,
    )
    if row is None:
        return None
    return PostingDesk(
        team_id=row.team_id,
        repository=repository_of(json.loads(row.team_config)) if row.team_config else None,
        spec_approval=bool(row.spec_approval),
        has_role=row.role_id is not None,
        role_runtime=row.role_runtime,
        credits_used=row.credits_used,
    )
