"""A session's folder as one bounded file, and back: what an agent left in it leads nowhere.

Only plain files, folders, and links that stay within the session go along. What comes back is the
hall's own user's, with no set-user bit and no device among it.
"""

import gzip
import hashlib
import os
import stat
import tarfile
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

HOME = "home"
_MEMORY_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 16
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class CannotCarry(Exception):
    """A session is not carried, or an archive not taken; the message says why."""


class InMotion(Exception):
    """An agent has written to its session while it was read: what was read fits no moment."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one session may be, unpacked."""

    total_bytes: int = 256 << 20
    entries: int = 50_000
    depth: int = 64
    """Folders within folders: each of them is held open while it is read."""


@dataclass(slots=True)
class _Count:
    """What has been seen so far, against the bounds."""

    bounds: Bounds
    entries: int = 0
    total_bytes: int = 0
    but: frozenset[str] = frozenset()

    def add(self, size_bytes: int, *, entries: int = 0) -> None:
        self.total_bytes += size_bytes
        self.entries += entries
        if self.entries > self.bounds.entries:
            raise CannotCarry(f"The session has more than {self.bounds.entries:,} files")
        if self.total_bytes > self.bounds.total_bytes:
            raise CannotCarry(f"The session has more than {self.bounds.total_bytes >> 20} MiB")

    def leaves_out(self, path: tuple[str, ...]) -> bool:
        """Whether a path is one of those in the home that are not to go along."""
        return path[0] == HOME and "/".join(path[1:]) in self.but

    def enter(self, within: tuple[str, ...]) -> None:
        if len(within) > self.bounds.depth:
            raise CannotCarry(f"The session is deeper than {self.bounds.depth} folders")


