"""Roles of a team: which runtime does the work of that name, and how."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from hiringhall.actions.runs import recovery
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.errors import Forbidden, Invalid, NameTaken, NotFound
from hiringhall.domain.hosts import check_within
from hiringhall.domain.meanwhile import still_meant
from hiringhall.domain.policy import Actor, check_sees
from hiringhall.domain.roles import (
    DEFAULT_TIMEOUT_S,
    Role,
    check_timeout,
    merge_role_config,
    tidy_prompt,
    tidy_role_name,
)
from hiringhall.domain.sentences import Field, sentence
from hiringhall.hall import Hall
from hiringhall.queries.named import team_named
from hiringhall.store import roles, teams
from hiringhall.store.database import Tx

KEEP: Any = object()
"""Stands for what a change does not speak of, where None says something."""

OPERATORS_RUNTIMES = frozenset({"command", "acp:generic"})
"""They start what a role names: a matter for whoever runs the hall, not for its customers."""

OPERATORS_SETTINGS = frozenset({"argv", "mounts", "environment"})
"""What a role shows or gives to its sandbox out of the host."""

MOST_OF_CUSTOMERS = {"memory_mib": 8_192, "processes": 4_096, "disk_mib": 16_384}
"""How much a customer may ask for one run; the operator's roles may have more."""


async def create_role(
    hall: Hall,
    *,
    actor: Actor,
    team_id: str,
    name: str,
    system_prompt: str,
    timeout_s: int | None = None,
    runtime: str | None = None,
    settings: dict[str, Any] | None = None,
) -> Role:
    """Add a role to a team; tasks of the team that waited for one of that name go on.

    `settings` are what its runtime reads beside prompt and timeout. Raises NotFound, NotYours,
    Invalid, and NameTaken where the team has one of that name.
    """
    said = {
        **_customers(hall, settings or {}),
        "system_prompt": tidy_prompt(system_prompt),
        "timeout_s": check_timeout(DEFAULT_TIMEOUT_S if timeout_s is None else timeout_s),
    }
    role = await _add(
        hall,
        actor=actor,
        team_id=team_id,
        name=tidy_role_name(name),
        runtime=_customers_runtime(runtime),
        config=merge_role_config({}, said),
    )
    await recovery.engage_idle(hall, team_id=role.team_id)
    return role


@action
async def _add(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    team_id: str,
    name: str,
    runtime: str | None,
    config: dict[str, Any],
) -> Role:
    team = await teams.by_id(tx, team_id) if ids.is_uuid(team_id) else None
    check_sees(actor, None if team is None else team.organization_id, "team")
    _check(hall, runtime, config)
    now_us = hall.clock()
    role = Role(hall.new_id(), team_id, name, runtime, config, now_us, now_us)
    if not await roles.add(tx, role):
        raise NameTaken(f"This team has a role '{name}' already")
    return role


async def change_role(
    hall: Hall,
    *,
    actor: Actor,
    role_id: str,
    system_prompt: str | None = None,
    timeout_s: int | None = None,
    runtime: str | None = KEEP,
    settings: dict[str, Any] | None = None,
    seen: Mapping[str, str] | None = None,
) -> Role:
    """Change what is named; a run under way keeps what it began with.

    `settings` are put over what is there, and None takes one away. `seen` are the marks of
    `said_of` as it was read: LostRace where somebody else changed the same. Raises
    NotFound, NotYours, Invalid, and Forbidden for a role of the operator's.
    """
    change = _customers(hall, settings or {})
    if system_prompt is not None:
        change["system_prompt"] = tidy_prompt(system_prompt)
    if timeout_s is not None:
        change["timeout_s"] = check_timeout(timeout_s)
    wanted = KEEP if runtime is KEEP else _customers_runtime(runtime)
    role = await _change(
        hall, actor=actor, role_id=role_id, change=change, runtime=wanted, seen=seen or {}
    )
    await recovery.engage_idle(hall, team_id=role.team_id)
    return role


@action
async def _change(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    role_id: str,
    change: dict[str, Any],
    runtime: str | None,
    seen: Mapping[str, str],
) -> Role:
    role = await _load(tx, actor, role_id)
    _refuse_operators(role)
    wanted = change if runtime is KEEP else {**change, "runtime": runtime}
    meant = still_meant(wanted, said_of(role), seen)
    runtime = meant.pop("runtime", role.runtime)
    role = replace(
        role,
        runtime=runtime,
        config=merge_role_config(role.config, meant),
        updated_at_us=hall.clock(),
    )
    _check(hall, role.runtime, role.config)
    if not await roles.change(tx, role):
        raise NotFound("role")
    return role


