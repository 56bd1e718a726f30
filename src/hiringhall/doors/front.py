"""The house's front: every door, each at its prefix and at its place under the root."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

from hiringhall.domain.ids import SERVICE_KEY_PREFIX, TEAM_KEY_PREFIX
from hiringhall.doors import files, health, neutral, work
from hiringhall.doors.agentix import door as agentix
from hiringhall.doors.agentwork import routes as agentwork
from hiringhall.doors.club import door as club
from hiringhall.doors.desk import Desk
from hiringhall.doors.health import DoorCollector, Health
from hiringhall.doors.kit import Door, DoorApp, Header, LiveStreams, documented
from hiringhall.doors.look import ASSETS
from hiringhall.doors.mcp import door as mcp
from hiringhall.doors.mounts import Mount, Mounts, Nowhere
from hiringhall.doors.native import door as native
from hiringhall.doors.nexwork import door as nexwork
from hiringhall.doors.pages import door as pages
from hiringhall.doors.skills import door as skills
from hiringhall.workers.coordination.desks import Desks
from hiringhall.workers.masking import LiveSecrets

_VARY = ((b"vary", b"Authorization"),)
_VARIES = ((b"vary", b"Accept, Authorization"),)


DIALECTS = (agentwork.DOOR, club.DOOR, nexwork.DOOR, agentix.DOOR)
"""The doors that a hall introduces itself with."""

PAGES = (*(f"/{door.name}/docs" for door in DIALECTS), f"{native.PATH}/docs")
"""Where each door describes itself."""


@dataclass(frozen=True, slots=True)
class Front:
    """The outermost app, and the streams to be ended before the server stops."""

    app: ASGIApp
    live: LiveStreams


def _nobodys(desk: Desk) -> Desks:
    """Where no run of this process works, but those elsewhere are heard."""
    return Desks(desk.hall, desk.blobs, LiveSecrets())


class _PutUp:
    """Puts up doors, before one desk unless told otherwise, and remembers all of them."""

    def __init__(self, desk: Desk, version: str) -> None:
        self.live = LiveStreams()
        self.all: list[DoorApp[Any]] = []
        self._desk = desk
        self._version = version

    def documented(self, door: Door[Desk], *, at: str = "") -> Door[Desk]:
        """The door with its documentation, served under its name or where it is said."""
        return documented(door, version=self._version, server=at or f"/{door.name}")

    def __call__(
        self, door: Door[Any], desk: object = None, *, headers: tuple[Header, ...] = ()
    ) -> DoorApp[Any]:
        app: DoorApp[Any] = DoorApp(door, desk or self._desk, live=self.live, headers=headers)
        self.all.append(app)
        return app


def open_front(
    desk: Desk,
    health_desk: Health,
    *,
    version: str,
    door_hosts: Mapping[str, str] | None = None,
    desks: Desks | None = None,
) -> Front:
    """Put up every door; `door_hosts` gives doors, by name, a host name of their own.

    `desks` are what the keys of runs lead to; unset, those of runs elsewhere alone.

    Raises ValueError for a door that is not there.
    """
    put_up = _PutUp(desk, version)
    described = put_up.documented(agentwork.DOOR)
    plain, shared = put_up(described), put_up(described, headers=_VARY)
    boards = put_up.documented(agentix.DOOR)
    teams, astray = put_up(boards), put_up(boards, headers=_VARY)
    own = put_up(put_up.documented(native.DOOR, at=native.PATH))
    posters = put_up(put_up.documented(club.DOOR))
    agents = put_up(put_up.documented(nexwork.DOOR))
    downloads, taught = put_up(files.DOOR), put_up(skills.DOOR)
    workers = put_up(work.DOOR, work.WorkDesk(desk, desks or _nobodys(desk)))
    clients = put_up(mcp.DOOR, mcp.ClientDesk(desk, own))
    told = {**{f"/{door.name}": door for door in DIALECTS}, native.PATH: native.DOOR}
    people = put_up(pages.with_first_page(told, tools=mcp.PATH, version=version))
    looks = put_up(ASSETS)
    operators = put_up(health.DOOR, health_desk)
    nobody = put_up(neutral.NOWHERE, headers=_VARIES)
    lost = put_up(pages.LOST, headers=_VARIES)
    health_desk.registry.register(DoorCollector(put_up.all))
    doors = {one.door.name: one for one in (plain, posters, agents, teams)}
    app = Mounts(
        (
            *(Mount(f"/{name}", door, strip=True) for name, door in doors.items()),
            Mount("/api/v1", plain),
            Mount(nexwork.TASKS, shared, by_key={nexwork.KEY: agents}),
            *(Mount(path, agents) for path in nexwork.PATHS),
            Mount("/api/agent/v1", posters),
            *(Mount(path, teams) for path in agentix.PATHS),
            *(Mount(f"/skills/{name}", taught) for name in skills.NAMES),
            Mount(native.PATH, own, strip=True),
            Mount("/files", downloads),
            *(Mount(path, people) for path in pages.PATHS),
            Mount("/assets", looks),
            Mount("/mcp/work", workers),
            Mount(mcp.PATH, clients),
        ),
        otherwise=Nowhere(
            {"/": people, **{route.path: operators for route in health.DOOR.routes}},
            by_key={
                nexwork.KEY: agents,
                **{key.encode(): astray for key in (TEAM_KEY_PREFIX, SERVICE_KEY_PREFIX)},
            },
            nobody=nobody,
            browsers=lost,
        ),
        hosts=_hosts(doors, door_hosts or {}),
        shared=("/files", "/mcp", "/healthz", "/readyz", "/metrics"),
    )
    return Front(app, put_up.live)


def _hosts(doors: Mapping[str, ASGIApp], named: Mapping[str, str]) -> dict[str, ASGIApp]:
    """Which host names belong to which door; raises ValueError for a door that is not there."""
    for name in named:
        if name not in doors:
            raise ValueError(f"there is no door {name!r}; the doors are {', '.join(doors)}")
    return {host: doors[name] for name, host in named.items()}
