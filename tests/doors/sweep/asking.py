"""Asks every route of every door for what is somebody else's, and reads whether it was told."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from hiringhall.domain import ids
from hiringhall.doors import files, work
from hiringhall.doors.agentix import door as agentix
from hiringhall.doors.agentwork import routes as agentwork
from hiringhall.doors.club import door as club
from hiringhall.doors.kit import Door, Route
from hiringhall.doors.mcp import door as mcp
from hiringhall.doors.native import door as native
from hiringhall.doors.nexwork import door as nexwork
from tests.doors.sweep.cases import CASES, Case
from tests.doors.sweep.world import CANARY, World

DOORS: dict[str, tuple[Door[Any], str]] = {
    "agentwork": (agentwork.DOOR, "/agentwork"),
    "club": (club.DOOR, "/club"),
    "nexwork": (nexwork.DOOR, "/nexwork"),
    "agentix": (agentix.DOOR, "/agentix"),
    "native": (native.DOOR, native.PATH),
    "work": (work.DOOR, ""),
    "mcp": (mcp.DOOR, ""),
    "files": (files.DOOR, ""),
}
"""Each door, and where it stands."""

KINDS = {"worker": "run"}
"""What a parameter is called where that is not what it is."""

NOT_SWEPT = {"assets", "health", "pages", "skills"}
"""What is nobody's, and the pages, which take a cookie: `test_pages.py` sweeps them."""

UNKNOWN = "019c9000-0000-7000-8000-000000000000"
LEFT_OUT = re.compile(rb'"(request_id|requestId|instance)":"[^"]*"')
REFUSED = {400, 401, 403, 404, 409, 410, 422, 503}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request by one of the wrong keys."""

    door: str
    route: Route[Any]
    case: Case
    at: str

    def __str__(self) -> str:
        return f"{self.door} {self.route.method} {self.route.path}"


def routes(name: str) -> Iterator[Asked]:
    """Every documented route of a door."""
    door, at = DOORS[name]
    for route in door.routes:
        if not route.hidden:
            case = CASES[name][f"{route.method} {route.path}"]
            yield Asked(name, route, case, at)


def ids_of(asked: Asked, world: World) -> list[dict[str, str]]:
    """Somebody's ids, kind by kind; each of several tasks by turns."""
    most = max(len(listed) for listed in world.ids.values())
    count = most if "{task_id}" in asked.route.path else 1
    return [
        {kind: listed[at % len(listed)] for kind, listed in world.ids.items()} | {"payout": UNKNOWN}
        for at in range(count)
    ]


async def ask(
    http: httpx.AsyncClient, asked: Asked, headers: Mapping[str, str], theirs: dict[str, str]
) -> httpx.Response:
    """Ask for somebody's things, with a proper body and query."""
    path = asked.route.path
    for parameter in asked.route.parameters:
        kind = parameter.removesuffix("_id")
        value = theirs.get(KINDS.get(kind, kind), "get_task" if kind == "tool" else UNKNOWN)
        path = path.replace(f"{{{parameter}}}", _spelt(asked.door, kind, value))
    told = json.dumps([asked.case.body, asked.case.query])
    for kind, value in theirs.items():
        spoken = "worker" if kind == "run" else kind
        told = told.replace(f"<{kind}>", _spelt(asked.door, spoken, value))
    body, query = json.loads(told)
    return await http.request(
        asked.route.method, f"{asked.at}{path}", json=body, params=query or None, headers=headers
    )


def _spelt(door: str, kind: str, value: str) -> str:
    """An id as the door writes it."""
    if door != "agentix" or kind not in ("team", "task", "worker"):
        return value
    return ids.ref_of(kind, value)


def shows_nothing(said: httpx.Response, world: World, theirs: dict[str, str], note: str) -> None:
    """Neither a word nor an id of what is somebody else's, beyond what was asked with."""
    assert said.status_code < 500 or said.status_code == 503, note
    assert CANARY not in said.text, note
    given = set(theirs.values())
    for kind, listed in world.ids.items():
        for one in listed:
            assert one in given or one not in said.text, f"{note}: tells the {kind}"
    for secret in world.secrets:
        assert secret not in said.text, note


def told_of(said: httpx.Response, given: dict[str, str]) -> tuple[int, bytes]:
    """What a refusal says, without the ids that were asked with."""
    text = LEFT_OUT.sub(b"", said.content)
    for one in given.values():
        text = text.replace(one.encode(), b"")
    return said.status_code, text if said.status_code >= 400 else b""