@action
async def delete_role(tx: Tx, hall: Hall, *, actor: Actor, role_id: str) -> None:
    """Take a role away; tasks that name it wait until one of that name is there again.

    Raises NotFound, NotYours, and Forbidden for a role of the operator's.
    """
    role = await _load(tx, actor, role_id)
    _refuse_operators(role)
    await roles.remove(tx, role.id)


async def set_role(
    hall: Hall,
    *,
    email: str,
    name: str,
    runtime: str,
    config: dict[str, Any],
    team: str | None = None,
) -> Role:
    """Add or change a role of a team of a user's organization, as the operator does.

    Of the first team, unless `team` names another by its name or id. Tasks that waited for
    somebody to do them go on, at the latest at the hall's next start.
    """
    role = await _put_role(hall, email=email, name=name, runtime=runtime, config=config, team=team)
    await recovery.engage_idle(hall)
    return role


@action
async def _put_role(
    tx: Tx,
    hall: Hall,
    *,
    email: str,
    name: str,
    runtime: str,
    config: dict[str, Any],
    team: str | None,
) -> Role:
    tidy = tidy_role_name(name)
    _check(hall, runtime, config)
    now_us = hall.clock()
    team_id = await team_named(tx, email, team=team)
    role = Role(hall.new_id(), team_id, tidy, runtime, config, now_us, now_us)
    if await roles.add(tx, role):
        return role
    there = await roles.named(tx, team_id=role.team_id, name=tidy)
    if there is None:
        raise NotFound("role")
    role = replace(role, id=there.id, created_at_us=there.created_at_us)
    await roles.change(tx, role)
    return role


@action
async def remove_role(
    tx: Tx, hall: Hall, *, email: str, name: str, team: str | None = None
) -> None:
    """Take a role away; tasks that name it wait until it is there again."""
    team_id = await team_named(tx, email, team=team)
    role = await roles.named(tx, team_id=team_id, name=name.strip())
    if role is None or not await roles.remove(tx, role.id):
        raise NotFound("role")


async def list_roles(hall: Hall, *, email: str, team: str | None = None) -> list[Role]:
    """The roles of a team of a user's organization, by name: its first, unless one is named."""

    async def body(tx: Tx) -> list[Role]:
        return await roles.of_team(tx, await team_named(tx, email, team=team))

    return await hall.database.read(body)


def said_of(role: Role) -> dict[str, Any]:
    """What a change of a role can say anew, as it stands: for the marks of whoever reads it."""
    return {**role.config, "runtime": role.runtime}


def _check(hall: Hall, runtime: str | None, config: dict[str, Any]) -> None:
    """Have the runtime judge what a role says; where none is named, the one that would do it."""
    judge = runtime or hall.staffing.default_runtime
    if judge is not None:
        hall.check_role(judge, config)


def is_operators(role: Role) -> bool:
    """Whether a role says what is started, or shows its sandbox something of the host."""
    return role.runtime in OPERATORS_RUNTIMES or bool(OPERATORS_SETTINGS & role.config.keys())


def _refuse_operators(role: Role) -> None:
    """What the operator set up for a team is the operator's to change, and to take away."""
    if is_operators(role):
        raise Forbidden(
            f"The role '{role.name}' was set up by the hall's operator, who alone changes it or "
            "takes it away (hiringhall admin role); give another name to a role of your own"
        )


def _customers_runtime(runtime: str | None) -> str | None:
    tidy = (runtime or "").strip() or None
    if tidy in OPERATORS_RUNTIMES:
        raise Invalid(
            f"A role of the runtime '{tidy}' is set by the hall's operator "
            "(hiringhall admin role set)",
            {"runtime": "operator's"},
        )
    return tidy


def _customers(hall: Hall, settings: dict[str, Any]) -> dict[str, Any]:
    """What a customer may say of a role beside its prompt and its timeout; raises Invalid."""
    for name, value in settings.items():
        if name in OPERATORS_SETTINGS:
            raise Invalid(
                sentence(Field(name), " is set by the hall's operator (hiringhall admin role set)"),
                {name: "operator's"},
            )
        most = MOST_OF_CUSTOMERS.get(name)
        if most is not None and isinstance(value, int) and not 1 <= value <= most:
            raise Invalid(sentence(Field(name), f" is 1 to {most}"), {name: "range"})
    hosts = settings.get("hosts")
    if isinstance(hosts, list):
        check_within(map(str, cast("list[object]", hosts)), hall.rules.customers_hosts)
    return {
        name: value
        for name, value in settings.items()
        if name not in ("system_prompt", "timeout_s")
    }


async def _load(tx: Tx, actor: Actor, role_id: str) -> Role:
    found = await roles.by_id(tx, role_id) if ids.is_uuid(role_id) else None
    check_sees(actor, None if found is None else found[1], "role")
    if found is None:
        raise NotFound("role")
    return found[0]
