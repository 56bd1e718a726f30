"""Looks at processes and control groups from the host's side."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from hiringhall.workers.sandboxes import cgroups


def read_process(pid: int, name: str) -> bytes:
    return Path(f"/proc/{pid}/{name}").read_bytes()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])


def children_of(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, path.read_text().split())
    return found


def family_of(pid: int) -> list[int]:
    """A process and all that come from it."""
    return [pid, *(member for child in children_of(pid) for member in family_of(child))]


def marked(mark: str, *, but: str) -> list[int]:
    """Processes, on the whole machine, with the mark in their command line."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = path.read_bytes()
            if mark.encode() in command and but.encode() not in command:
                found.append(int(path.parent.name))
    return found


def descriptors_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def groups_of(keepers: list[int]) -> list[str]:
    """The control groups that these keepers made, of those there are now."""
    folders = set(cgroups.find().folders.values())
    names = [path.name for folder in folders for path in folder.glob("hiringhall-*")]
    return [name for name in names if int(name.split("-")[1]) in keepers]


def own_descriptors() -> int:
    return descriptors_of(os.getpid())


async def until(holds: Callable[[], bool], within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "did not come true"
        await asyncio.sleep(0.01)
