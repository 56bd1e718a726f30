"""What a role of the command runtime says, and whether it can mean that."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from hiringhall.domain.errors import Invalid
from hiringhall.workers.runtimes.sandboxed_role import SandboxedRole, check_bounds
from hiringhall.workers.sandboxes.port import SandboxError, SandboxProvider


class CommandRole(SandboxedRole, forbid_unknown_fields=True, kw_only=True):
    """What a role with this runtime says.

    `argv` stands in process lists and is shown in the task's log: never a secret.
    """

    argv: list[str]


def read_role(config: Mapping[str, Any]) -> CommandRole:
    """Raises Invalid."""
    try:
        return msgspec.convert(dict(config), CommandRole)
    except msgspec.ValidationError as error:
        raise Invalid(f"A command role cannot be read: {error}", {"config": "shape"}) from error


def check_role(role: CommandRole, sandbox: SandboxProvider) -> None:
    """Refuse what could only fail at the role's first run; raises Invalid."""
    if not role.argv or not all(role.argv) or "\0" in "".join(role.argv):
        raise Invalid("A command role needs an argv of texts", {"argv": "empty"})
    check_bounds(role, sandbox)
    program, path = role.argv[0], role.environment.get("PATH")
    if sandbox.lacks_program(program, path=path, read_only=role.shown):
        raise Invalid(
            f"The sandbox has no {program}. {sandbox.view(path)}"
            f"{_where_it_is(program, role.shown, sandbox)}",
            {"argv": "missing"},
        )


def _where_it_is(program: str, shown: Sequence[tuple[Path, str]], sandbox: SandboxProvider) -> str:
    """Where this host has a program that the sandbox lacks, and how to show it."""
    found = shutil.which(program)
    if found is None:
        return " Nor is it in this hall's own PATH." if "/" not in program else ""
    place = str(Path(found).absolute())
    mount = (Path(place), place)
    try:
        sandbox.check_mounts([*shown, mount])
    except SandboxError:
        return f" This host has it at {place}."
    if sandbox.lacks_program(place, path=None, read_only=[*shown, mount]):
        return f" This host has it at {place}."
    return (
        f" This host has it at {place}: show it, or the folder it needs, with --mount {place}, and "
        f"name it by that path, -- {place}."
    )
