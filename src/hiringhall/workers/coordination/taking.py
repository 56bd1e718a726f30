"""Takes one file out of a workspace that its worker is writing to at this moment."""

import os
import stat
from pathlib import Path

from hiringhall.domain.errors import Invalid

MOST_BYTES = 100 * 1024 * 1024
_PIECE_BYTES = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Not waiting: a pipe of the worker's would never be opened.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def path_inside(text: str, *, workspace: str) -> tuple[str, ...]:
    """The parts of a file's path below the workspace, named `workspace` inside. Raises Invalid."""
    bare = text.removeprefix(f"{workspace}/")
    parts = [part for part in bare.split("/") if part != "."]
    odd = not parts or any(part in {"", "..", ".git"} for part in parts)
    if odd or len(bare) > 4_000 or not bare.isprintable():
        raise Invalid(
            f"`path` is a file below {workspace}, such as report.md or out/page.html",
            {"path": "outside"},
        )
    return tuple(parts)


def take_file(folder: Path, parts: tuple[str, ...], copy: Path) -> None:
    """Copy a file below a folder, as it is now; for a thread. Raises Invalid where it is none.

    No link is followed, on no part of the way, and each part is opened from the one before: what
    the worker changes meanwhile leads nowhere else.
    """
    shown = "/".join(parts)
    here = os.open(folder, _FOLDER)
    try:
        for part in parts[:-1]:
            below = os.open(part, _FOLDER, dir_fd=here)
            os.close(here)
            here = below
        found = os.open(parts[-1], _FILE, dir_fd=here)
    except (OSError, ValueError) as error:
        raise Invalid(
            f"There is no file {shown} that can be read; links are not followed",
            {"path": "missing"},
        ) from error
    finally:
        os.close(here)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise Invalid(f"{shown} is no plain file", {"path": "no file"})
    with os.fdopen(found, "rb", buffering=0) as source, copy.open("wb") as target:
        left = MOST_BYTES
        while piece := source.read(_PIECE_BYTES):
            left -= len(piece)
            if left < 0:
                raise Invalid(f"{shown} has more than {MOST_BYTES} bytes", {"path": "too large"})
            target.write(piece)
