"""Which of the host's programs a bubblewrap sandbox shows, judged before one is started."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hiringhall.workers.sandboxes.profile import AGENTS, MERGED

_SYSTEM = ("/usr", *(f"/{name}" for name in MERGED), str(AGENTS))
_WORKSPACE = ("/workspace",)
"""What else there is to write is empty when a command begins."""


@dataclass(frozen=True, slots=True)
class View:
    """The system's folders and a role's mounts: (path on the host, path inside)."""

    read_only: Sequence[tuple[Path, str]]

    def lacks(self, program: str, path: str) -> bool:
        """Whether `program` is certainly not there; `path` is the `PATH` inside."""
        if "/" in program:
            return program.startswith("/") and not self._may_have(program)
        return not any(self._may_have(f"{folder or '.'}/{program}") for folder in path.split(":"))

    def _may_have(self, inside: str) -> bool:
        name = PurePosixPath(inside)
        if not name.is_absolute() or ".." in name.parts or _is_below(name, _WORKSPACE):
            return True  # only the run can tell
        host = self._on_host(name)
        if host is None:
            return False
        try:
            real = host.resolve(strict=True)
        except (OSError, RuntimeError):
            return False
        return real.is_file() and os.access(real, os.X_OK) and self._shows(host, real)

    def _on_host(self, inside: PurePosixPath) -> Path | None:
        for source, place in self.read_only:
            if inside.is_relative_to(place):
                return source / inside.relative_to(place)
        return Path(inside) if _is_below(inside, _SYSTEM) else None

    def _shows(self, host: Path, real: Path) -> bool:
        """Whether the file itself is shown, too, where `host` is a link to it."""
        # A mount shows what its source is, when that is a link.
        named = any(host == source for source, _ in self.read_only)
        shown = [*_SYSTEM, *(str(source.resolve()) for source, _ in self.read_only)]
        return named or _is_below(PurePosixPath(real), shown)


def _is_below(path: PurePosixPath, folders: Sequence[str]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
