"""What a bubblewrap sandbox sees and may do, all in one place."""

import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hiringhall.workers.sandboxes.port import BadMount, Limits, Places, SandboxError, SandboxSpec

INSIDE = Places(workspace="/workspace", session="/session", sockets="/run/hall")
ENVIRONMENT: Mapping[str, str] = {
    "PATH": "/opt/agents/bin:/usr/local/bin:/usr/bin:/bin",
    "HOME": INSIDE.session,
    "USER": "worker",
    "LOGNAME": "worker",
    "SHELL": "/bin/sh",
    "LANG": "C.UTF-8",
    "TMPDIR": "/tmp",  # noqa: S108
}
_UID = 1000
_HOSTNAME = "hall"
AGENTS = Path("/opt/agents")
MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_MADE: Mapping[str, str] = {
    "/etc/passwd": f"worker:x:{_UID}:{_UID}:worker:{INSIDE.session}:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/:/bin/false\n",
    "/etc/group": f"worker:x:{_UID}:\nnogroup:x:65534:\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "/etc/hosts": f"127.0.0.1 localhost {_HOSTNAME}\n::1 localhost\n",
}
"""Ours rather than the host's: they name no user of the machine, and send no lookup anywhere."""
_LENT = ("/etc/ld.so.cache", "/etc/alternatives")
"""The host's own: they say where programs and libraries of `/usr` are, and nothing else."""

_MASKED = tuple(
    f"/proc/{name}"
    for name in (
        *("kcore", "keys", "kmsg", "kpagecgroup", "kpagecount", "kpageflags", "latency_stats"),
        *("pagetypeinfo", "sched_debug", "slabinfo", "timer_list", "vmallocinfo"),
    )
)
"""They tell of the whole machine; and to the kernel a worker is the user whom the hall runs as."""

_CERTIFICATES = (
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust",
)
"""Whom the host trusts; where keys are (`/etc/ssl/private`) is not among them."""

_RELAY = """
for relay in $1; do
  socat "TCP4-LISTEN:${relay%%:*},bind=127.0.0.1,reuseaddr,fork" \
    "UNIX-CONNECT:/run/hall/${relay#*:}" </dev/null >/dev/null 2>&1 &
done
for relay in $1; do
  port=$(printf %04X "${relay%%:*}") tries=0
  until grep -q "0100007F:$port 00000000:0000 0A" /proc/net/tcp; do
    tries=$((tries + 1)); [ "$tries" -lt 500 ] || { echo "no relay at ${relay%%:*}" >&2; exit 125; }
    sleep 0.01
  done
done
shift
exec "$@"
"""

_NEVER_SHOWN = ("/proc", "/sys", "/dev", "/run", "/var/run", "/boot", "/etc", "/root/.ssh")
_RESERVED = (
    *("/proc", "/sys", "/dev", "/run", "/etc", "/usr", "/bin", "/sbin", "/lib", "/lib32"),
    *("/lib64", "/libx32", INSIDE.workspace, INSIDE.session),
)


@dataclass(frozen=True, slots=True)
class Profile:
    """One sandbox's options, and the files they name by descriptor."""

    options: Sequence[str]
    files: Sequence[bytes]
    command: Sequence[str]


def build_profile(
    spec: SandboxSpec, *, first_fd: int, seccomp: bytes | None, forbidden: Sequence[Path]
) -> Profile:
    """Options for one sandbox; raises `BadMount` for what must not be seen."""
    files: list[bytes] = []

    def fd_of(data: bytes) -> str:
        files.append(data)
        return str(first_fd + len(files) - 1)

    options = [*_walls(), *_system(spec.agents), "--perms", "0755", "--dir", "/etc"]
    for path, text in _MADE.items():
        options += ["--perms", "0444", "--file", fd_of(text.encode()), path]
    for path in (*_LENT, *(_CERTIFICATES if spec.certificates else ())):
        options += ["--ro-bind-try", path, path]
    options += _private(spec.limits)
    options += _shared(spec, forbidden)
    for path in _masked():
        options += ["--ro-bind", "/dev/null", path]
    # Last, when every mount point exists. Bubblewrap 0.8 started by root leaves /proc/sys
    # writable, and its root and /dev are memory that no size bounds.
    for path in ("/dev", "/proc", "/"):
        options += ["--remount-ro", path]
    options += ["--chdir", INSIDE.workspace]
    for name, value in {**ENVIRONMENT, **spec.environment}.items():
        options += ["--setenv", checked(name), checked(value)]
    if seccomp is not None:
        options += ["--seccomp", fd_of(seccomp)]
    return Profile(options, files, command_of(spec))


def _walls() -> list[str]:
    namespaces = ("user", "pid", "net", "ipc", "uts", "cgroup")
    return [
        *(f"--unshare-{name}" for name in namespaces),
        *("--disable-userns", "--die-with-parent", "--new-session"),
        *("--cap-drop", "ALL", "--hostname", _HOSTNAME),
        *("--uid", str(_UID), "--gid", str(_UID)),
    ]


