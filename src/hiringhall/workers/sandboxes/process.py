"""The `process-unsafe` provider: a plain process with no wall at all, for trusted work alone."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from hiringhall.workers.sandboxes import cgroups, disk
from hiringhall.workers.sandboxes.bubblewrap import loose_processes, rlimits
from hiringhall.workers.sandboxes.port import Places, Probe, SandboxError, SandboxSpec
from hiringhall.workers.sandboxes.warden import Kept, Order, Warden

UNSAFE = (
    "process-unsafe isolates nothing: what runs in it sees and may do all that the hall's own user "
    "sees and may do."
)
_PATH = "/usr/local/bin:/usr/bin:/bin"


class ProcessUnsafe:
    """Same interface, same bounds, same certain end; no isolation. Sees the host's own paths."""

    name = "process-unsafe"

    def __init__(self, *, silence_s: float | None = None) -> None:
        self._warden = Warden(silence_s)
        self._groups: cgroups.Found | None = None
        self._finding = asyncio.Lock()

    def places(self, *, workspace: Path, session: Path, sockets: Path | None) -> Places:
        return Places(str(workspace), str(session), "" if sockets is None else str(sockets))

    def check_mounts(self, read_only: Sequence[tuple[Path, str]]) -> None:
        """Everything of the host is seen anyhow."""

    def lacks_program(
        self, program: str, *, path: str | None, read_only: Sequence[tuple[Path, str]]
    ) -> bool:
        if "/" in program and not program.startswith("/"):
            return False
        return shutil.which(program, path=_PATH if path is None else path) is None

    def view(self, path: str | None) -> str:
        return f"A command sees what the hall's user sees; its PATH is {path or _PATH}."

    async def probe(self) -> Probe:
        return Probe(ok=True, sentence=UNSAFE, warnings=(UNSAFE,))

    async def start(self, spec: SandboxSpec) -> Kept:
        if spec.relays:
            raise SandboxError("process-unsafe has no relays: it shares the host's network.")
        environment = {"PATH": _PATH, "HOME": str(spec.session), "LANG": "C.UTF-8"}
        environment.update(spec.environment)
        program = _find_program(spec, environment["PATH"])
        async with self._finding:
            if self._groups is None:
                self._groups = await asyncio.to_thread(cgroups.prepare)
        limits = spec.limits
        disk_bytes = await asyncio.to_thread(disk.with_room, spec.written, limits.disk_bytes)
        # Should the keeper itself be killed. Bubblewrap does this by its own means.
        leash = shutil.which("setpriv")
        bound = [] if leash is None else [leash, "--pdeathsig", "KILL", "--"]
        argv = [*bound, program, *spec.argv[1:]]
        order = Order(
            program=argv[0],
            argv=argv,
            environment=environment,
            folder=str(spec.workspace),
            wall_s=limits.wall_s,
            disk_folders=spec.written,
            disk_bytes=disk_bytes,
            groups=self._groups.plans(memory_bytes=limits.memory_bytes, processes=limits.processes),
            rlimits=rlimits(limits),
            loose_processes=loose_processes(limits, self._groups),
            stdin=spec.stdin,
            interactive=spec.interactive,
        )
        return await self._warden.launch(order, self._groups)

    async def close(self) -> None:
        await self._warden.close()


def _find_program(spec: SandboxSpec, path: str) -> str:
    if not spec.argv:
        raise SandboxError("No program to run.")
    # A path is meant from the workspace, where the process begins.
    named = spec.argv[0] if "/" not in spec.argv[0] else str(spec.workspace / spec.argv[0])
    program = shutil.which(named, path=path)
    if program is None:
        raise SandboxError(f"There is no program {spec.argv[0]!r}.")
    return str(Path(program).absolute())
