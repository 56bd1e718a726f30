"""Says what a piece of work changed: files with their sizes, a summary, and a patch; all bounded.

Everything is read by object id from the hall's own repository, never from a worker's folder, so no
link is followed and no odd name is looked up.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from hiringhall.workers.git.command import MIB, Git
from hiringhall.workers.git.errors import GitFailed, TimedOut, TooLarge, WorkUnreadable, clean
from hiringhall.workers.git.skeleton import is_commit_id

Status = Literal["added", "modified", "deleted"]
Kind = Literal["file", "executable", "symlink", "submodule"]

_STATUSES: dict[str, Status] = {"A": "added", "M": "modified", "D": "deleted", "T": "modified"}
_KINDS: dict[str, Kind] = {"100755": "executable", "120000": "symlink", "160000": "submodule"}
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-renames", "--no-color")


@dataclass(frozen=True, slots=True)
class ChangedFile:
    r"""One path that differs. Of a deleted file the size is 0 and there is no `blob`.

    `path` is for people and records: bytes that are no UTF-8 stand there as `\xff`.
    """

    path: str
    size_bytes: int
    status: Status
    kind: Kind
    blob: str | None

    @property
    def readable(self) -> bool:
        """Whether it has content that can be handed out as a file."""
        return self.blob is not None and self.kind in {"file", "executable"}


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between two commits. `patch` ends in the middle when `patch_cut` says so."""

    files: tuple[ChangedFile, ...] = ()
    summary: str = ""
    patch: str = ""
    patch_cut: bool = False


async def left_at(git: Git, repository: Path, base: str, tip: str) -> str:
    """The commit that work is compared with: where it left the branch that is at `base`."""
    answer = await git.run("merge-base", base, tip, repository=repository)
    found = answer.text.strip()
    return found if answer.code == 0 and is_commit_id(found) else base


async def between(
    git: Git, repository: Path, old: str, new: str, *, most_files: int, patch_bytes: int
) -> Changes:
    """Compare two commits.

    Raises:
        TooLarge: more paths differ than `most_files`.
    """
    files = await _files(git, repository, old, new, most_files=most_files)
    if not files:
        return Changes()
    summary, patch, cut = await _patch(git, repository, old, new, patch_bytes=patch_bytes)
    return Changes(files=tuple(files), summary=summary, patch=patch, patch_cut=cut)


async def _files(
    git: Git, repository: Path, old: str, new: str, *, most_files: int
) -> list[ChangedFile]:
    rows: list[tuple[str, Status, Kind, str | None]] = []
    async with git.started(
        "diff-tree", "-r", "-z", "--raw", "--no-abbrev", *_PLAIN, old, new,
        repository=repository, bounds=git.within(memory_bytes=256 * MIB),
    ) as running:  # fmt: skip
        rest = b""
        while chunk := await running.stdout.read(1 << 16):
            *parts, last = (rest + chunk).split(b"\0")
            whole = len(parts) - len(parts) % 2
            rows += [_row(*parts[index : index + 2]) for index in range(0, whole, 2)]
            rest = b"\0".join([*parts[whole:], last])
            if len(rows) > most_files:
                break
        code, said = (0, "") if len(rows) > most_files else await running.ended()
    if len(rows) > most_files or "out of memory" in said:
        # git gathers all before it writes: a bomb of a few folders ends at its bound of memory.
        raise TooLarge(f"The work changes more than {most_files:,} files.")
    if code != 0:
        raise GitFailed(f"git could not compare two commits: {clean(said)}")
    blobs = [blob for _, _, kind, blob in rows if blob is not None and kind != "submodule"]
    sizes = await _sizes(git, repository, blobs)
    return [
        ChangedFile(path, sizes.get(blob or "", 0), status, kind, blob)
        for path, status, kind, blob in rows
    ]


def _row(meta: bytes, name: bytes) -> tuple[str, Status, Kind, str | None]:
    """One record of `diff-tree`: its path, what became of it, what it is, and its object id."""
    _, mode, _, blob, letter = meta.decode("ascii").lstrip(":").split(" ")
    status = _STATUSES.get(letter[:1], "modified")
    path = name.decode("utf-8", "backslashreplace")
    return path, status, _KINDS.get(mode, "file"), None if status == "deleted" else blob


