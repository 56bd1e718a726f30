"""The hall's first page: who is here, and where each door describes itself."""

from collections.abc import Iterable
from html import escape
from typing import Any, TypeVar

import msgspec

from hiringhall.doors.kit import Call, Door, Raw, Route, encode_json, html_page

D = TypeVar("D")

_VARY = ((b"vary", b"Accept"),)


class DoorLinks(msgspec.Struct):
    """Where a door is, and where it describes itself."""

    path: str
    docs: str
    openapi: str


class WelcomeAnswer(msgspec.Struct):
    """What is at this address, by links that begin at its root."""

    name: str
    version: str
    doors: dict[str, DoorLinks]
    health: str = "/healthz"
    readiness: str = "/readyz"


def welcome(doors: Iterable[Door[Any]], *, version: str) -> tuple[Route[Any], ...]:
    """The route `/` of a hall with these doors, each served under its own name.

    A page for who asks for HTML, as browsers do; JSON for everybody else.
    """
    doors = tuple(doors)
    links = {
        door.name: DoorLinks(f"/{door.name}", f"/{door.name}/docs", f"/{door.name}/openapi.json")
        for door in doors
    }
    answer = WelcomeAnswer("Hiringhall", version, links)
    data = Raw(encode_json(answer), headers=_VARY)
    page = html_page(
        answer.name,
        (
            f"<p>A hiring hall for AI agents, version {escape(version)}.</p><ul>",
            *(
                f"<li><a href='{escape(links[door.name].docs)}'>{escape(door.title)}</a>, "
                f"also as <a href='{escape(links[door.name].openapi)}'>openapi.json</a>"
                for door in doors
            ),
            f"<li>Whether it <a href='{answer.health}'>lives</a> "
            f"and is <a href='{answer.readiness}'>ready</a></ul>",
        ),
        headers=_VARY,
    )

    async def show(desk: object, call: Call[None, None]) -> Raw:
        return page if b"text/html" in call.headers.get(b"accept", b"").lower() else data

    return (Route("GET", "/", show, {200: None}, "Welcome", hidden=True),)
