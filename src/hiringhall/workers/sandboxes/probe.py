"""Try the walls of a sandbox from inside, so that "isolated" is a finding and not a hope."""

import asyncio
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from hiringhall.workers.sandboxes.cgroups import Found
from hiringhall.workers.sandboxes.port import (
    MIB,
    ExitReason,
    Limits,
    Probe,
    Sandboxed,
    SandboxError,
    SandboxSpec,
    read_output,
)

_INSTALL = (
    "Install it: `apt-get install bubblewrap socat` (Debian, Ubuntu), "
    "`dnf install bubblewrap socat` (Fedora), `apk add bubblewrap socat` (Alpine)."
)
_LIMITS = Limits(memory_bytes=256 * MIB, processes=64, tmp_bytes=16 * MIB, wall_s=10.0)

# Each line of its output is `+name` for what holds and `-name` for what does not. What must fail
# is tried in a way that would change nothing should it succeed.
_SCRIPT = r"""
holds() { name=$1; shift; if "$@" >/dev/null 2>&1; then echo "+$name"; else echo "-$name"; fi; }
fails() { name=$1; shift; if "$@" >/dev/null 2>&1; then echo "-$name"; else echo "+$name"; fi; }
opens() { (: >>"$1"); }
equals() { [ "$1" = "$2" ]; }
has() { case "$2" in *"$1"*) return 0 ;; esac; return 1; }
unknown_mount() {
  while read -r _ _ _ _ point _; do
    case $point in
      / | /usr | /usr/* | /bin | /sbin | /lib | /lib?? | /libx32 | /opt/agents | /opt/agents/*) ;;
      /etc/ld.so.cache | /etc/alternatives | /dev | /dev/* | /proc | /proc/* | /tmp | /run) ;;
      /workspace | /session) ;;
      *) return 0 ;;
    esac
  done </proc/self/mountinfo
  return 1
}
status=$(cat /proc/self/status)
environ=$(tr '\0' '\n' </proc/1/environ)
interfaces=$(tail -n +3 /proc/net/dev)
processes=$(set -- /proc/[0-9]*; echo $#)
tab=$(printf '\t')

holds workspace opens /workspace/probe
holds session opens /session/probe
holds tmp opens /tmp/probe
holds loopback has 'lo:' "$interfaces"
fails host-files cat "$1"
fails host-folders ls /home/ /root/ /var/lib /sys/kernel
for path in /probe /usr/probe /etc/probe /etc/passwd /dev/probe; do
  fails read-only opens "$path"
done
for path in /proc/sys/kernel/core_pattern /proc/sys/vm/drop_caches /proc/sysrq-trigger; do
  fails kernel-settings opens "$path"
done
fails environment has = "$environ"
holds network equals "$(printf '%s\n' "$interfaces" | wc -l)" 1
fails host-loopback socat -u OPEN:/dev/null "TCP4:127.0.0.1:$2,connect-timeout=1"
holds processes [ "$processes" -lt 12 ]
for own in $3; do
  fails namespaces equals "${own#*=}" "$(readlink "/proc/self/ns/${own%%=*}")"
done
fails user-namespaces unshare --user true
fails mounts mount -t tmpfs none /tmp
fails mounts-known unknown_mount
holds capabilities has "CapEff:${tab}0000000000000000" "$status"
holds capabilities has "CapBnd:${tab}0000000000000000" "$status"
holds no-new-privileges has "NoNewPrivs:${tab}1" "$status"
holds system-calls has "Seccomp:${tab}2" "$status"
holds not-root [ "$(id -u)" -ne 0 ]
echo "+done"
"""

_MEANING: Mapping[str, str] = {
    "workspace": "the workspace cannot be written",
    "session": "the session folder cannot be written",
    "tmp": "the folder for temporary files cannot be written",
    "loopback": "there is no loopback interface inside",
    "host-files": "a file of the host can be read",
    "host-folders": "folders of the host can be seen",
    "read-only": "the system's files can be written",
    "kernel-settings": "kernel settings can be written",
    "environment": "an environment can be read that is not the worker's",
    "network": "there is a network inside",
    "host-loopback": "services on the host's loopback can be reached",
    "processes": "processes of the host can be seen",
    "namespaces": "a namespace is shared with the host",
    "user-namespaces": "new user namespaces can be made inside",
    "mounts-known": "more of the host is mounted than belongs there",
    "mounts": "file systems can be mounted inside",
    "capabilities": "capabilities are left",
    "no-new-privileges": "privileges can be gained",
    "system-calls": "no system call filter is in force",
    "not-root": "the worker is root inside",
    "done": "the check did not come to its end",
}