async def _sizes(git: Git, repository: Path, blobs: Sequence[str]) -> dict[str, int]:
    if not blobs:
        return {}
    answer = await git.must(
        "cat-file",
        "--batch-check=%(objectname) %(objectsize)",
        "--buffer",
        repository=repository,
        stdin="".join(f"{blob}\n" for blob in blobs).encode(),
    )
    pairs = (line.split(" ") for line in answer.text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


async def _patch(
    git: Git, repository: Path, old: str, new: str, *, patch_bytes: int
) -> tuple[str, str, bool]:
    """The summary and the patch; nothing of it is worth failing for, so a slow one is left out."""
    try:
        answer = await git.run(
            "diff-tree", "-r", "--patch-with-stat", "--stat-count=200", *_PLAIN, old, new,
            repository=repository,
            bounds=git.within(time_s=20, output_bytes=patch_bytes),
            cut=True,
        )  # fmt: skip
    except TimedOut:
        return "", "", True
    if answer.code != 0 and not answer.cut:
        return "", "", True
    text = answer.out.decode("utf-8", "backslashreplace")
    summary, _, patch = text.partition("\n\n")
    return summary, patch, answer.cut


async def read_blob(git: Git, repository: Path, blob: str, *, limit_bytes: int) -> bytes:
    """The content of one file by its object id.

    Raises:
        TooLarge: it has more than `limit_bytes`.
        WorkUnreadable: there is no such file.
    """
    answer = await git.run(
        "cat-file", "blob", blob,
        repository=repository, bounds=git.within(output_bytes=limit_bytes), cut=True,
    )  # fmt: skip
    if answer.cut:
        raise TooLarge(f"The file has more than {limit_bytes:,} bytes.")
    if answer.code != 0:
        raise WorkUnreadable("There is no such file in the work.")
    return answer.out


async def find(git: Git, repository: Path, commit: str, path: str) -> tuple[Kind, str] | None:
    """The kind and object id at a path of a commit, links not followed; None when none is there."""
    if "\0" in path:
        return None
    answer = await git.run(
        "ls-tree", "-z", "--full-tree", commit, "--", f":(literal){path}", repository=repository
    )
    for record in answer.out.split(b"\0") if answer.code == 0 else ():
        meta, _, name = record.partition(b"\t")
        if name == path.encode("utf-8", "surrogateescape"):
            mode, kind, blob = meta.decode("ascii").split(" ")
            if kind == "blob":
                return _KINDS.get(mode, "file"), blob
    return None


async def write_out(git: Git, repository: Path, blobs: Sequence[str], folder: Path) -> list[Path]:
    """Write files by their object ids into a folder of the hall's, named 0, 1, 2, … in order.

    Raises:
        WorkUnreadable: one of them is not there.
    """
    written: list[Path] = []
    if not blobs:
        return written
    listing = folder / "wanted"
    await asyncio.to_thread(listing.write_text, "".join(f"{blob}\n" for blob in blobs))
    with listing.open("rb") as wanted:
        async with git.started(
            "cat-file", "--batch", "--buffer", repository=repository, stdin=wanted
        ) as running:
            for number in range(len(blobs)):
                header = (await running.stdout.readline()).split()
                if len(header) != 3 or header[1] != b"blob":
                    raise WorkUnreadable("There is no such file in the work.")
                target = folder / str(number)
                with target.open("wb") as file:
                    await _copy(running.stdout, file, int(header[2]))
                await running.stdout.readexactly(1)
                written.append(target)
    return written


async def _copy(stream: asyncio.StreamReader, file: BinaryIO, size: int) -> None:
    while size > 0:
        chunk = await stream.read(min(size, 1 << 18))
        if not chunk:
            raise WorkUnreadable("A file of the work could not be read to its end.")
        file.write(chunk)
        size -= len(chunk)
