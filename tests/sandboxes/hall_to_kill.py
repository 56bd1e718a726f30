"""A hall in miniature, for a test to kill: starts sandboxes of one provider until it dies.

usage: hall_to_kill.py PROVIDER FOLDER MARK [forever | silence]
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
    """Say `ready` when one sandbox runs with its daemon; go on starting more when told to.

    With `silence`, sandboxes end where this process does not run for a second; it says `lives` when
    one has outlived that, and then how it ended.
    """
    name, folder, mark, *more = sys.argv[1:]
    silence_s = 1.0 if more == ["silence"] else None
    provider = choose_sandbox(name, forbidden=[], silence_s=silence_s)
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
    if silence_s is not None:
        await asyncio.sleep(2 * silence_s)
        os.write(1, b"lives\n")
        os.write(1, f"{(await running[0].wait()).reason}\n".encode())
    while more == ["forever"]:
        running.append(await provider.start(spec))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
