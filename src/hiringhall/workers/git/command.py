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
from collections.abc import AsyncGenerator, Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

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

_CLOSE_TIME_S = 5.0


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


class Running:
    """A command that runs; `Git.started` ends it, with all that it started, whatever happens."""

    def __init__(self, process: asyncio.subprocess.Process, stdin: bytes | BinaryIO | None) -> None:
        self._process = process
        self._errors = asyncio.create_task(self._read_errors())
        self._feeding = asyncio.create_task(self._feed(stdin if isinstance(stdin, bytes) else b""))

    @property
    def stdout(self) -> asyncio.StreamReader:
        """What it writes, where that was not given a file."""
        assert self._process.stdout is not None
        return self._process.stdout

    async def read_up_to(self, limit: int) -> bytes:
        """The output to its end, or the first `limit` bytes of it."""
        parts: list[bytes] = []
        size = 0
        while self._process.stdout is not None and size < limit:
            chunk = await self.stdout.read(min(1 << 16, limit - size))
            if not chunk:
                break
            parts.append(chunk)
            size += len(chunk)
        return b"".join(parts)

    async def ended(self) -> tuple[int, str]:
        """How it ended (negative: by that signal), and what it said; unread output is dropped."""
        await self._drain()
        return await self._process.wait(), await self._errors

    def kill(self) -> None:
        """End it and all that it started, if it runs."""
        if self._process.returncode is None:
            self._kill_group()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def close(self) -> None:
        """End it, and all that it started."""
        self.kill()
        self._feeding.cancel()
        await asyncio.gather(self._feeding, return_exceptions=True)
        try:
            async with asyncio.timeout(_CLOSE_TIME_S):
                await self._drain()
        except TimeoutError:
            # It ended by itself, but what it started holds on to the pipes (and to its group).
            self._kill_group()
            await self._drain()
        await self._process.wait()

    async def _drain(self) -> None:
        """Read both pipes to their ends: only then does asyncio close them, and see the end."""
        while self._process.stdout is not None and await self.stdout.read(1 << 16):
            pass
        await asyncio.shield(self._errors)

    async def _read_errors(self, limit: int = 1 << 16) -> str:
        kept = bytearray()
        stream = self._process.stderr
        while stream is not None and (chunk := await stream.read(1 << 14)):
            kept += chunk[: max(0, limit - len(kept))]
        return kept.decode("utf-8", "backslashreplace")

    async def _feed(self, content: bytes) -> None:
        stream = self._process.stdin
        if stream is None:
            return
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                stream.write(content)
                await stream.drain()
        finally:
            stream.close()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                await stream.wait_closed()


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
        ) as running:
            out = await running.read_up_to(bounds.output_bytes + 1)
            over = len(out) > bounds.output_bytes
            if over and not cut:
                raise TooLarge(f"git {arguments[0]} wrote more than this hall reads.")
            if over:
                running.kill()
            code, err = await running.ended()
        return Answer(code=code, out=out[: bounds.output_bytes], err=err, cut=over)

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
    ) -> AsyncGenerator["Running"]:
        """A running command, to be read as it writes; its whole group ends on the way out."""
        bounds = bounds or self.bounds
        where = () if repository is None else (f"--git-dir={repository}",)
        given = asyncio.subprocess.PIPE if isinstance(stdin, bytes) else stdin
        running = await _begin(
            asyncio.create_subprocess_exec(
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
            ),
            stdin,
        )
        try:
            async with asyncio.timeout(bounds.time_s):
                yield running
        except TimeoutError as error:
            raise TimedOut(f"git {arguments[0]} took longer than {bounds.time_s:g} s.") from error
        finally:
            await running.close()

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


async def _begin(
    start: Coroutine[Any, Any, asyncio.subprocess.Process], stdin: bytes | BinaryIO | None
) -> Running:
    starting = asyncio.ensure_future(start)
    try:
        return Running(await asyncio.shield(starting), stdin)
    except asyncio.CancelledError:
        # asyncio waits for ever, and forgets the child, when it is cancelled while it starts one:
        # so let it begin, and end it then.
        await Running(await starting, stdin).close()
        raise
    except OSError as error:
        raise GitUnusable(f"git could not be started: {error}") from error


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
