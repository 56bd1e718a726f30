"""Tries the walls of an engine's container from inside, so that "isolated" is a finding."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

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

_LIMITS = Limits(memory_bytes=256 * MIB, processes=64, tmp_bytes=16 * MIB, wall_s=120.0)

# Each line of its output is `+name` for what holds and `-name` for what does not.
_SCRIPT = r"""
holds() { name=$1; shift; if "$@" >/dev/null 2>&1; then echo "+$name"; else echo "-$name"; fi; }
fails() { name=$1; shift; if "$@" >/dev/null 2>&1; then echo "-$name"; else echo "+$name"; fi; }
opens() { (: >>"$1"); }
equals() { [ "$1" = "$2" ]; }
has() { case "$2" in *"$1"*) return 0 ;; esac; return 1; }
status=$(cat /proc/self/status)
tab=$(printf '\t')
holds workspace opens /workspace/probe
holds session opens /session/probe
holds tmp opens /tmp/probe
for path in /probe /usr/probe /etc/probe; do fails read-only opens "$path"; done
fails kernel-settings opens /proc/sys/kernel/core_pattern
fails token ls /var/run/secrets/kubernetes.io
fails engine ls /var/run/docker.sock /run/docker.sock
holds capabilities has "CapEff:${tab}0000000000000000" "$status"
holds no-new-privileges has "NoNewPrivs:${tab}1" "$status"
for tool in sh timeout base64 head tail grep find git; do holds "$tool" command -v "$tool"; done
"""
_NETWORK = r"""
holds network equals "$(tail -n +3 /proc/net/dev | wc -l | tr -d ' ')" 1
holds socat command -v socat
"""


async def try_walls(
    start: Callable[[SandboxSpec], Awaitable[Sandboxed]],
    what: str,
    *,
    folder: Path | None = None,
    own_network: bool = False,
) -> Probe:
    """What holds in one container; `own_network` where only a policy keeps it from others.

    `folder` is where workspaces are; unset, any will do.
    """
    with tempfile.TemporaryDirectory(prefix="hall-probe-", dir=folder) as made:
        workspace, session = Path(made, "workspace"), Path(made, "session")
        for path in (workspace, session):
            path.mkdir()
        script = _SCRIPT if own_network else _SCRIPT + _NETWORK
        spec = SandboxSpec(
            name="probe",
            argv=["/bin/sh", "-c", script],
            environment={},
            workspace=workspace,
            session=session,
            limits=_LIMITS,
        )
        try:
            sandbox = await start(spec)
        except SandboxError as error:
            return Probe(ok=False, sentence=error.sentence)
        found, complained = await asyncio.gather(
            read_output(sandbox.stdout, MIB), read_output(sandbox.stderr, 4_000)
        )
        ended = await sandbox.wait()
    lines = found.text.split()
    broken = sorted({line[1:] for line in lines if line.startswith("-")})
    if ended.reason is not ExitReason.EXITED or not lines:
        why = complained.text.strip() or ended.reason.value
        return Probe(ok=False, sentence=f"{what} do not run: {why}")
    if broken:
        return Probe(ok=False, sentence=f"{what} do not isolate, or lack: {', '.join(broken)}.")
    return Probe(ok=True, sentence=f"{what} isolate: tried from inside.")
