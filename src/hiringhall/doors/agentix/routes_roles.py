"""The Agentix door's roles: the kinds of worker in a team."""

from msgspec import UnsetType

from hiringhall.actions import roles
from hiringhall.domain import errors
from hiringhall.doors.agentix import wire_roles as wire
from hiringhall.doors.agentix.wire import OkAnswer, TeamQuery
from hiringhall.doors.agentix.words import id_of
from hiringhall.doors.caller import customer, once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.queries import teams as team_queries


async def list_roles(desk: Desk, call: Call[None, TeamQuery]) -> list[wire.RoleAnswer]:
    """List a team's roles, by name."""
    team_id = id_of("team", call.query.team_id)
    found = await team_queries.roles_of(desk.hall, actor=call.actor, team_id=team_id)
    return [wire.role_answer(role) for role in found]


async def create_role(desk: Desk, call: Call[wire.RoleBody, None]) -> wire.RoleAnswer:
    """Add a role to a team; tasks that waited for one of that name go on."""
    body = call.body
    team_id = id_of("team", body.team_id)
    once = once_of(
        call,
        organization_id=call.actor.organization_id or "",
        status=201,
        view=wire.role_answer,
    )
    role = await roles.create_role(
        desk.hall.once_only(once),
        actor=call.actor,
        team_id=team_id,
        name=body.name,
        system_prompt=body.system_prompt,
        timeout_s=body.timeout,
        runtime=body.runtime or None,
        settings=body.settings(),
    )
    return wire.role_answer(role)


async def get_role(desk: Desk, call: Call[None, None]) -> wire.RoleAnswer:
    """Get a role."""
    role_id = id_of("role", call.path["role_id"])
    role = await team_queries.role_view(desk.hall, actor=call.actor, role_id=role_id)
    return wire.role_answer(role)


async def change_role(desk: Desk, call: Call[wire.RolePatch, None]) -> wire.RoleAnswer:
    """Change a role; workers under way keep what they began with."""
    body = call.body
    runtime = body.runtime
    role = await roles.change_role(
        desk.hall,
        actor=call.actor,
        role_id=id_of("role", call.path["role_id"]),
        system_prompt=body.system_prompt,
        timeout_s=body.timeout,
        runtime=roles.KEEP if isinstance(runtime, UnsetType) else runtime,
        settings=body.settings(),
    )
    return wire.role_answer(role)


async def delete_role(desk: Desk, call: Call[None, None]) -> OkAnswer:
    """Delete a role; tasks that name it keep its name."""
    await roles.delete_role(
        desk.hall, actor=call.actor, role_id=id_of("role", call.path["role_id"])
    )
    return OkAnswer()


_SEES = (errors.Unauthorized, errors.NotYours, errors.NotFound)

ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/roles",
        list_roles,
        {200: wire.RoleAnswer},
        "List a team's roles",
        query=TeamQuery,
        who=customer,
        raises=_SEES,
        many=True,
    ),
    Route(
        "POST",
        "/roles",
        create_role,
        {201: wire.RoleAnswer},
        "Create a role",
        body=wire.RoleBody,
        who=customer,
        raises=(*_SEES, errors.NameTaken),
        once=True,
    ),
    Route(
        "GET",
        "/roles/{role_id}",
        get_role,
        {200: wire.RoleAnswer},
        "Get a role",
        who=customer,
        raises=_SEES,
    ),
    Route(
        "PATCH",
        "/roles/{role_id}",
        change_role,
        {200: wire.RoleAnswer},
        "Change a role",
        body=wire.RolePatch,
        who=customer,
        raises=(*_SEES, errors.Forbidden),
    ),
    Route(
        "DELETE",
        "/roles/{role_id}",
        delete_role,
        {200: OkAnswer},
        "Delete a role",
        who=customer,
        raises=(*_SEES, errors.Forbidden),
    ),
)
