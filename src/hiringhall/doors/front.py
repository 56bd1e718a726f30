"""The house's front: every door, each at its prefix and at its place under the root."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.types import ASGIApp

from hiringhall.domain.ids import SERVICE_KEY_PREFIX, TEAM_KEY_PREFIX
from hiringhall.doors import files, health, neutral, work
from hiringhall.doors.agentix import door as agentix
from hiringhall.doors.agentwork import routes as agentwork
from hiringhall.doors.club import door as club
from hiringhall.doors.desk import Desk
from hiringhall.doors.health import DoorCollector, Health
from hiringhall.doors.kit import DoorApp, LiveStreams, documented
from hiringhall.doors.mounts import Mount, Mounts, Nowhere
from hiringhall.doors.native import door as native
from hiringhall.doors.welcome import welcome
from hiringhall.workers.coordination.desks import Desks
from hiringhall.workers.masking import LiveSecrets

_VARY = ((b"vary", b"Authorization"),)


@dataclass(frozen=True, slots=True)
class Front:
    """The outermost app, and the streams to be ended before the server stops."""

    app: ASGIApp
    live: LiveStreams


def _nobodys(desk: Desk) -> Desks:
    """Where no run of this process works, but those elsewhere are heard."""
    return Desks(desk.hall, desk.blobs, LiveSecrets())


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
    live = LiveStreams()
    described = documented(agentwork.DOOR, version=version, server="/agentwork")
    plain = DoorApp(described, desk, live=live)
    shared = DoorApp(described, desk, live=live, headers=_VARY)
    boards = documented(agentix.DOOR, version=version, server="/agentix")
    teams = DoorApp(boards, desk, live=live)
    astray = DoorApp(boards, desk, live=live, headers=_VARY)
    own = DoorApp(documented(native.DOOR, version=version, server=native.PATH), desk, live=live)
    posters = DoorApp(documented(club.DOOR, version=version, server="/club"), desk, live=live)
    downloads = DoorApp(files.DOOR, desk, live=live)
    workers = DoorApp(work.DOOR, work.WorkDesk(desk, desks or _nobodys(desk)), live=live)
    first_page = welcome((agentwork.DOOR, club.DOOR, agentix.DOOR), version=version)
    at_root = replace(health.DOOR, routes=(*health.DOOR.routes, *first_page))
    operators = DoorApp(at_root, health_desk, live=live)
    nobody = DoorApp(neutral.NOWHERE, desk, live=live, headers=_VARY)
    doors: dict[str, DoorApp[Any]] = {"agentwork": plain, "club": posters, "agentix": teams}
    hosts: dict[str, ASGIApp] = {}
    for name, host in (door_hosts or {}).items():
        if name not in doors:
            raise ValueError(f"there is no door {name!r}; the doors are {', '.join(doors)}")
        hosts[host] = doors[name]
    health_desk.registry.register(
        DoorCollector(
            (plain, shared, posters, teams, astray, own, downloads, workers, operators, nobody)
        )
    )
    app = Mounts(
        (
            *(Mount(f"/{name}", door, strip=True) for name, door in doors.items()),
            Mount("/api/v1", plain),
            Mount("/api/v1/tasks", shared),  # by_key: Nexwork's agents come here with `nxw_`
            Mount("/api/agent/v1", posters),
            *(Mount(path, teams) for path in agentix.PATHS),
            Mount(native.PATH, own, strip=True),
            Mount("/files", downloads),
            Mount("/mcp/work", workers),
        ),
        otherwise=Nowhere(
            operators,
            paths=(route.path for route in at_root.routes),
            by_key={key.encode(): astray for key in (TEAM_KEY_PREFIX, SERVICE_KEY_PREFIX)},
            nobody=nobody,
        ),
        hosts=hosts,
        shared=("/files", "/mcp/work", "/healthz", "/readyz", "/metrics"),
    )
    return Front(app, live)
