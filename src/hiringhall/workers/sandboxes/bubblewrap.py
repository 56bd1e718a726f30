"""The `bubblewrap` provider: namespaces, a seccomp filter and control groups around each run."""

import asyncio
import os
import resource
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hiringhall.workers.sandboxes import cgroups, disk
from hiringhall.workers.sandboxes.filter import compile_filter
from hiringhall.workers.sandboxes.port import Limits, Places, Probe, SandboxError, SandboxSpec
from hiringhall.workers.sandboxes.probe import probe_walls
from hiringhall.workers.sandboxes.profile import (
    AGENTS,
    ENVIRONMENT,
    INSIDE,
    build_profile,
    check_mount,
)
from hiringhall.workers.sandboxes.view import View
from hiringhall.workers.sandboxes.warden import Kept, Order, Warden

_ARGS_FD = 3
_FIRST_FILE_FD = 4
_OWN_PROCESSES = 3
"""Bubblewrap's two, and the moment in which the second one is being forked."""
_OPEN_FILES = 16384
_LOOSE = 4096


class Bubblewrap:
    """Sandboxes by `bwrap(1)`. `forbidden` are folders of the hall that no role may mount."""

    name = "bubblewrap"

    def __init__(self, *, forbidden: Sequence[Path] = (), silence_s: float | None = None) -> None:
        self._forbidden = tuple(forbidden)
        self._seccomp = compile_filter()
        self._groups: cgroups.Found | None = None
        self._finding = asyncio.Lock()
        self._warden = Warden(silence_s)
        self._program: str | None = None

    def places(self, *, workspace: Path, session: Path, sockets: Path | None) -> Places:
        return INSIDE

    def check_mounts(self, read_only: Sequence[tuple[Path, str]]) -> None:
        for source, destination in read_only:
            check_mount(source, destination, forbidden=self._forbidden)

    def lacks_program(
        self, program: str, *, path: str | None, read_only: Sequence[tuple[Path, str]]
    ) -> bool:
        return View(read_only).lacks(program, ENVIRONMENT["PATH"] if path is None else path)

    def view(self, path: str | None) -> str:
        return (
            f"A command in the sandbox sees /usr, {AGENTS} and what --mount shows; its PATH is "
            f"{path or ENVIRONMENT['PATH']}."
        )

    async def probe(self) -> Probe:
        groups = await self._find_groups()
        return await probe_walls(self.start, groups=groups, has_filter=self._seccomp is not None)

    async def start(self, spec: SandboxSpec) -> Kept:
        groups = await self._find_groups()
        room_bytes = spec.limits.disk_bytes
        disk_bytes = await asyncio.to_thread(disk.with_room, spec.written, room_bytes)
        order = replace(self._order(spec, groups), disk_bytes=disk_bytes)
        return await self._warden.launch(order, groups)

    async def _find_groups(self) -> cgroups.Found:
        async with self._finding:
            if self._groups is None:
                self._groups = await asyncio.to_thread(cgroups.prepare)
            return self._groups

    def _order(self, spec: SandboxSpec, groups: cgroups.Found) -> Order:
        program = self._program or shutil.which("bwrap")
        if program is None:
            raise SandboxError("`bwrap` is not installed.")
        self._program = program
        profile = build_profile(
            spec, first_fd=_FIRST_FILE_FD, seccomp=self._seccomp, forbidden=self._forbidden
        )
        options = ["--json-status-fd", str(_FIRST_FILE_FD + len(profile.files)), *profile.options]
        arguments = b"".join(os.fsencode(option) + b"\0" for option in options)
        limits = spec.limits
        return Order(
            program=program,
            argv=["bwrap", "--args", str(_ARGS_FD), "--", *profile.command],
            environment={},
            wall_s=limits.wall_s,
            disk_folders=spec.written,
            disk_bytes=limits.disk_bytes,
            files=[arguments, *profile.files],
            reports=True,
            groups=groups.plans(
                memory_bytes=limits.memory_bytes, processes=limits.processes + _OWN_PROCESSES
            ),
            rlimits=rlimits(limits),
            loose_processes=loose_processes(limits, groups),
            stdin=spec.stdin,
            interactive=spec.interactive,
        )

    async def close(self) -> None:
        await self._warden.close()


def loose_processes(limits: Limits, groups: cgroups.Found) -> int:
    """A bound for all processes of the hall's user where no control group counts one sandbox's.

    It is wide, because the other sandboxes count too. Root is never bounded by it.
    """
    return 0 if "pids" in groups.folders or os.getuid() == 0 else _LOOSE + limits.processes


def rlimits(limits: Limits) -> list[tuple[int, int]]:
    """What is bounded for each process by itself. Never RLIMIT_AS: Node and Bun reserve space."""
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most_files == resource.RLIM_INFINITY:
        most_files = _OPEN_FILES
    return [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, min(_OPEN_FILES, most_files)),
    ]
