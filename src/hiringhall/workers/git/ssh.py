"""Repositories over ssh: by the operator's one key, to hosts whose keys are known, and to no other.

Nothing of the hall's user is read (no configuration, no agent, no known hosts of its own), nothing
is asked, and nothing is forwarded.
"""

import shlex
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hiringhall.workers.git.address import Address

CONNECT_TIME_S = 30
_OPTIONS = {
    "BatchMode": "yes",
    "IdentitiesOnly": "yes",
    "IdentityAgent": "none",
    "PreferredAuthentications": "publickey",
    "StrictHostKeyChecking": "yes",
    "GlobalKnownHostsFile": "/dev/null",
    "UpdateHostKeys": "no",
    "ProxyCommand": "none",
    "ProxyJump": "none",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "ClearAllForwardings": "yes",
    "PermitLocalCommand": "no",
    "ControlMaster": "no",
    "ControlPath": "none",
    "Tunnel": "no",
    "RequestTTY": "no",
    "ConnectTimeout": str(CONNECT_TIME_S),
    "ServerAliveInterval": "15",
    "ServerAliveCountMax": "4",
}


@dataclass(frozen=True, slots=True)
class SshAccess:
    """A key of the hall for repositories over ssh.

    Every organization of the hall reads and writes with it what the key may: only for a hall of
    one's own.
    """

    identity: Path
    known_hosts: Path

    def environment(self, address: Address, addresses: Sequence[str]) -> list[tuple[str, str]]:
        """What has git start ssh so, to the network address that was checked."""
        host = address.host or ""
        options = {
            **_OPTIONS,
            "UserKnownHostsFile": _quoted(self.known_hosts),
            # Known by its name, wherever that leads.
            "HostKeyAlias": host if address.port == 22 else f"[{host}]:{address.port}",
            "HostName": next(iter(addresses), host),
        }
        words = ["ssh", "-F", "/dev/null", "-i", str(self.identity)]
        for name, value in options.items():
            words += ["-o", f"{name}={value}"]
        return [("GIT_SSH_COMMAND", shlex.join(words)), ("GIT_SSH_VARIANT", "ssh")]


def _quoted(path: Path) -> str:
    """A path as an option that takes several, split at spaces, reads it."""
    return f'"{path}"'


def read_ssh(identity: Path | None, known_hosts: Path | None) -> SshAccess | None:
    """What an operator has set up; None for nothing. Raises ValueError, saying what to mend."""
    if identity is None and known_hosts is None:
        return None
    if identity is None or known_hosts is None:
        raise ValueError(
            "HIRINGHALL_SSH_KEY_FILE and HIRINGHALL_SSH_KNOWN_HOSTS_FILE go together: the key that "
            "opens repositories, and the keys by which their hosts are known"
        )
    if shutil.which("ssh") is None:
        raise ValueError("HIRINGHALL_SSH_KEY_FILE takes ssh: install the package openssh-client")
    for name, path in (("KEY", identity), ("KNOWN_HOSTS", known_hosts)):
        try:
            if not stat.S_ISREG(path.stat().st_mode) or '"' in str(path):
                raise ValueError(f"HIRINGHALL_SSH_{name}_FILE is no plain file: {path}")
            path.open("rb").close()
        except OSError as error:
            raise ValueError(
                f"HIRINGHALL_SSH_{name}_FILE cannot be read ({error.strerror}): {path}"
            ) from error
    if identity.stat().st_mode & 0o077:
        raise ValueError(
            f"HIRINGHALL_SSH_KEY_FILE is open to others, and ssh will not take it: "
            f"chmod 600 {identity}"
        )
    return SshAccess(identity.absolute(), known_hosts.absolute())
