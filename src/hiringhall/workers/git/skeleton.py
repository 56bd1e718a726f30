"""Writes an empty repository by hand: no process is started for a folder that may never be used.

It is what `git init` writes, less hooks, templates and samples, and with nothing that depends on
the host.
"""

import hashlib
import os
import secrets
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

WORKER_NAME = "Hiringhall worker"
WORKER_EMAIL = "worker@hiringhall.invalid"
"""Who a worker's commits are by: neutral, and an address nobody has (RFC 6761)."""

_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_FIRST = (
    f"tree {_EMPTY_TREE}\n"
    f"author {WORKER_NAME} <{WORKER_EMAIL}> 946684800 +0000\n"
    f"committer {WORKER_NAME} <{WORKER_EMAIL}> 946684800 +0000\n"
    "\nAn empty beginning\n"
).encode()
_LOOSE_FIRST = b"commit %d\0" % len(_FIRST) + _FIRST

EMPTY_COMMIT = hashlib.sha1(_LOOSE_FIRST, usedforsecurity=False).hexdigest()
"""The first commit of every workspace that has no repository: the same one everywhere."""

_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = {bare}\n"


def write(
    folder: Path,
    *,
    bare: bool,
    head: str,
    config: str = "",
    borrows: Sequence[Path] = (),
    with_empty_commit: bool = False,
) -> None:
    """Make `folder` an empty git directory whose HEAD is the branch `head`.

    `config` is added to the repository's own settings; `borrows` are object folders of others to
    read from (only ever for a folder that the host alone uses).
    """
    for part in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
        (folder / part).mkdir(parents=True)
    (folder / "HEAD").write_text(f"ref: refs/heads/{head}\n")
    (folder / "config").write_text(_CONFIG.format(bare=str(bare).lower()) + config)
    if borrows:
        lines = "".join(f"{path}\n" for path in borrows)
        (folder / "objects/info/alternates").write_text(lines)
    if with_empty_commit:
        write_empty_commit(folder)


def write_empty_commit(folder: Path) -> None:
    """Put the first commit of a workspace without a repository into a git directory."""
    for name, content in ((_EMPTY_TREE, b"tree 0\0"), (EMPTY_COMMIT, _LOOSE_FIRST)):
        loose = folder / "objects" / name[:2] / name[2:]
        if not loose.exists():
            loose.parent.mkdir(exist_ok=True)
            loose.write_bytes(zlib.compress(content))


def write_refs(folder: Path, refs: Mapping[str, str]) -> None:
    """Give a git directory that has none its refs, all at once, as git packs them."""
    ordered = sorted(refs.items(), key=lambda item: item[0].encode("utf-8", "surrogateescape"))
    lines = "".join(f"{commit} {name}\n" for name, commit in ordered)
    text = f"# pack-refs with: sorted \n{lines}"
    (folder / "packed-refs").write_text(text, encoding="utf-8", errors="surrogateescape")


def set_ref(folder: Path, name: str, commit: str) -> None:
    """Point a ref of a repository that only the hall writes at a commit, durably."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with fresh.open("w") as file:
        file.write(f"{commit}\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def get_ref(folder: Path, name: str) -> str | None:
    """The commit of a ref that `set_ref` wrote."""
    try:
        text = (folder / name).read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return text if is_commit_id(text) else None


def drop_ref(folder: Path, name: str) -> None:
    """Forget a ref that `set_ref` wrote."""
    (folder / name).unlink(missing_ok=True)


def is_commit_id(text: str) -> bool:
    """Whether a text is a full object id."""
    return len(text) == 40 and all(c in "0123456789abcdef" for c in text)


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