def pack(folder: Path, target: Path, bounds: Bounds, *, but: Collection[str] = ()) -> None:
    """Write a folder into a new file; the same content is the same file.

    What changes meanwhile is taken as it is then. `but` are plain paths in the home that stay
    behind. Raises CannotCarry.
    """
    count = _Count(bounds, but=frozenset(but))
    with (
        target.open("xb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=1, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        root = os.open(folder, _DIRECTORY)
        try:
            _pack_folder(archive, root, (), count)
        finally:
            os.close(root)


def pack_at_rest(folder: Path, target: Path, bounds: Bounds, *, but: Collection[str] = ()) -> None:
    """The same of a session whose agent is at work, as it was at one moment.

    Agents keep databases and logs of several files, which only together are worth something.

    Raises:
        CannotCarry: as for `pack`.
        InMotion: something was written meanwhile.
    """
    before = _state(folder, bounds, but)
    pack(folder, target, bounds, but=but)
    if _state(folder, bounds, but) != before:
        raise InMotion


def _state(folder: Path, bounds: Bounds, but: Collection[str]) -> bytes:
    """Tells a folder from itself after anything in it was written: a digest of what stat says."""
    digest = hashlib.sha256()
    root = os.open(folder, _DIRECTORY)
    try:
        _add_state(digest, root, (), _Count(bounds, but=frozenset(but)))
    finally:
        os.close(root)
    return digest.digest()


def _add_state(digest: Any, folder: int, within: tuple[str, ...], count: _Count) -> None:
    count.enter(within)
    for name in _names(folder, count):
        if count.leaves_out((*within, name)):
            continue
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            digest.update(
                repr((within, name, found.st_mode, found.st_ino, found.st_size)).encode()
                + repr((found.st_mtime_ns, found.st_ctime_ns)).encode()
            )
            if stat.S_ISDIR(found.st_mode):
                inner = os.open(name, _DIRECTORY, dir_fd=folder)
                try:
                    _add_state(digest, inner, (*within, name), count)
                finally:
                    os.close(inner)
        except (FileNotFoundError, NotADirectoryError):
            digest.update(b"gone")


def _pack_folder(
    archive: tarfile.TarFile, folder: int, within: tuple[str, ...], count: _Count
) -> None:
    """A folder's entries by name; of the upper one only what the hall has put there."""
    count.enter(within)
    for name in _names(folder, count):
        if not within and name != HOME and not name.endswith(".json"):
            continue
        path = (*within, name)
        if count.leaves_out(path):
            continue
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                inner = os.open(name, _DIRECTORY, dir_fd=folder)
                try:
                    archive.addfile(_entry(path, found, tarfile.DIRTYPE))
                    _pack_folder(archive, inner, path, count)
                finally:
                    os.close(inner)
            elif stat.S_ISLNK(found.st_mode):
                link = _entry(path, found, tarfile.SYMTYPE)
                link.linkname = os.readlink(name, dir_fd=folder)
                if _stays(path, link.linkname):
                    archive.addfile(link)
            elif stat.S_ISREG(found.st_mode):
                _pack_file(archive, folder, path, count)
        except (FileNotFoundError, NotADirectoryError):
            continue  # a live agent has taken it away


def _names(folder: int, count: _Count) -> list[str]:
    names: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            count.add(0, entries=1)
            names.append(entry.name)
    return sorted(names)


def _pack_file(archive: tarfile.TarFile, folder: int, path: tuple[str, ...], count: _Count) -> None:
    """A file as long as it is when it has been read: a live agent may write on."""
    with (
        os.fdopen(os.open(path[-1], _READ, dir_fd=folder), "rb", buffering=0) as source,
        tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES) as copy,
    ):
        found = os.fstat(source.fileno())
        if not stat.S_ISREG(found.st_mode):
            return
        count.add(0)
        while chunk := source.read(_CHUNK_BYTES):
            count.add(len(chunk))
            copy.write(chunk)
        entry = _entry(path, found, tarfile.REGTYPE)
        entry.size = copy.tell()
        copy.seek(0)
        archive.addfile(entry, copy)


def _entry(path: tuple[str, ...], found: os.stat_result, kind: bytes) -> tarfile.TarInfo:
    entry = tarfile.TarInfo("/".join(path))
    entry.type = kind
    entry.mode = found.st_mode & 0o777
    entry.mtime = int(found.st_mtime)
    return entry


def _stays(path: tuple[str, ...], target: str) -> bool:
    """Whether a link leads up by plain steps first and then down, and not out of the home.

    So whatever other links lie on its way, it ends within.
    """
    parts = target.split("/")
    ups = 0
    while ups < len(parts) and parts[ups] == "..":
        ups += 1
    is_plain = bool(target) and "\0" not in target and not target.startswith("/")
    return is_plain and ".." not in parts[ups:] and path[0] == HOME and ups <= len(path) - 2


def unpack(source: Path, folder: Path, bounds: Bounds) -> None:
    """Write an archive out into a new folder.

    Raises:
        CannotCarry: it is none of ours, or more than the bounds.
    """
    count = _Count(bounds)
    folder.mkdir(mode=0o700)
    try:
        with source.open("rb") as file, gzip.GzipFile(fileobj=file, mode="rb") as zipped:
            for entry, content in _entries(zipped, count):
                _unpack_one(folder, entry, content, count)
    except (tarfile.TarError, EOFError, OSError, ValueError, UnicodeError) as error:
        raise CannotCarry(f"The saved session cannot be read: {error}") from error


def _entries(
    zipped: gzip.GzipFile, count: _Count
) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    with tarfile.open(fileobj=zipped, mode="r|", format=tarfile.PAX_FORMAT) as archive:
        for entry in archive:
            count.add(0, entries=1)
            yield entry, archive.extractfile(entry) if entry.isreg() else None


def _unpack_one(
    folder: Path, entry: tarfile.TarInfo, content: IO[bytes] | None, count: _Count
) -> None:
    *within, name = entry.name.split("/")
    path = (*within, name)
    if any(part in ("", ".", "..") or "\0" in part for part in path):
        raise CannotCarry("The saved session names a file outside of itself")
    if path[0] != HOME and (len(path) > 1 or not path[0].endswith(".json")):
        raise CannotCarry("The saved session holds what is none of a session")
    parent = _open_parent(folder, within)
    try:
        if entry.isdir():
            os.mkdir(name, mode=entry.mode & 0o777 | 0o700, dir_fd=parent)
        elif entry.issym() and _stays(path, entry.linkname):
            os.symlink(entry.linkname, name, dir_fd=parent)
        elif content is not None:
            _write(parent, name, entry, content, count)
        else:
            raise CannotCarry("The saved session holds something that is no file")
    finally:
        os.close(parent)


def _open_parent(folder: Path, path: Sequence[str]) -> int:
    """A folder of the archive that was written before; no link is followed to it."""
    opened = os.open(folder, _DIRECTORY)
    for name in path:
        try:
            inner = os.open(name, _DIRECTORY, dir_fd=opened)
        finally:
            os.close(opened)
        opened = inner
    return opened


def _write(
    parent: int, name: str, entry: tarfile.TarInfo, content: IO[bytes], count: _Count
) -> None:
    mode = entry.mode & 0o777 | 0o600
    with os.fdopen(os.open(name, _WRITE, mode, dir_fd=parent), "wb") as file:
        while chunk := content.read(_CHUNK_BYTES):
            count.add(len(chunk))
            file.write(chunk)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.utime(file.fileno(), (entry.mtime, entry.mtime))
