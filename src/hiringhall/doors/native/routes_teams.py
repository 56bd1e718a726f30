"""The native door's teams, their playbooks and their roles."""

from msgspec import UnsetType

from hiringhall.actions import roles, teams
from hiringhall.domain import errors
from hiringhall.doors.caller import once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.doors.native import wire_teams as wire
from hiringhall.doors.native.callers import person, viewer_of
from hiringhall.doors.native.routes_tasks import SEES
from hiringhall.doors.native.wire_accounts import DoneAnswer
from hiringhall.queries import teams as team_queries


async def list_teams(desk: Desk, call: Call[None, None]) -> wire.TeamsAnswer:
    """The organization's teams, oldest first; the first is where tasks are that name none."""
    found = await team_queries.list_teams(desk.hall, actor=call.actor)
    return wire.TeamsAnswer([wire.team_answer(one) for one in found], None)


async def create_team(desk: Desk, call: Call[wire.TeamBody, None]) -> wire.TeamAnswer:
    """Found a team, with three roles to begin with."""
    body = call.body
    once = once_of(call, organization_id=viewer_of(call.actor), status=201, view=wire.team_answer)
    team = await teams.create_team(
        desk.hall.once_only(once),
        actor=call.actor,
        name=body.name,
        goal=body.goal,
        autonomy=body.autonomy,
        config=body.config,
        anthropic_api_key=body.anthropic_api_key,
    )
    return wire.team_answer(team)


async def get_team(desk: Desk, call: Call[None, None]) -> wire.TeamAnswer:
    """Get a team."""
    found = await team_queries.team_view(desk.hall, actor=call.actor, team_id=call.path["team_id"])
    return wire.team_answer(found)


async def change_team(desk: Desk, call: Call[wire.TeamChange, None]) -> wire.TeamAnswer:
    """Change a team; `config` is put over what is there, key by key."""
    body = call.body
    team = await teams.change_team(
        desk.hall,
        actor=call.actor,
        team_id=call.path["team_id"],
        name=body.name,
        goal=teams.KEEP if isinstance(body.goal, UnsetType) else body.goal,
        autonomy=body.autonomy,
        config=body.config,
        anthropic_api_key=teams.KEEP
        if isinstance(body.anthropic_api_key, UnsetType)
        else body.anthropic_api_key,
    )
    return wire.team_answer(team)


async def get_playbook(desk: Desk, call: Call[None, None]) -> wire.PlaybookAnswer:
    """Get the policy that a team's workers read before all else."""
    team = await team_queries.team_view(desk.hall, actor=call.actor, team_id=call.path["team_id"])
    return wire.PlaybookAnswer(team.id, team.playbook)


async def set_playbook(desk: Desk, call: Call[wire.PlaybookBody, None]) -> wire.PlaybookAnswer:
    """Set or replace a team's playbook."""
    await teams.set_playbook(
        desk.hall,
        actor=call.actor,
        team_id=call.path["team_id"],
        playbook=call.body.playbook,
    )
    return await get_playbook(desk, call)  # pyright: ignore[reportArgumentType]


async def list_roles(desk: Desk, call: Call[None, None]) -> wire.RolesAnswer:
    """A team's roles, by name."""
    found = await team_queries.roles_of(desk.hall, actor=call.actor, team_id=call.path["team_id"])
    return wire.RolesAnswer([wire.role_answer(one) for one in found], None)


async def create_role(desk: Desk, call: Call[wire.NewRoleBody, None]) -> wire.RoleAnswer:
    """Add a role to a team; tasks that waited for one of that name go on."""
    body = call.body
    once = once_of(call, organization_id=viewer_of(call.actor), status=201, view=wire.role_answer)
    role = await roles.create_role(
        desk.hall.once_only(once),
        actor=call.actor,
        team_id=call.path["team_id"],
        name=body.name,
        system_prompt=body.system_prompt,
        timeout_s=body.timeout_s,
        runtime=body.runtime or None,
        settings=body.settings(),
    )
    return wire.role_answer(role)


async def get_role(desk: Desk, call: Call[None, None]) -> wire.RoleAnswer:
    """Get a role."""
    found = await team_queries.role_view(desk.hall, actor=call.actor, role_id=call.path["role_id"])
    return wire.role_answer(found)


async def change_role(desk: Desk, call: Call[wire.RoleChange, None]) -> wire.RoleAnswer:
    """Change a role; workers under way keep what they began with."""
    body = call.body
    runtime = body.runtime
    role = await roles.change_role(
        desk.hall,
        actor=call.actor,
        role_id=call.path["role_id"],
        system_prompt=body.system_prompt,
        timeout_s=body.timeout_s,
        runtime=roles.KEEP if isinstance(runtime, UnsetType) else runtime,
        settings=body.settings(),
    )
    return wire.role_answer(role)


async def delete_role(desk: Desk, call: Call[None, None]) -> DoneAnswer:
    """Delete a role; tasks that name it wait until there is one of that name again."""
    await roles.delete_role(desk.hall, actor=call.actor, role_id=call.path["role_id"])
    return DoneAnswer()


_TEAM = "/teams/{team_id}"

ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/teams",
        list_teams,
        {200: wire.TeamsAnswer},
        "Teams",
        who=person,
        raises=(errors.Unauthorized, errors.Forbidden),
    ),
    Route(
        "POST",
        "/teams",
        create_team,
        {201: wire.TeamAnswer},
        "Found a team",
        body=wire.TeamBody,
        who=person,
        raises=(errors.Unauthorized, errors.Forbidden, errors.IdempotencyConflict),
        once=True,
    ),
    Route("GET", _TEAM, get_team, {200: wire.TeamAnswer}, "Get a team", who=person, raises=SEES),
    Route(
        "PATCH",
        _TEAM,
        change_team,
        {200: wire.TeamAnswer},
        "Change a team",
        body=wire.TeamChange,
        who=person,
        raises=SEES,
    ),
    Route(
        "GET",
        f"{_TEAM}/playbook",
        get_playbook,
        {200: wire.PlaybookAnswer},
        "Get the playbook",
        who=person,
        raises=SEES,
    ),
    Route(
        "PUT",
        f"{_TEAM}/playbook",
        set_playbook,
        {200: wire.PlaybookAnswer},
        "Set the playbook",
        body=wire.PlaybookBody,
        who=person,
        raises=SEES,
    ),
    Route(
        "GET",
        f"{_TEAM}/roles",
        list_roles,
        {200: wire.RolesAnswer},
        "A team's roles",
        who=person,
        raises=SEES,
    ),
    Route(
        "POST",
        f"{_TEAM}/roles",
        create_role,
        {201: wire.RoleAnswer},
        "Add a role",
        body=wire.NewRoleBody,
        who=person,
        raises=(*SEES, errors.NameTaken, errors.IdempotencyConflict),
        once=True,
    ),
    Route(
        "GET",
        "/roles/{role_id}",
        get_role,
        {200: wire.RoleAnswer},
        "Get a role",
        who=person,
        raises=SEES,
    ),
    Route(
        "PATCH",
        "/roles/{role_id}",
        change_role,
        {200: wire.RoleAnswer},
        "Change a role",
        body=wire.RoleChange,
        who=person,
        raises=SEES,
    ),
    Route(
        "DELETE",
        "/roles/{role_id}",
        delete_role,
        {200: DoneAnswer},
        "Delete a role",
        who=person,
        raises=SEES,
    ),
)
