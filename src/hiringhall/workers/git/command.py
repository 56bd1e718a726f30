"""Runs the host's git: with none of anybody's configuration, bounded in time, memory and output.

Every call names its repository by `--git-dir`; none ever names a folder that a worker can write.
What a call may fetch from is given by scheme (`protocols`), nothing by default.
"""

import asyncio
import contextlib
import math
import os
import shutil
import signal
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from hiringhall.workers.git.errors import GitFailed, GitUnusable, TimedOut, TooLarge, clean

MIB = 1 << 20
OLDEST_GIT = (2, 37)
"""The first git that can be held to an address that was checked (`http.curloptResolve`)."""

HARDENING: tuple[tuple[str, str], ...] = (
    # Nothing that git could start by itself.
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.askPass", ""),
    ("credential.helper", ""),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("push.recurseSubmodules", "no"),
    ("push.gpgSign", "false"),
    ("protocol.allow", "never"),
    ("protocol.ext.allow", "never"),
    ("transfer.bundleURI", "false"),
    # A server that goes silent is left; one that points elsewhere is not followed.
    ("http.followRedirects", "false"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "60"),
    # Objects from outside always stay in one pack, whose making is bounded.
    ("fetch.unpackLimit", "1"),
    ("transfer.unpackLimit", "1"),
    ("core.bigFileThreshold", "16m"),
    ("core.packedGitLimit", "256m"),
    ("core.packedGitWindowSize", "16m"),
    ("core.deltaBaseCacheLimit", "32m"),
    ("pack.threads", "1"),
    ("pack.windowMemory", "64m"),
    ("pack.deltaCacheSize", "32m"),
    ("index.threads", "1"),
    # Names that would be `.git` on another file system.
    ("core.protectHFS", "true"),
    ("core.protectNTFS", "true"),
)

_LIMITED = (
    'trap "" XFSZ; { ulimit -c 0; ulimit -f "$1"; ulimit -d "$2"; ulimit -t "$3"; } 2>/dev/null; '
    'shift 3; exec "$@"'
)
"""Limits are set by a shell between us and git: cheaper and safer than code after a fork.

A write beyond the limit fails with words of git's own rather than by a signal without any.
"""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one call of git may take."""

    time_s: float = 60
    output_bytes: int = 8 * MIB
    memory_bytes: int = 1024 * MIB
    file_bytes: int = 4096 * MIB


@dataclass(frozen=True, slots=True)
class Answer:
    """How a call ended. `out` is cut at the bound where the caller allowed that."""

    code: int
    out: bytes
    err: str
    cut: bool = False

    @property
    def text(self) -> str:
        """The output as text, without the last line's end."""
        return self.out.decode("utf-8", "backslashreplace").rstrip("\n")


