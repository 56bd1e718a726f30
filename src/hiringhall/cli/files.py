"""Puts a worker's files into a folder of the user's: under that folder, and over nothing."""

import contextlib
import os
import secrets
import unicodedata
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx

from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.screen import one_line

_MAX_PART_BYTES = 200
_MAX_PARTS = 32
_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Offered:
    """A file that a result offers: a name that a stranger chose, and where it is."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Saved:
    """A file as it was saved: the name it had, and its path below the folder."""

    name: str
    path: str
    size_bytes: int


def safe_path(name: str) -> tuple[str, ...]:
    """A stranger's file name as folders and a name that stay below any folder.

    Folders are kept, `..` and roots are dropped, control characters become `_`. A `.git` becomes
    `_git`: files in it would be run by the next git command.
    """
    parts = [_safe_part(part) for part in name.replace("\\", "/").split("/")]
    kept = [part for part in parts if part]
    if len(kept) > _MAX_PARTS:
        kept = [*kept[: _MAX_PARTS - 1], "_".join(kept[_MAX_PARTS - 1 :])[-_MAX_PART_BYTES // 4 :]]
    return tuple(kept) or ("file",)


def _safe_part(part: str) -> str:
    text = "".join(
        "_" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else character
        for character in part
    ).strip()
    if text in {"", ".", ".."}:
        return ""
    if text.rstrip(" .").casefold() in {".git", "git~1"}:
        text = f"_{text.lstrip('.')}"
    text = text[-_MAX_PART_BYTES:]  # the end of a name says what kind of file it is
    while len(text.encode()) > _MAX_PART_BYTES:
        text = text[1:]
    return text


def save_all(
    offered: list[Offered], folder: Path, *, overwrite: bool, most_bytes: int
) -> Iterator[Saved]:
    """Download files one by one, each whole or not at all; raises `CommandError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise CommandError(f"{folder} cannot be used: {error.strerror}.", Exit.USAGE) from None
    try:
        # No key goes along: the links carry their own signature, and may lead to a file store.
        with httpx.Client(timeout=_TIMEOUT_S, follow_redirects=False) as http:
            for one, parts in _without_clashes(offered):
                size = _save(http, one, root, parts, overwrite=overwrite, most_bytes=most_bytes)
                yield Saved(one.name, "/".join(parts), size)
    finally:
        os.close(root)


def _without_clashes(offered: list[Offered]) -> Iterator[tuple[Offered, tuple[str, ...]]]:
    """Each file with a path of its own, also where upper and lower case are one."""
    taken: set[str] = set()
    for one in offered:
        parts = safe_path(one.name)
        *folders, name = parts
        number = 2
        while "/".join(parts).casefold() in taken:
            stem, dot, ending = name.rpartition(".")
            numbered = f"{stem} ({number}).{ending}" if dot and stem else f"{name} ({number})"
            parts = (*folders, numbered)
            number += 1
        taken.add("/".join(parts).casefold())
        yield one, parts


def _save(
    http: httpx.Client,
    one: Offered,
    root: int,
    parts: tuple[str, ...],
    *,
    overwrite: bool,
    most_bytes: int,
) -> int:
    path = "/".join(parts)
    try:
        with _folder_of(root, parts[:-1]) as folder:
            if not overwrite and _exists(folder, parts[-1]):
                raise CommandError(
                    f"{path} is there already: choose another folder, or add --overwrite.",
                    Exit.REFUSED,
                )
            return _fetch_into(
                http, one, folder, parts[-1], overwrite=overwrite, most_bytes=most_bytes
            )
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
    except (httpx.HTTPError, httpx.InvalidURL):
        raise CommandError(
            f"{one_line(one.name)} could not be downloaded: the connection failed.",
            Exit.UNREACHABLE,
        ) from None


@contextlib.contextmanager
def _folder_of(root: int, folders: tuple[str, ...]) -> Generator[int]:
    """The folder of a file, made where it is missing, entered step by step past no link."""
    current = os.dup(root)
    try:
        for name in folders:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=current)
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            inner = os.open(name, flags, dir_fd=current)
            os.close(current)
            current = inner
        yield current
    finally:
        os.close(current)


def _exists(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _fetch_into(
    http: httpx.Client, one: Offered, folder: int, name: str, *, overwrite: bool, most_bytes: int
) -> int:
    """Download beside the place and move there at the end, so that no half file is left."""
    temporary = f".hiringhall-{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o644, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            size = _fetch(http, one, file, most_bytes)
        if overwrite:
            os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        else:
            # A link, unlike a rename, never replaces what somebody put there meanwhile.
            os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
    return size


def _fetch(http: httpx.Client, one: Offered, file: BinaryIO, most_bytes: int) -> int:
    """Stream a file's bytes; how many there were."""
    size = 0
    with http.stream("GET", one.url) as response:
        if not response.is_success:
            raise _no_download(one, response.status_code)
        for piece in response.iter_bytes():
            size += len(piece)
            if size > most_bytes:
                raise CommandError(
                    f"{one_line(one.name)} is larger than {most_bytes >> 20} MiB; "
                    "raise --max-file-mb to take it.",
                    Exit.REFUSED,
                )
            file.write(piece)
    return size


def _no_download(one: Offered, status: int) -> CommandError:
    if status in {403, 404, 410}:
        text = "its link is no longer good; ask for the result again"
    else:
        text = f"its server answered {status}"
    return CommandError(f"{one_line(one.name)} could not be downloaded: {text}.")
