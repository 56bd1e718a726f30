"""Where the skill files are: `/skills/<door>`, each with this server's address in it."""

from functools import cache
from pathlib import Path
from typing import Any

from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Door, Raw, Route
from hiringhall.doors.neutral import ENVELOPES, ERRORS, envelope

_FILES = {
    "agentix": "../agentix/ceo.md",
    **{name: f"{name}.md" for name in ("agentwork", "club", "native", "nexwork")},
}
NAMES = tuple(_FILES)
"""The doors. Agentix's skill is there, too, by the name that its page gives it (`ceo`)."""

_MARKDOWN = b"text/markdown; charset=utf-8"
_HEADERS = ((b"x-content-type-options", b"nosniff"),)


def _route(name: str) -> Route[Desk]:
    async def get_skill(desk: Desk, call: Call[Any, Any]) -> Raw:
        written = _skill(name).replace("{address}", desk.base_url(call))
        return Raw(written.encode(), 200, _MARKDOWN, _HEADERS)

    return Route("GET", f"/skills/{name}", get_skill, {200: None}, f"The skill of {name}")


@cache
def _skill(name: str) -> str:
    return (Path(__file__).parent / _FILES[name]).read_text()


DOOR: Door[Desk] = Door(
    name="skills",
    title="Hiringhall: skills",
    description="For each door a skill file for coding agents.",
    errors=ERRORS,
    envelope=envelope,
    envelopes=ENVELOPES,
    routes=tuple(_route(name) for name in NAMES),
)