@functools.cache
def _masked() -> tuple[str, ...]:
    """Those that this kernel has: where there is none, nothing can be put over it."""
    return tuple(path for path in _MASKED if Path(path).exists())


def _system(agents: Path | None) -> list[str]:
    options = ["--ro-bind", "/usr", "/usr"]
    for name in MERGED:
        path = Path("/", name)
        if path.is_symlink():
            options += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            options += ["--ro-bind", str(path), str(path)]
    if agents is not None or AGENTS.is_dir():
        options += ["--ro-bind", folder_of(agents or AGENTS), str(AGENTS)]
    return options


def _private(limits: Limits) -> list[str]:
    small = str(max(limits.tmp_bytes // 8, 1))
    return [
        *("--proc", "/proc", "--dev", "/dev"),
        *("--perms", "1777", "--size", small, "--tmpfs", "/dev/shm"),  # noqa: S108
        *("--perms", "1777", "--size", str(max(limits.tmp_bytes, 1)), "--tmpfs", "/tmp"),  # noqa: S108
        *("--perms", "0755", "--size", small, "--tmpfs", "/run"),
        *("--dir", "/var", "--symlink", "../tmp", "/var/tmp", "--symlink", "../run", "/var/run"),  # noqa: S108
    ]


def _shared(spec: SandboxSpec, forbidden: Sequence[Path]) -> list[str]:
    options = ["--bind", folder_of(spec.workspace), INSIDE.workspace]
    options += ["--bind", folder_of(spec.session), INSIDE.session]
    if spec.sockets is not None:
        # Read-only: who is inside may connect, and neither remove nor replace a socket.
        options += ["--ro-bind", folder_of(spec.sockets), INSIDE.sockets]
    for source, destination in spec.read_only:
        options += ["--ro-bind", *check_mount(source, destination, forbidden=forbidden)]
    return options


def check_mount(source: Path, destination: str, *, forbidden: Sequence[Path]) -> tuple[str, str]:
    """(resolved source, destination), or `BadMount` with the reason.

    `forbidden` are the hall's own folders: neither they, nor what is in them, nor what they are
    in may be shown.
    """
    if not source.is_absolute():
        raise BadMount(f"A mount's source must be an absolute path: {source}")
    try:
        real = source.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise BadMount(f"A mount's source does not exist: {source}") from error
    if not (real.is_dir() or real.is_file()):
        raise BadMount(f"A mount's source must be a folder or a file: {source}")
    if real == Path("/") or any(_overlap(real, Path(path)) for path in _NEVER_SHOWN):
        raise BadMount(f"{source} is never shown to a sandbox.")
    if any(_overlap(real, path.resolve()) for path in forbidden):
        raise BadMount(f"{source} would show the hall's own data to a sandbox.")
    inside = PurePosixPath(destination)
    plain = destination == str(inside) and not destination.startswith("//")
    if not (plain and inside.is_absolute() and ".." not in inside.parts):
        raise BadMount(f"A mount's place inside must be a plain absolute path: {destination}")
    if destination in {"/", "/tmp", "/var"}:  # noqa: S108
        raise BadMount(f"{destination} inside a sandbox is not free.")
    if any(_overlap(Path(destination), Path(path)) for path in _RESERVED):
        raise BadMount(f"{destination} inside a sandbox is not free.")
    return checked(str(real)), checked(destination)


def _overlap(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def folder_of(path: Path) -> str:
    """A folder as it may be mounted; raises `SandboxError` where there is none."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise SandboxError(f"The folder {path} for a sandbox does not exist.") from error
    if not real.is_dir():
        raise SandboxError(f"{path} is not a folder.")
    return checked(str(real))


def checked(text: str) -> str:
    """A text that a program can be given; raises `SandboxError` for any other."""
    if "\x00" in text or not _encodes(text):
        raise SandboxError("A sandbox's options hold a character that no program can be given.")
    return text


def _encodes(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


def command_of(spec: SandboxSpec) -> list[str]:
    """What is started inside: the program behind a shell, its relays before it."""
    if not spec.argv:
        raise SandboxError("No program to run in the sandbox.")
    command = [checked(word) for word in spec.argv]
    if not spec.relays:
        # By a shell, which says 127 of a program that is not there; bubblewrap would say 1, as
        # it does of walls that it could not put up.
        return ["/bin/sh", "-c", 'exec "$@"', "sh", *command]
    relays = [f"{_port(port)}:{_socket_name(name)}" for name, port in spec.relays.items()]
    return ["/bin/sh", "-c", _RELAY, "sh", " ".join(relays), *command]


def _port(port: int) -> int:
    if not 1024 <= port <= 65535:
        raise SandboxError(f"A relay's port must be between 1024 and 65535, not {port}.")
    return port


def _socket_name(name: str) -> str:
    if not name or not all(letter.isalnum() or letter in "-_." for letter in name):
        raise SandboxError(f"Not the name of a socket: {name!r}")
    return name
