"""Makes a run's workspace: a repository of its own, by copy, at the commit where the run begins.

Nothing in it is linked to the mirror, so that no worker can harm what other runs read. git runs
here for the last time on the host: afterwards the folder belongs to the worker.
"""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from hiringhall.workers.git import skeleton
from hiringhall.workers.git.command import MIB, Git
from hiringhall.workers.git.errors import DiskFull, GitFailed, TooLarge, clean
from hiringhall.workers.git.folders import copy_file
from hiringhall.workers.git.mirror import Mirror, Snapshot
from hiringhall.workers.git.peer import peer

LEAST_FREE_BYTES = 1024 * MIB
"""What stays free on the disk that the hall itself needs."""


@dataclass(frozen=True, slots=True)
class Room:
    """How much one workspace may hold when it is made."""

    files: int = 500_000
    bytes: int = 8192 * MIB


def settings(address: str | None) -> str:
    """What the workspace's own configuration says beside git's defaults."""
    lines = [
        "\tlogallrefupdates = true",
        "[user]",
        f"\tname = {skeleton.WORKER_NAME}",
        f"\temail = {skeleton.WORKER_EMAIL}",
        "[commit]",
        "\tgpgsign = false",
        "[gc]",
        "\tauto = 0",
    ]
    if address is not None:
        lines += [
            '[remote "origin"]',
            f"\turl = {_quoted(address)}",
            "\tfetch = +refs/heads/*:refs/remotes/origin/*",
        ]
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def write_empty(folder: Path, *, branch: str, address: str | None = None) -> None:
    """Make a workspace with an empty first commit, so that what is made is always a diff."""
    inside = folder / ".git"
    skeleton.write(
        inside, bare=False, head=branch, config=settings(address), with_empty_commit=True
    )
    skeleton.write_refs(inside, {f"refs/heads/{branch}": skeleton.EMPTY_COMMIT})


def is_untouched(folder: Path) -> bool:
    """Whether an empty workspace is still as it was made; then nothing has to be started."""
    try:
        names = [path.name for path in folder.iterdir()]
        return names == [".git"] and not any((folder / ".git/refs/heads").iterdir())
    except OSError:
        return False


def check_disk(folder: Path, *, needed_bytes: int) -> None:
    """Leave the hall room on its disk.

    Raises:
        DiskFull: what is needed would leave less free than the hall needs itself.
    """
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes - needed_bytes < LEAST_FREE_BYTES:
        wants = f", and the run's files take {needed_bytes // MIB}" if needed_bytes else ""
        raise DiskFull(
            f"The hall's disk has {free_bytes // MIB} MiB left{wants}; no run begins that would "
            f"leave less than {LEAST_FREE_BYTES // MIB}. Make room there."
        )


async def lay_out(
    folder: Path,
    *,
    mirror: Mirror,
    snapshot: Snapshot | None,
    address: str | None,
    branch: str,
    start: str | None,
) -> None:
    """Make a workspace's repository with a copy of what the mirror holds, while that is held.

    The branch is at `start`, or does not exist yet.
    """
    refs = {f"refs/heads/{branch}": start} if start is not None else {}
    await asyncio.to_thread(_lay_out, folder / ".git", mirror, snapshot, address, branch, refs)


def _lay_out(
    inside: Path,
    mirror: Mirror,
    snapshot: Snapshot | None,
    address: str | None,
    branch: str,
    refs: dict[str, str],
) -> None:
    skeleton.write(inside, bare=False, head=branch, config=settings(address))
    if snapshot is None:
        return
    refs |= {
        name.replace("refs/heads/", "refs/remotes/origin/", 1): commit
        for name, commit in snapshot.refs.items()
    }
    skeleton.write_refs(inside, refs)
    if snapshot.head.branch is not None:
        pointer = inside / "refs/remotes/origin/HEAD"
        pointer.parent.mkdir(parents=True)
        pointer.write_text(f"ref: refs/remotes/origin/{snapshot.head.branch}\n")
    for source in _packs(mirror):
        copy_file(source, inside / "objects/pack" / source.name)


def _packs(mirror: Mirror) -> list[Path]:
    found = (mirror.mirror / "objects/pack").iterdir()
    kinds = {".pack", ".idx", ".rev"}
    return [one for one in found if one.name.startswith("pack-") and one.suffix in kinds]


def packed_bytes(mirror: Mirror) -> int:
    """What a workspace's copy of a mirror takes, while that is held."""
    return sum(pack.stat().st_size for pack in _packs(mirror))


async def fill(
    git: Git, folder: Path, *, work: Path, branch: str, start: str, start_ref: str | None
) -> None:
    """Write the files of `start`; `start_ref` is where `work.git` has it, if it is our own."""
    inside = folder / ".git"
    if start_ref is not None:
        await git.must(
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--update-head-ok",
            f"--upload-pack={peer('upload')}",
            "--", str(work), f"{start_ref}:refs/heads/{branch}",
            repository=inside, protocols="file",
        )  # fmt: skip
    await git.must(
        f"--work-tree={folder}", "read-tree", "-u", "--reset", start,
        repository=inside,
        config=[("checkout.workers", "0")],  # a process for each core, where files are many
    )  # fmt: skip


async def measure(git: Git, repository: Path, commit: str, room: Room) -> int:
    """The bytes of a commit's files, counted as far as there is room.

    A few objects can spell out billions.

    Raises:
        TooLarge: there are more files or bytes than that.
    """
    files = 0
    size = 0
    rest = b""
    async with git.started(
        "ls-tree", "-r", "-z", "--full-tree", "--format=%(objectsize)", commit,
        repository=repository,
    ) as running:  # fmt: skip
        while chunk := await running.stdout.read(1 << 16):
            *sizes, rest = (rest + chunk).split(b"\0")
            files += len(sizes)
            size += sum(int(one) for one in sizes if one.isdigit())
            if files > room.files or size > room.bytes:
                raise TooLarge(
                    f"The repository has more than {room.files:,} files or "
                    f"{room.bytes >> 20:,} MiB (HIRINGHALL_REPOSITORY_MIB) at the commit where "
                    "the work begins."
                )
        code, said = await running.ended()
        if code != 0:
            raise GitFailed(f"The commit where the work begins is not there: {clean(said)}")
    return size
