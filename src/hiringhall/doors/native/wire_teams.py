"""The native door's teams and roles."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hiringhall.domain.roles import Role
from hiringhall.domain.teams import MASK, SecretName, Team
from hiringhall.doors.native.words import Count, Time, Uuid, time_of

Config = Annotated[
    dict[str, Any] | None,
    Meta(
        description="Put over what is there key by key; a key set to null goes. Keys that mean "
        "something: gitRepoUrl, githubToken (sealed, comes back masked), review, pullRequest, "
        "maxWorkers"
    ),
]


class TeamBody(msgspec.Struct, kw_only=True):
    """A team to be founded."""

    name: str
    goal: str | None = None
    autonomy: Annotated[str | None, Meta(description="supervised or autonomous")] = None
    config: Config = None
    anthropic_api_key: str | None = None


class TeamChange(msgspec.Struct, kw_only=True):
    """What is to be another way; what is left out stays."""

    name: str | None = None
    goal: str | UnsetType | None = UNSET
    autonomy: str | None = None
    config: Config = None
    anthropic_api_key: str | UnsetType | None = UNSET


class TeamAnswer(msgspec.Struct, kw_only=True):
    """A team; secrets are masked, and null where there are none."""

    id: Uuid
    name: str
    is_default: bool
    goal: str | None
    autonomy: str
    config: dict[str, Any]
    anthropic_api_key: str | None
    created_at: Time
    updated_at: Time


class TeamsAnswer(msgspec.Struct):
    """The organization's teams, oldest first."""

    items: list[TeamAnswer]
    next_cursor: str | None


class PlaybookBody(msgspec.Struct):
    """A playbook to be kept, letter by letter."""

    playbook: str


class PlaybookAnswer(msgspec.Struct):
    """A team's playbook; null until one is set."""

    team_id: Uuid
    playbook: str | None


class RoleSettings(msgspec.Struct, kw_only=True):
    """How its workers work; null takes a setting away."""

    runtime: str | UnsetType | None = UNSET
    model: str | UnsetType | None = UNSET
    models: list[str] | UnsetType | None = UNSET
    permissions: str | UnsetType | None = UNSET
    hosts: list[str] | UnsetType | None = UNSET
    memory_mib: Count | UnsetType | None = UNSET
    processes: Count | UnsetType | None = UNSET
    disk_mib: Count | UnsetType | None = UNSET

    def settings(self) -> dict[str, Any]:
        """What was said of them, but for the runtime."""
        said = {name: getattr(self, name) for name in _SETTINGS}
        return {name: value for name, value in said.items() if value is not UNSET}


_SETTINGS = ("model", "models", "permissions", "hosts", "memory_mib", "processes", "disk_mib")


class NewRoleBody(RoleSettings, kw_only=True):
    """A role to be added to a team."""

    name: str
    system_prompt: str
    timeout_s: Count | None = None


class RoleChange(RoleSettings, kw_only=True):
    """What is to be another way; what is left out stays."""

    system_prompt: str | None = None
    timeout_s: Count | None = None


class RoleAnswer(msgspec.Struct, kw_only=True):
    """A role: a kind of worker in a team."""

    id: Uuid
    team_id: Uuid
    name: str
    system_prompt: str
    timeout_s: Count | None
    runtime: str | None
    settings: dict[str, Any]
    created_at: Time
    updated_at: Time


class RolesAnswer(msgspec.Struct):
    """A team's roles, by name."""

    items: list[RoleAnswer]
    next_cursor: str | None


def team_answer(team: Team) -> TeamAnswer:
    """A team."""
    token, key = SecretName.GITHUB_TOKEN, SecretName.ANTHROPIC_API_KEY
    masked = {token.value: MASK} if token in team.secrets else {}
    return TeamAnswer(
        id=team.id,
        name=team.name,
        is_default=team.is_default,
        goal=team.goal,
        autonomy=team.autonomy.value,
        config={**(team.config or {}), **masked},
        anthropic_api_key=MASK if key in team.secrets else None,
        created_at=time_of(team.created_at_us),
        updated_at=time_of(team.updated_at_us),
    )


def role_answer(role: Role) -> RoleAnswer:
    """A role."""
    return RoleAnswer(
        id=role.id,
        team_id=role.team_id,
        name=role.name,
        system_prompt=role.system_prompt,
        timeout_s=role.timeout_s,
        runtime=role.runtime,
        settings={name: role.config[name] for name in _SETTINGS if name in role.config},
        created_at=time_of(role.created_at_us),
        updated_at=time_of(role.updated_at_us),
    )
