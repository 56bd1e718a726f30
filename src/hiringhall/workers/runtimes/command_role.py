"""What a role of the command runtime says, and whether it can mean that."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from hiringhall.domain.errors import Invalid
from hiringhall.workers.sandboxes.port import MIB, Limits, SandboxError, SandboxProvider

_FILE_MIB = 1024
_MOST_DISK_MIB = 1 << 20


class CommandRole(msgspec.Struct, forbid_unknown_fields=True):
    """What a role with this runtime says: the command, and what it may see and use.

    `argv` stands in process lists and is shown in the task's log: never a secret. `mounts` are
    read-only, `path` or `path:path inside`. `disk_mib` counts workspace and session together.
    """

    argv: list[str]
    timeout_s: int | None = None
    environment: dict[str, str] = {}
    mounts: list[str] = []
    memory_mib: int = 2048
    processes: int = 512
    disk_mib: int = 4096

    @property
    def shown(self) -> list[tuple[Path, str]]:
        """The mounts: (path on the host, path inside)."""
        mounts = [mount.partition(":") for mount in self.mounts]
        return [(Path(source), inside or source) for source, _, inside in mounts]

    def limits(self, *, most_wall_s: int) -> Limits:
        """What one run may use."""
        file_mib = min(self.disk_mib, max(_FILE_MIB, self.disk_mib // 4))
        return Limits(
            memory_bytes=self.memory_mib * MIB,
            processes=self.processes,
            file_bytes=file_mib * MIB,
            disk_bytes=self.disk_mib * MIB,
            wall_s=min(self.timeout_s or most_wall_s, most_wall_s),
        )


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
    if role.timeout_s is not None and not 1 <= role.timeout_s <= 86_400:
        raise Invalid("timeout_s is 1 to 86400", {"timeout_s": "range"})
    if role.memory_mib < 16 or role.processes < 2:
        raise Invalid("A command needs 16 MiB and 2 processes", {"memory_mib": "range"})
    if not 1 <= role.disk_mib <= _MOST_DISK_MIB:
        raise Invalid(f"disk_mib is 1 to {_MOST_DISK_MIB}", {"disk_mib": "range"})
    for source, _ in role.shown:
        if not source.is_absolute() or not source.exists():
            raise Invalid(f"There is no {source} to mount", {"mounts": "missing"})
    try:
        sandbox.check_mounts(role.shown)
    except SandboxError as error:
        raise Invalid(error.sentence, {"mounts": "forbidden"}) from error
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
