"""What a role of the runtimes `acp:…` and `exec:…` says, and whether it can mean that."""

from collections.abc import Mapping
from typing import Any

import msgspec

from hiringhall.domain.errors import Invalid
from hiringhall.workers.agents.permissions import Policy
from hiringhall.workers.agents.profile import PATH, Profile
from hiringhall.workers.runtimes.sandboxed_role import SandboxedRole, check_bounds
from hiringhall.workers.sandboxes.port import SandboxProvider

_MOST_PROMPT = 100_000


class AgentRole(SandboxedRole, forbid_unknown_fields=True, kw_only=True):
    """A role's settings.

    `permissions` is `allow` (the sandbox is
    the wall, so it may do there what it likes) or `ask` (what it wants to do is put to the
    requester). `argv` is the command of the `generic` profile, and of no other. `model` is the one
    that every call is made with, `models` are names or globs of those that may be called.
    """

    model: str | None = None
    models: list[str] = msgspec.field(default_factory=list[str])
    permissions: Policy = "allow"
    argv: list[str] = msgspec.field(default_factory=list[str])
    # An agent needs more than a command does; 0 is what its profile says.
    memory_mib: int = 0
    processes: int = 1024


def read_agent_role(config: Mapping[str, Any], profile: Profile) -> AgentRole:
    """Raises Invalid."""
    try:
        role = msgspec.convert(dict(config), AgentRole)
    except msgspec.ValidationError as error:
        raise Invalid(f"A role of an agent cannot be read: {error}", {"config": "shape"}) from error
    if role.memory_mib == 0:
        role.memory_mib = profile.memory_mib
    return role


def check_agent_role(
    role: AgentRole, profile: Profile, sandbox: SandboxProvider, *, by_exec: bool
) -> None:
    """Refuse what could only fail at the role's first run; raises Invalid."""
    check_bounds(role, sandbox)
    if role.permissions == "ask" and (by_exec or profile.asking is None):
        raise Invalid(
            f"{profile.title} cannot be made to ask: only an agent over ACP can, and not Codex",
            {"permissions": "not possible"},
        )
    if len(role.system_prompt) > _MOST_PROMPT:
        raise Invalid(f"system_prompt has at most {_MOST_PROMPT} characters", {"config": "length"})
    if role.model is not None and not _is_model(role.model):
        raise Invalid("A model's name has letters, digits and -_.:/@ alone", {"model": "shape"})
    if bool(role.argv) == bool(profile.acp or profile.exec):
        raise Invalid(
            "The generic profile needs an argv, and no other takes one", {"argv": "shape"}
        )
    if role.argv and (not all(role.argv) or "\0" in "".join(role.argv)):
        raise Invalid("argv has to be texts", {"argv": "empty"})
    path = role.environment.get("PATH", PATH)
    if role.argv and sandbox.lacks_program(role.argv[0], path=path, read_only=role.shown):
        raise Invalid(
            f"The sandbox has no {role.argv[0]}. {sandbox.view(path)}", {"argv": "missing"}
        )


def _is_model(name: str) -> bool:
    """It is written into files of the agent's: nothing in it may mean anything there."""
    return 0 < len(name) <= 200 and all(
        c.isascii() and (c.isalnum() or c in "-_.:/@") for c in name
    )
