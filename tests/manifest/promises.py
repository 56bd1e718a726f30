"""Reads the manifest: what each door's pages promise, sentence by sentence."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
PAGES = {
    "api": "Agentwork API Reference (seed 000)",
    "guide": "Agentwork Agent Integration Guide (seed 001)",
    "club": "AgentWork Club API Documentation (seed 002)",
    "nexwork": "Nexwork Agent API Documentation (seed 003)",
    "rest": "Agentix REST API (seed 004)",
    "doors": "What was settled of the doors beside the seeds",
    "native": "docs/native.md",
    "events": "docs/events.md",
    "webhooks": "docs/webhooks.md",
    "mcp": "docs/mcp.md",
}

_ID = re.compile(r"(?:A[WX]|CL|EV|MC|N[AX]|WH)(-[A-Z0-9]+)+")


@dataclass(frozen=True)
class Promise:
    """One thing that a seed's page says a client may rely on."""

    id: str
    says: str
    """The promise in our own words."""
    places: tuple[tuple[str, str], ...]
    """Where it stands: (page, the words to look for there)."""
    hall: bool
    """Whether it is kept by a hall, and so has to hold on both databases."""


def load() -> dict[str, Promise]:
    """Every promise of every manifest by its id. Raises ValueError where one is not in order."""
    found: dict[str, Promise] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        for name, entry in tomllib.loads(path.read_text()).items():
            if name in found:
                raise ValueError(f"{name} stands in {path.name} and in another manifest")
            found[name] = _promise(name, entry)
    return found


def _promise(name: str, entry: dict[str, object]) -> Promise:
    unknown = entry.keys() - PAGES.keys() - {"says", "hall"}
    if not _ID.fullmatch(name) or unknown:
        raise ValueError(f"{name}: not an id, or unknown keys {sorted(unknown)}")
    says, hall = entry.get("says"), entry.get("hall", True)
    if not isinstance(says, str) or not says.endswith(".") or not isinstance(hall, bool):
        raise ValueError(f"{name}: `says` is a sentence, `hall` true or false")
    places: list[tuple[str, str]] = []
    for page in PAGES:
        words = entry.get(page, [])
        if not isinstance(words, list):
            raise ValueError(f"{name}: `{page}` is a list of quoted words")
        places += [(page, str(quoted)) for quoted in words]
    if not places:
        raise ValueError(f"{name}: no place on any page")
    return Promise(name, says, tuple(places), hall)
