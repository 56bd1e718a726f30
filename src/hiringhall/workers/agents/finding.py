"""Which agents are installed here: in the hall's own folder, the machine's, or on the PATH."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hiringhall.workers.agents.profile import INSIDE, OWN, SYSTEM, Profile

MACHINE = Path(INSIDE)


@dataclass(frozen=True, slots=True)
class Installed:
    """Where agents were found. `folder` is what a sandbox shows at `/opt/agents`, if any."""

    folder: Path | None

    def where(self, program: str) -> Path | None:
        """The program on this host, where a sandbox can show it; None when it is not here."""
        own = [self.folder / place for place in OWN] if self.folder else []
        for place in (*own, *map(Path, SYSTEM)):
            path = place / program
            if path.exists() and os.access(path, os.X_OK):
                return path
        return None

    def lacks(self, programs: Sequence[str]) -> str | None:
        """The first of some programs that is not here."""
        return next((one for one in programs if self.where(one) is None), None)

    def hindrance(self, profile: Profile, argv: Sequence[str]) -> str:
        """Why an agent cannot be run; empty when it can."""
        missing = self.lacks([argv[0], *profile.needs]) if argv else None
        if missing is None:
            return ""
        return (
            f"{profile.title} is not installed here (there is no {missing}): docs/agents.md says "
            "how to install it"
        )


def find_agents(own: Path) -> Installed:
    """Look for agents: `own` is the data folder's, and goes before the machine's."""
    for folder in (own, MACHINE):
        if any((folder / place).is_dir() for place in OWN):
            return Installed(folder)
    return Installed(None)