@dataclass(frozen=True, slots=True)
class Git:
    """The host's git. Safe to share; each call stands alone."""

    program: str = "git"
    bounds: Bounds = Bounds()

    async def run(
        self,
        *arguments: str,
        repository: Path | None = None,
        config: Sequence[tuple[str, str]] = (),
        protocols: str = "",
        environment: Sequence[tuple[str, str]] = (),
        stdin: bytes | BinaryIO | None = None,
        stdout: BinaryIO | None = None,
        keep_open: Sequence[int] = (),
        bounds: Bounds | None = None,
        cut: bool = False,
    ) -> Answer:
        """Run one command to its end.

        `stdout` is a file that takes the output instead. With `cut` an output beyond its bound
        is cut there and git ended; without it that is an error. `keep_open` are descriptors that
        git holds too: a lock of ours then outlives us as long as git does.

        Raises:
            TimedOut: the time was up.
            TooLarge: the output was larger than allowed.
            GitUnusable: there is no git.
        """
        bounds = bounds or self.bounds
        async with self.started(
            *arguments,
            repository=repository,
            config=config,
            protocols=protocols,
            environment=environment,
            stdin=stdin,
            stdout=stdout,
            keep_open=keep_open,
            bounds=bounds,
        ) as process:
            feeding = asyncio.create_task(_feed(process, stdin))
            errors = asyncio.create_task(read_errors(process))
            try:
                out, over = await _capture(process, bounds.output_bytes)
                if over:
                    if not cut:
                        raise TooLarge(f"git {arguments[0]} wrote more than this hall reads.")
                    _kill(process)
                err = await errors
                await feeding
                code = await process.wait()
            finally:
                feeding.cancel()
                errors.cancel()
        return Answer(code=code, out=out, err=err, cut=over)

    async def must(self, *arguments: str, repository: Path, **how: object) -> Answer:
        """Run a command that has no reason of its own to fail.

        Raises:
            GitFailed: it failed all the same.
        """
        answer = await self.run(*arguments, repository=repository, **how)  # pyright: ignore[reportArgumentType]
        if answer.code != 0:
            raise GitFailed(f"git {arguments[0]} failed: {clean(answer.err)}")
        return answer

    @contextlib.asynccontextmanager
    async def started(
        self,
        *arguments: str,
        repository: Path | None = None,
        config: Sequence[tuple[str, str]] = (),
        protocols: str = "",
        environment: Sequence[tuple[str, str]] = (),
        stdin: bytes | BinaryIO | None = None,
        stdout: BinaryIO | None = None,
        keep_open: Sequence[int] = (),
        bounds: Bounds | None = None,
    ) -> AsyncGenerator[asyncio.subprocess.Process]:
        """A running command, to be read as it writes; its whole group ends on the way out."""
        bounds = bounds or self.bounds
        where = () if repository is None else (f"--git-dir={repository}",)
        given = asyncio.subprocess.PIPE if isinstance(stdin, bytes) else stdin
        try:
            process = await asyncio.create_subprocess_exec(
                "/bin/sh",
                "-c",
                _LIMITED,
                "git",
                str(bounds.file_bytes // 512),
                str(bounds.memory_bytes // 1024),
                str(math.ceil(bounds.time_s) + 5),
                self.program,
                *where,
                *arguments,
                stdin=asyncio.subprocess.DEVNULL if given is None else given,
                stdout=asyncio.subprocess.PIPE if stdout is None else stdout,
                stderr=asyncio.subprocess.PIPE,
                cwd="/",
                env=_environment(config, protocols, environment),
                start_new_session=True,
                pass_fds=tuple(keep_open),
            )
        except OSError as error:
            raise GitUnusable(f"git could not be started: {error}") from error
        try:
            async with asyncio.timeout(bounds.time_s):
                yield process
        except TimeoutError as error:
            raise TimedOut(f"git {arguments[0]} took longer than {bounds.time_s:g} s.") from error
        finally:
            _kill(process)
            await process.wait()

    def within(self, **bounds: float) -> Bounds:
        """The usual bounds with some of them changed."""
        return replace(self.bounds, **bounds)  # pyright: ignore[reportArgumentType]

    async def version(self) -> tuple[int, int]:
        """The version of the host's git.

        Raises:
            GitUnusable: there is none, or it is too old.
        """
        if shutil.which(self.program) is None:
            raise GitUnusable("git is not installed on this host: install the package `git`.")
        words = (await self.run("version")).text.split()
        numbers = words[2].split(".") if len(words) > 2 else []
        if len(numbers) < 2 or not (numbers[0].isdecimal() and numbers[1].isdecimal()):
            raise GitUnusable(f"git does not say its version: {' '.join(words)[:100]}")
        found = (int(numbers[0]), int(numbers[1]))
        if found < OLDEST_GIT:
            raise GitUnusable(
                f"git {OLDEST_GIT[0]}.{OLDEST_GIT[1]} or newer is needed, this host has {found[0]}."
                f"{found[1]}: an older one cannot be held to an address that was checked."
            )
        return found


def _environment(
    config: Sequence[tuple[str, str]], protocols: str, extra: Sequence[tuple[str, str]]
) -> dict[str, str]:
    """All that git sees of the world: its settings come by environment, never by argv."""
    settings = (*HARDENING, *config)
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for index, (key, value) in enumerate(settings):
        environment[f"GIT_CONFIG_KEY_{index}"] = key
        environment[f"GIT_CONFIG_VALUE_{index}"] = value
    environment.update(extra)
    return environment


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


async def _feed(process: asyncio.subprocess.Process, stdin: bytes | BinaryIO | None) -> None:
    if process.stdin is None or not isinstance(stdin, bytes):
        return
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(stdin)
        await process.stdin.drain()
    process.stdin.close()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        await process.stdin.wait_closed()


async def _capture(process: asyncio.subprocess.Process, limit: int) -> tuple[bytes, bool]:
    """The output up to a limit, and whether there was more."""
    if process.stdout is None:
        return b"", False
    parts: list[bytes] = []
    size = 0
    while chunk := await process.stdout.read(1 << 16):
        parts.append(chunk)
        size += len(chunk)
        if size > limit:
            return b"".join(parts)[:limit], True
    return b"".join(parts), False


async def read_errors(process: asyncio.subprocess.Process, limit: int = 1 << 16) -> str:
    """The error output to its end, of which the first part is kept."""
    kept = bytearray()
    if process.stderr is not None:
        while chunk := await process.stderr.read(1 << 14):
            kept += chunk[: max(0, limit - len(kept))]
    return kept.decode("utf-8", "backslashreplace")
