"""Runs little programs in a sandbox and says how they went."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hiringhall.workers.sandboxes.port import (
    MIB,
    Exit,
    ExitReason,
    Limits,
    Sandboxed,
    SandboxProvider,
    SandboxSpec,
    read_output,
)

LIMITS = Limits(memory_bytes=256 * MIB, processes=64, tmp_bytes=16 * MIB, wall_s=60.0)

# `attempt(call)` prints the name of the error a system call ended with, or `allowed`.
PRELUDE = """
import ctypes, errno, os, platform, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() == "aarch64"
def syscall(x86_64, aarch64, *arguments):
    number = aarch64 if ARM else x86_64
    longs = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    if libc.syscall(ctypes.c_long(number), *longs) < 0:
        raise OSError(ctypes.get_errno(), "syscall")
def attempt(call, *arguments, **more):
    try:
        call(*arguments, **more)
    except OSError as error:
        print(errno.errorcode.get(error.errno, str(error)))
    else:
        print("allowed")
"""


@dataclass(frozen=True, slots=True)
class Went:
    """How a program in a sandbox went, with all it wrote."""

    exit: Exit
    out: str
    err: str

    @property
    def ok(self) -> bool:
        return self.exit == Exit(0, ExitReason.EXITED)


@dataclass(slots=True)
class Inside:
    provider: SandboxProvider
    folder: Path
    limits: Limits = LIMITS
    _count: int = field(default=0)

    def __post_init__(self) -> None:
        self.workspace.mkdir(exist_ok=True)
        self.session.mkdir(exist_ok=True)

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def session(self) -> Path:
        return self.folder / "session"

    async def start(
        self,
        *argv: str,
        limits: Limits | None = None,
        environment: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        interactive: bool = False,
        read_only: Sequence[tuple[Path, str]] = (),
        sockets: Path | None = None,
        relays: Mapping[str, int] | None = None,
    ) -> Sandboxed:
        self._count += 1
        return await self.provider.start(
            SandboxSpec(
                name=f"test-{self._count}",
                argv=argv,
                environment=environment or {},
                workspace=self.workspace,
                session=self.session,
                sockets=sockets,
                read_only=read_only,
                limits=limits or self.limits,
                stdin=stdin,
                interactive=interactive,
                relays=relays or {},
            )
        )

    async def run(self, *argv: str, **more: object) -> Went:
        sandbox = await self.start(*argv, **more)  # pyright: ignore[reportArgumentType]
        return await finish(sandbox)

    async def shell(self, script: str, *arguments: str, **more: object) -> Went:
        return await self.run("/bin/sh", "-c", script, "sh", *arguments, **more)

    async def python(self, script: str, *arguments: str, **more: object) -> Went:
        """The interpreter that runs the tests, wherever it is installed."""
        argv, read_only = python_command()
        return await self.run(
            *argv, "-c", PRELUDE + script, *arguments, read_only=read_only, **more
        )


async def finish(sandbox: Sandboxed) -> Went:
    out, err = await asyncio.gather(
        read_output(sandbox.stdout, MIB), read_output(sandbox.stderr, MIB)
    )
    return Went(await sandbox.wait(), out.text, err.text)


def python_command() -> tuple[list[str], list[tuple[Path, str]]]:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    program = Path(sys.base_prefix, "bin", version)
    mounts = [] if program.is_relative_to("/usr") else [(Path(sys.base_prefix), sys.base_prefix)]
    return [str(program), "-I"], mounts
