"""A hall in miniature, for a test to kill: starts sandboxes of one provider until it dies.

usage: hall_to_kill.py PROVIDER FOLDER MARK [forever]
"""

import asyncio
import os
import sys
from pathlib import Path

from hiringhall.workers.sandboxes.choose import choose_sandbox
from hiringhall.workers.sandboxes.port import Limits, Sandboxed, SandboxSpec

# A daemon as daemons are made: forked twice, in a session of its own, holding no pipe of ours.
SCRIPT = """
(setsid /bin/sh -c '(while :; do sleep 600; done) & wait' "$1" >/dev/null 2>&1 </dev/null &)
trap '' TERM HUP INT
echo ready
while :; do sleep 600; done
"""


async def main() -> None:
    """Say `ready` when one sandbox runs with its daemon; go on starting more when told to."""
    name, folder, mark, *forever = sys.argv[1:]
    provider = choose_sandbox(name, forbidden=[])
    spec = SandboxSpec(
        name=mark,
        argv=["/bin/sh", "-c", SCRIPT, mark, mark],
        environment={},
        workspace=Path(folder),
        session=Path(folder),
        limits=Limits(wall_s=120.0),
    )
    running: list[Sandboxed] = [await provider.start(spec)]
    await running[0].stdout.readline()
    os.write(1, b"ready\n")
    while forever:
        running.append(await provider.start(spec))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
