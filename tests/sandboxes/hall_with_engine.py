"""A hall in miniature whose sandboxes are an engine's containers: for a test to kill, or to stop.

usage: hall_with_engine.py docker|kubernetes WHERE FOLDER
"""

import asyncio
import os
import sys
from pathlib import Path

from hiringhall.workers.sandboxes.docker import Docker
from hiringhall.workers.sandboxes.kubernetes import Kubernetes
from hiringhall.workers.sandboxes.kubernetes.api import Access
from hiringhall.workers.sandboxes.port import SandboxProvider
from hiringhall.workers.sandboxes.pulse import Pulse
from tests.sandboxes.inside import Inside
from tests.support import docker_engine, kubernetes_cluster

SILENCE_S = 3.0
SCRIPT = """
(setsid /bin/sh -c '(while :; do sleep 600; done) & wait' >/dev/null 2>&1 </dev/null &)
trap '' TERM HUP INT
echo ready
while :; do sleep 600; done
"""


def provider(kind: str, where: str, folder: Path) -> SandboxProvider:
    """The provider that is to be tried."""
    pulse = Pulse(folder / "alive", SILENCE_S)
    if kind == "docker":
        return Docker(socket=where, image=docker_engine.IMAGE, owner="o", pulse=pulse)
    return Kubernetes(
        Access(where, kubernetes_cluster.NAMESPACE, folder / "token", folder / "no-ca"),
        image=kubernetes_cluster.IMAGE,
        owner="o",
        claim=kubernetes_cluster.CLAIM,
        root=folder,
        pulse=pulse,
    )


async def main() -> None:
    """Say `lives` when a container has outlived the time of silence, and then how it ended."""
    kind, where, folder = sys.argv[1:]
    inside = Inside(provider(kind, where, Path(folder)), Path(folder))
    sandbox = await inside.start("/bin/sh", "-c", SCRIPT)
    assert await sandbox.stdout.readline() == b"ready\n"
    await asyncio.sleep(2 * SILENCE_S)
    os.write(1, b"lives\n")
    ended = await sandbox.wait()
    os.write(1, f"{ended.code} {ended.reason}\n".encode())


if __name__ == "__main__":
    asyncio.run(main())
