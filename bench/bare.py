"""The floor of a run's start: bubblewrap with the hall's own profile, and nothing around it.

A process of its own: `python -m bench.bare` reads one job a line (`Job` as JSON) and answers with
one line, how many milliseconds each sandbox took from its spawning to its program's first word.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from hiringhall.workers.sandboxes.filter import compile_filter
from hiringhall.workers.sandboxes.port import SandboxSpec
from hiringhall.workers.sandboxes.profile import build_profile

_ARGS_FD = 3


class Job(msgspec.Struct):
    """So many sandboxes, this many of them at once; each says the time when its program runs."""

    program: str
    argv: list[str]
    count: int
    at_once: int


def _memory_file(data: bytes) -> int:
    fd = os.memfd_create("bench")
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _start(job: Job, folder: Path) -> tuple[int, int, int]:
    """Spawn one; when that began, its process, and where it will say when it ran."""
    (workspace := folder / "workspace").mkdir()
    (session := folder / "session").mkdir()
    spec = SandboxSpec(
        name="bare", argv=job.argv, environment={}, workspace=workspace, session=session
    )
    begun_ns = time.time_ns()
    profile = build_profile(spec, first_fd=_ARGS_FD + 1, seccomp=compile_filter(), forbidden=())
    arguments = b"".join(os.fsencode(option) + b"\0" for option in profile.options)
    files = [_memory_file(data) for data in (arguments, *profile.files)]
    said, theirs = os.pipe()
    # Out of the way first: a descriptor's new place may be another's old one.
    high = [os.dup2(fd, 200 + number, inheritable=False) for number, fd in enumerate(files)]
    actions = [(os.POSIX_SPAWN_DUP2, fd, _ARGS_FD + number) for number, fd in enumerate(high)]
    words = ["bwrap", "--args", str(_ARGS_FD), "--", *profile.command]
    pid = os.posix_spawn(
        job.program, words, {}, file_actions=[(os.POSIX_SPAWN_DUP2, theirs, 1), *actions]
    )
    for fd in (theirs, *files, *high):
        os.close(fd)
    return begun_ns, pid, said


def _burst(job: Job, folder: Path) -> list[float]:
    started = []
    for number in range(job.at_once):
        (place := folder / str(number)).mkdir()
        started.append(_start(job, place))
    took_ms: list[float] = []
    for begun_ns, pid, said in started:
        with open(said, "rb") as told:  # noqa: PTH123
            took_ms.append((int(told.read().split()[0]) - begun_ns) / 1e6)
        os.waitpid(pid, 0)
    return took_ms


def main() -> None:
    """Do the jobs of standard input, one after the other."""
    for line in sys.stdin.buffer:
        job = msgspec.json.decode(line, type=Job)
        took_ms: list[float] = []
        while len(took_ms) < job.count:
            with tempfile.TemporaryDirectory(prefix="bare-") as folder:
                took_ms += _burst(job, Path(folder))
        sys.stdout.buffer.write(msgspec.json.encode(took_ms) + b"\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
