"""The Agentix door's shapes of roles (seed 004, "Roles")."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hiringhall.domain.roles import Role
from hiringhall.doors.agentix.wire import Ref, Time
from hiringhall.doors.agentix.words import ref, time_of

_Count = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Timeout = Annotated[_Count | None, Meta(description="Seconds before a worker is stopped")]
Runtime = Annotated[
    str | UnsetType | None,
    Meta(description="What does the work, such as acp:claude-code; null: what the hall has"),
]
Model = Annotated[str | UnsetType | None, Meta(description="The model of every call it makes")]
Models = Annotated[
    list[str] | UnsetType | None, Meta(description="Names or globs of models that it may call")
]
Permissions = Annotated[
    Literal["allow", "ask"] | UnsetType | None,
    Meta(description='"allow", or "ask": what it wants to do is put to the requester'),
]
Hosts = Annotated[
    list[str] | UnsetType | None,
    Meta(
        description="What it may reach of the network: example.org, example.org:8443, *.example.org"
    ),
]
Mebibytes = Annotated[_Count | UnsetType | None, Meta(description="In MiB")]
Processes = Annotated[_Count | UnsetType | None, Meta(description="Most processes at once")]


class RoleSettings(msgspec.Struct, rename="camel", kw_only=True):
    """How its workers work, beyond the page of Agentix; null takes a setting away."""

    runtime: Runtime = UNSET
    model: Model = UNSET
    models: Models = UNSET
    permissions: Permissions = UNSET
    hosts: Hosts = UNSET
    memory_mib: Mebibytes = UNSET
    processes: Processes = UNSET
    disk_mib: Mebibytes = UNSET

    def settings(self) -> dict[str, Any]:
        """What was said of them, but for the runtime."""
        said = {name: getattr(self, name) for name in _SETTINGS}
        return {name: value for name, value in said.items() if value is not UNSET}


_SETTINGS = ("model", "models", "permissions", "hosts", "memory_mib", "processes", "disk_mib")


class RoleBody(RoleSettings, rename="camel", kw_only=True):
    """A role to be added to a team."""

    team_id: str
    name: str
    system_prompt: str
    timeout: Timeout = None


class RolePatch(RoleSettings, rename="camel", kw_only=True):
    """What is to be another way; what is left out stays."""

    system_prompt: str | None = None
    timeout: Timeout = None


class RoleAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """A role; of the settings beyond the page those that are set."""

    id: Ref
    team_id: Ref
    name: str
    system_prompt: str
    timeout: Annotated[int | None, Meta(description="Null: the hall's own limit is the only one")]
    created_at: Time
    updated_at: Time
    runtime: str | None
    model: str | UnsetType = UNSET
    models: list[str] | UnsetType = UNSET
    permissions: Literal["allow", "ask"] | UnsetType = UNSET
    hosts: list[str] | UnsetType = UNSET
    memory_mib: int | UnsetType = UNSET
    processes: int | UnsetType = UNSET
    disk_mib: int | UnsetType = UNSET


def role_answer(role: Role) -> RoleAnswer:
    """A role."""
    return RoleAnswer(
        id=ref("role", role.id),
        team_id=ref("team", role.team_id),
        name=role.name,
        system_prompt=role.system_prompt,
        timeout=role.timeout_s,
        created_at=time_of(role.created_at_us),
        updated_at=time_of(role.updated_at_us),
        runtime=role.runtime,
        **{name: role.config.get(name, UNSET) for name in _SETTINGS},
    )
