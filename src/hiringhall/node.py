"""One process owns a data folder: a lock file says so, and a name outlives restarts."""

import contextlib
import fcntl
import os
import uuid
from dataclasses import dataclass
from pathlib import Path


class NodeBusy(Exception):
    """Another process has this data folder; the message says which and what to do."""


class FolderUnusable(Exception):
    """The data folder cannot be made or written; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Node:
    """This process as the owner of a data folder; `id` is the same after every restart."""

    id: str
    data_dir: Path
    _lock: int

    def release(self) -> None:
        """Let another process have the folder."""
        os.close(self._lock)


def take_node(data_dir: Path) -> Node:
    """Make a data folder, for its owner alone, and lock it; raises NodeBusy, FolderUnusable."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(data_dir / "node.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(data_dir, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(lock, 32, 0).decode(errors="replace").strip()
        os.close(lock)
        raise NodeBusy(
            f"The data folder {data_dir} is in use by another hall"
            f"{f' (process {holder})' if holder else ''}; stop it, or choose another --data-dir"
        ) from error
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        return Node(_node_id(data_dir / "node.id"), data_dir, lock)
    except OSError as error:  # a full disk, a file of another user's
        os.close(lock)
        raise _unusable(data_dir, error) from error


def _unusable(data_dir: Path, error: OSError) -> FolderUnusable:
    found = isinstance(error, FileExistsError | NotADirectoryError)
    why = "it, or a part of its path, is a file" if found else error.strerror
    return FolderUnusable(f"The data folder {data_dir} cannot be written: {why}")


def _node_id(path: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        return str(uuid.UUID(path.read_text().strip()))
    fresh = str(uuid.uuid4())
    temporary = path.with_suffix(".new")
    with temporary.open("w") as file:
        file.write(f"{fresh}\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return fresh
