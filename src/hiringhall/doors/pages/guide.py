"""The hall's guide: the texts of its documentation, as they are shown in the hall itself."""

import functools
import re
from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup, escape

from hiringhall.doors.look.filters import markdown

AT = "/guide"

SECTIONS: dict[str, tuple[str, ...]] = {
    "begin": ("start", "pages", "cli", "mcp"),
    "doors": ("agentwork", "club", "nexwork", "agentix", "native"),
    "work": ("lifecycle", "market", "task-force", "payments", "events", "webhooks"),
    "workers": ("workers", "agents", "builtin", "models", "tools"),
    "run": ("operators", "settings", "security"),
}
"""What stands in it, by section: pages of the project's `docs`, by their names."""

NAMES = tuple(name for names in SECTIONS.values() for name in names)

_PACKAGE = Path(__file__).parents[2]
_FOLDERS = (_PACKAGE / "guide", _PACKAGE.parents[1] / "docs")
"""In an installed hall; and where it runs out of its repository."""

_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class GuidePage:
    """A page: its heading, and the rest as HTML."""

    name: str
    title: str
    body: Markup


EXAMPLE = "https://hall.example"
"""How the texts call the address of a hall."""


def page_at(name: str, address: str | None) -> GuidePage | None:
    """A page as it reads at a hall that has an address, such as its operator gave it."""
    found = page(name)
    if found is None or address is None:
        return found
    return replace(found, body=found.body.replace(EXAMPLE, escape(address)))


@functools.cache
def page(name: str) -> GuidePage | None:
    """A page by its name; None for one that is not there, or was not brought along."""
    if name not in NAMES:
        return None
    path = next((one for one in (at / f"{name}.md" for at in _FOLDERS) if one.is_file()), None)
    if path is None:
        return None
    heading, _, rest = path.read_text("utf-8").partition("\n")
    return GuidePage(name, heading.removeprefix("# ").strip(), markdown(_LINK.sub(_led, rest)))


def contents() -> dict[str, list[GuidePage]]:
    """What there is, by section."""
    return {
        section: [found for name in names if (found := page(name)) is not None]
        for section, names in SECTIONS.items()
    }


def _led(link: re.Match[str]) -> str:
    """A link of the texts as it leads on here; where it would lead out of the guide, its words."""
    text, to = link.groups()
    if "://" in to:
        return link.group()
    name = to.partition("#")[0]
    if name.endswith(".md") and name.removesuffix(".md") in NAMES:
        return f"[{text}]({AT}/{name.removesuffix('.md')})"
    return text