Start = Callable[[SandboxSpec], Awaitable[Sandboxed]]


async def probe_walls(start: Start, *, groups: Found, has_filter: bool) -> Probe:
    """Run the script in a real sandbox; the sentence says what to install or change."""
    for program in ("bwrap", "socat"):
        if shutil.which(program) is None:
            return Probe(ok=False, sentence=f"`{program}` is not installed. {_INSTALL}")
    if not has_filter:
        machine = os.uname().machine
        return Probe(ok=False, sentence=f"There is no system call filter for {machine} machines.")
    try:
        output, errors, reason = await _try_walls(start)
    except SandboxError as error:
        return Probe(ok=False, sentence=error.sentence)
    if reason is ExitReason.BROKEN:
        return Probe(ok=False, sentence=explain(errors))
    lines = output.split()
    missing = [] if "+done" in lines else ["done"]
    broken = missing or [name for name in _MEANING if f"-{name}" in lines]
    if broken:
        found = "; ".join(_MEANING[name] for name in broken)
        return Probe(ok=False, sentence=f"The bubblewrap sandbox does not isolate: {found}.")
    return _verdict(groups)


def _verdict(groups: Found) -> Probe:
    if not groups.missing:
        sentence = (
            f"bubblewrap isolates; memory and processes are bounded (cgroup v{groups.version})."
        )
        return Probe(ok=True, sentence=sentence)
    lacks: list[str] = []
    if "memory" not in groups.folders:
        lacks.append("a worker's memory is not bounded")
    if "pids" not in groups.folders:
        loosely = "not" if os.getuid() == 0 else "only loosely"
        lacks.append(f"a worker's processes are {loosely} bounded")
    sentence = f"bubblewrap isolates, but {' and '.join(lacks)}."
    return Probe(ok=True, sentence=sentence, warnings=(groups.missing,))


def _make_folders(folder: Path) -> Path:
    # The canary lies where every user may read it: only the walls hide it.
    folder.chmod(0o755)
    canary = folder / "canary"
    canary.write_text(secrets.token_hex())
    for name in ("workspace", "session"):
        (folder / name).mkdir()
    return canary


async def _try_walls(start: Start) -> tuple[str, str, ExitReason]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hiringhall-probe-")))
        canary = _make_folders(folder)
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port: int = listener.getsockname()[1]
        spec = SandboxSpec(
            name="probe",
            argv=["/bin/sh", "-c", _SCRIPT, "probe", str(canary), str(port), _own_namespaces()],
            environment={},
            workspace=folder / "workspace",
            session=folder / "session",
            limits=_LIMITS,
        )
        sandbox = await start(spec)
        try:
            output, errors = await asyncio.gather(
                read_output(sandbox.stdout, 64 * 1024), read_output(sandbox.stderr, 64 * 1024)
            )
        finally:
            result = await sandbox.kill()
        return output.text, errors.text, result.reason


def _own_namespaces() -> str:
    names = ("user", "pid", "net", "ipc", "uts", "cgroup", "mnt")
    pairs: list[str] = []
    for name in names:
        path = Path("/proc/self/ns", name)
        if path.is_symlink():
            pairs.append(f"{name}={path.readlink()}")
    return " ".join(pairs)


def explain(errors: str) -> str:
    """A person's next step, from what bubblewrap said when it could not put up its walls."""
    said = " ".join(errors.split())[:300] or "it gave no reason"
    opening = f"bubblewrap cannot isolate here ({said})."
    if _reads("/proc/sys/kernel/unprivileged_userns_clone") == "0":
        return f"{opening} Allow user namespaces: `sysctl kernel.unprivileged_userns_clone=1`."
    if _reads("/proc/sys/user/max_user_namespaces") == "0":
        return f"{opening} Allow user namespaces: `sysctl user.max_user_namespaces=15000`."
    if _in_container():
        return (
            f"{opening} In a container, allow nested namespaces: `--security-opt "
            "seccomp=unconfined --security-opt apparmor=unconfined "
            "--security-opt systempaths=unconfined`."
        )
    if _reads("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (
            f"{opening} AppArmor forbids it: give bwrap a profile with `userns,`, or "
            "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`."
        )
    return f"{opening} See `bwrap --unshare-all --ro-bind / / true` on this machine."


def _reads(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _in_container() -> bool:
    marks = ("/.dockerenv", "/run/.containerenv")
    return any(Path(mark).exists() for mark in marks) or "container=" in _reads("/proc/1/environ")
