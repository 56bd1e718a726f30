"""What every role that works in a sandbox may say: time, room, variables, and what it may see."""

from pathlib import Path

import msgspec

from hiringhall.domain.errors import Invalid
from hiringhall.domain.hosts import read_patterns
from hiringhall.workers.sandboxes.kubernetes import Kubernetes
from hiringhall.workers.sandboxes.port import MIB, Limits, SandboxError, SandboxProvider
from hiringhall.workers.sandboxes.process import ProcessUnsafe

_NO_WAY_OUT = {
    Kubernetes.name: "hosts cannot be opened here: a Pod does not see the hall's sockets, and its "
    "network policy lets nothing out. Leave them away, or run this hall with bubblewrap or docker.",
    ProcessUnsafe.name: "hosts mean nothing here: process-unsafe has the network of the hall's own "
    "user. Leave them away, or run this hall with bubblewrap or docker.",
}
USUAL_DISK_MIB = 4096
_FILE_MIB = 1024
_MOST_DISK_MIB = 1 << 20


class SandboxedRole(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A role's settings. `mounts` are read-only, `path` or `path:path inside`.

    `hosts` are what it may reach of the network: `name`, `*.name`, with `:port` or without.
    `system_prompt` is told to an agent before all else; a command has no use for it. `disk_mib`
    is what workspace and session together may grow by; where it is unset, the hall's own setting.
    """

    system_prompt: str = ""
    timeout_s: int | None = None
    environment: dict[str, str] = {}
    mounts: list[str] = []
    hosts: list[str] = []
    memory_mib: int = 2048
    processes: int = 512
    disk_mib: int | None = None

    @property
    def shown(self) -> list[tuple[Path, str]]:
        """The mounts: (path on the host, path inside)."""
        mounts = [mount.partition(":") for mount in self.mounts]
        return [(Path(source), inside or source) for source, _, inside in mounts]

    def limits(self, *, most_wall_s: int, usual_disk_mib: int = USUAL_DISK_MIB) -> Limits:
        """What one run may use."""
        disk_mib = self.disk_mib or usual_disk_mib
        file_mib = min(disk_mib, max(_FILE_MIB, disk_mib // 4))
        return Limits(
            memory_bytes=self.memory_mib * MIB,
            processes=self.processes,
            file_bytes=file_mib * MIB,
            disk_bytes=disk_mib * MIB,
            wall_s=min(self.timeout_s or most_wall_s, most_wall_s),
        )


def sees_sockets(sandbox: SandboxProvider) -> bool:
    """Whether what runs there reaches the hall by its sockets."""
    return sandbox.name != Kubernetes.name


def check_bounds(role: SandboxedRole, sandbox: SandboxProvider) -> None:
    """Refuse what no sandbox could be given; raises Invalid."""
    if role.timeout_s is not None and not 1 <= role.timeout_s <= 86_400:
        raise Invalid("timeout_s is 1 to 86400", {"timeout_s": "range"})
    if role.memory_mib < 16 or role.processes < 2:
        raise Invalid("A sandbox needs 16 MiB and 2 processes", {"memory_mib": "range"})
    if role.disk_mib is not None and not 1 <= role.disk_mib <= _MOST_DISK_MIB:
        raise Invalid(f"disk_mib is 1 to {_MOST_DISK_MIB}", {"disk_mib": "range"})
    read_patterns(role.hosts)
    if role.hosts and sandbox.name in _NO_WAY_OUT:
        raise Invalid(_NO_WAY_OUT[sandbox.name], {"hosts": "not possible"})
    for source, _ in role.shown:
        if not source.is_absolute() or not source.exists():
            raise Invalid(f"There is no {source} to mount", {"mounts": "missing"})
    try:
        sandbox.check_mounts(role.shown)
    except SandboxError as error:
        raise Invalid(error.sentence, {"mounts": "forbidden"}) from error
