"""A team's roles: which runtime does the work of that name, how it is told to, and its limits."""

from typing import Any

from hiringhall.actions import roles
from hiringhall.domain.errors import NotFound
from hiringhall.domain.roles import Role
from hiringhall.domain.runs import EXTERNAL
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.meanwhile import meanwhile, seen_of
from hiringhall.doors.pages.saying import Said, doing, done, showing
from hiringhall.doors.pages.teams import TEAM, at, show_of_team
from hiringhall.doors.pages.typed import whole_number, words_of
from hiringhall.doors.pages.visits import Visit
from hiringhall.queries.teams import role_view, roles_of, team_view

ROLES = f"{TEAM}/roles"
ROLE = f"{ROLES}/{{role_id}}"
COUNTS = ("memory_mib", "processes", "disk_mib")
PERMISSIONS = ("allow", "ask")


async def show_roles(visit: Visit, said: Said) -> Raw:
    """A team's roles, by name."""
    hall, actor, team_id = visit.desk.hall, visit.actor, visit.call.path["team_id"]
    team = await team_view(hall, actor=actor, team_id=team_id)
    found = await roles_of(hall, actor=actor, team_id=team_id)
    lacks = {one.id: _lacks(visit, one.runtime) for one in found}
    return show_of_team(visit, "team_roles.html", team, "/roles", said, roles=found, lacks=lacks)


def _lacks(visit: Visit, runtime: str | None) -> str:
    """Why nobody can do a role's work now; empty where somebody can, here or elsewhere."""
    staffing = visit.desk.hall.staffing
    if runtime is not None:
        return "" if runtime == EXTERNAL else staffing.hindrance(runtime)
    return "" if staffing.usual_runtime is not None else staffing.no_default_because


def _runtimes(visit: Visit, role: Role | None) -> list[tuple[str, str]]:
    """What a customer may choose, each with why it cannot work now."""
    known = [one for one in visit.desk.hall.staffing.hindrances if one != EXTERNAL]
    offered = [one for one in known if one not in roles.OPERATORS_RUNTIMES]
    offered.append(EXTERNAL)
    if role is not None and role.runtime is not None and role.runtime not in offered:
        offered.append(role.runtime)
    return [(one, _lacks(visit, one)) for one in offered]


async def show_new_role(visit: Visit, said: Said) -> Raw:
    """The page to add a role at."""
    team = await team_view(visit.desk.hall, actor=visit.actor, team_id=visit.call.path["team_id"])
    return _show_form(visit, team, None, said)


def _show_form(visit: Visit, team: Any, role: Role | None, said: Said) -> Raw:
    return show_of_team(
        visit,
        "team_role.html",
        team,
        "/roles",
        said,
        role=role,
        meanwhile=meanwhile(said, "words", {} if role is None else _said_of(role)),
        config={} if role is None else role.config,
        runtimes=_runtimes(visit, role),
        permissions=PERMISSIONS,
        is_operators=role is not None and roles.is_operators(role),
    )


def _said_of(role: Role) -> dict[str, Any]:
    """What its editor shows, whether a role says it or not: what is not said can be, meanwhile."""
    shown = dict.fromkeys(("model", "models", "permissions", "hosts", *COUNTS))
    return {**shown, **roles.said_of(role)}


async def _role(visit: Visit) -> Role:
    role = await role_view(visit.desk.hall, actor=visit.actor, role_id=visit.call.path["role_id"])
    if role.team_id != visit.call.path["team_id"]:
        raise NotFound("role")
    return role


async def show_role(visit: Visit, said: Said) -> Raw:
    """A role's editor."""
    hall, actor = visit.desk.hall, visit.actor
    team = await team_view(hall, actor=actor, team_id=visit.call.path["team_id"])
    return _show_form(visit, team, await _role(visit), said)


def _settings(form: Form) -> dict[str, Any]:
    """What a form says of how the work is done; what is empty takes a setting away."""
    said: dict[str, Any] = {
        "model": form["model"].strip() or None,
        "models": words_of(form["models"]) or None,
        "permissions": form["permissions"] or None,
        "hosts": words_of(form["hosts"]) or None,
    }
    return said | {name: whole_number(form, name) for name in COUNTS}


async def _add(visit: Visit) -> str:
    form = visit.form
    role = await roles.create_role(
        visit.desk.hall,
        actor=visit.actor,
        team_id=visit.call.path["team_id"],
        name=form["name"],
        system_prompt=form["systemPrompt"],
        timeout_s=whole_number(form, "timeout"),
        runtime=form["runtime"] or None,
        settings=_settings(form),
    )
    return done(at(visit, f"/roles/{role.id}"), "role")


async def _change(visit: Visit) -> str:
    form, role = visit.form, await _role(visit)
    await roles.change_role(
        visit.desk.hall,
        actor=visit.actor,
        role_id=role.id,
        system_prompt=form["systemPrompt"],
        timeout_s=whole_number(form, "timeout"),
        runtime=form["runtime"] or None,
        settings=_settings(form),
        seen=seen_of(form),
    )
    return done(at(visit, f"/roles/{role.id}"), "role")


async def _remove(visit: Visit) -> str:
    role = await _role(visit)
    await roles.delete_role(visit.desk.hall, actor=visit.actor, role_id=role.id)
    return done(at(visit, "/roles"), "role_gone")


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", ROLES, showing(show_roles), {200: None}, "A team's roles"),
    Route("GET", f"{ROLES}/new", showing(show_new_role), {200: None}, "New role"),
    Route("POST", f"{ROLES}/new", doing(_add, show_new_role), {303: None}, "Add a role"),
    Route("GET", ROLE, showing(show_role), {200: None}, "A role"),
    Route("POST", f"{ROLE}/words", doing(_change, show_role), {303: None}, "Change a role"),
    Route("POST", f"{ROLE}/remove", doing(_remove, show_role), {303: None}, "Delete a role"),
)
