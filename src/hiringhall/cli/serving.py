"""Puts an open hall on the network: doors, admin socket and workers, until told to stop."""

import asyncio
import contextlib
import importlib.metadata
import socket
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from prometheus_client import CollectorRegistry

from hiringhall.app import App
from hiringhall.cli.adminsocket import AdminSocket
from hiringhall.cli.operations import carry_out
from hiringhall.domain.errors import Unauthorized
from hiringhall.doors.desk import Desk
from hiringhall.doors.front import Front, open_front
from hiringhall.doors.health import Health
from hiringhall.doors.look import lacks_script
from hiringhall.doors.server import Server, address_of, listen
from hiringhall.queries.accounts import authenticate
from hiringhall.rules import is_loopback
from hiringhall.settings import Settings, SettingsError
from hiringhall.store.errors import StoreError
from hiringhall.workers.runtimes.builtin import Builtin
from hiringhall.workers.webhooks.outgoing import Outgoing
from hiringhall.workers.webhooks.sender import Sender


class CannotListen(Exception):
    """The address or port to listen on is not to be had; the message says why."""


@dataclass(frozen=True, slots=True)
class Served:
    """A hall that is being served: where, and the work that must not end by itself."""

    url: str
    carrying: asyncio.Task[None]


@contextlib.asynccontextmanager
async def serving(app: App) -> AsyncGenerator[Served]:
    """Serve a hall as long as the context lasts. Raises SettingsError and CannotListen."""
    with _listener(app.settings) as listener:
        url = address_of(listener)
        front = _front(app, url)
        server = Server(front.app, listener, before_stop=front.live.end_all)
        operator = AdminSocket(
            app.settings.data_dir,
            lambda operation, arguments: carry_out(app.hall, operation, arguments),
        )
        async with app.joined(), operator, server:
            carrying = asyncio.create_task(app.carry())
            # Servers alone send webhooks: workers may be where nothing leads out.
            outgoing = Outgoing(app.hall.rules.webhook_networks)
            sending = asyncio.create_task(Sender(app.hall, outgoing).carry())
            try:
                yield Served(url, carrying)
            finally:
                carrying.cancel()
                sending.cancel()
                await asyncio.gather(carrying, sending, return_exceptions=True)


def _listener(settings: Settings) -> socket.socket:
    try:
        return listen(settings.host, settings.port)
    except OSError as error:
        raise CannotListen(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}"
        ) from error


def _front(app: App, url: str) -> Front:
    settings = app.settings
    desk = Desk(
        app.hall,
        app.blobs,
        app.links,
        public_url=_public_url(settings, url),
        trusted_proxies=_networks(settings.trusted_proxies),
        run_logs=app.place.logs,
        facts=lambda: _facts(app),
        notes=lambda: notes(app),
    )
    health = Health(
        unready=lambda: _unready(app),
        notes=lambda: notes(app),
        registry=CollectorRegistry(),
        metrics_token=settings.metrics_token,
    )
    version = importlib.metadata.version("hiringhall")
    try:
        return open_front(
            desk,
            health,
            version=version,
            desks=app.desks,
            door_hosts=_door_hosts(settings.door_hosts),
        )
    except ValueError as error:
        raise SettingsError(f"HIRINGHALL_DOOR_HOSTS: {error}") from error


def notes(app: App) -> dict[str, str]:
    """What the hall has to do without, by part, each with what to do about it."""
    staffing = app.hall.staffing
    # Of the agents that there could be, most are not wanted: those that are here are named.
    found = {name: why for name, why in staffing.hindrances.items() if why and ":" not in name}
    if app.settings.model is None:
        found.pop(Builtin.name, None)
    if staffing.usual_runtime is None:
        found["worker"] = staffing.no_default_because
    if app.presence is not None and app.settings.local_runs == 0 and not app.presence.at_work:
        found["nodes"] = (
            "This server takes no runs itself (HIRINGHALL_LOCAL_RUNS=0), and no node is there that "
            "does: start one with 'hiringhall worker'"
        )
    if app.presence is not None and app.presence.other_lease:
        found["lease"] = app.presence.other_lease
    if lacking := lacks_script():
        found["pages"] = lacking
    return {name: why for name, why in found.items() if name not in staffing.elsewhere.runtimes}


def _facts(app: App) -> dict[str, str]:
    """What the hall is made of, for whoever runs it."""
    settings = app.settings
    return {
        "version": importlib.metadata.version("hiringhall"),
        "database": app.hall.database.dialect,
        "engine": f"{settings.engine.value} ({settings.local_runs})",
        "sandbox": app.probe.sentence or settings.sandbox,
        "files": "S3" if (settings.blobs or "").startswith("s3:") else "a folder",
        "payments": app.hall.payments.name,
    }


async def _unready(app: App) -> dict[str, str]:
    """Whether the database answers: asked for a key that nobody has."""
    try:
        await authenticate(app.hall, "aw_live_")
    except Unauthorized:
        return {}
    except StoreError as error:
        return {"database": str(error)}
    return {}


def _public_url(settings: Settings, url: str) -> str | None:
    if settings.public_url is not None:
        return settings.public_url.rstrip("/")
    return url if is_loopback(settings.host) else None


def _networks(texts: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(text, strict=False) for text in texts)
    except ValueError as error:
        raise SettingsError(
            f"HIRINGHALL_TRUSTED_PROXIES takes addresses and networks by commas: {error}"
        ) from error


def _door_hosts(texts: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if not all(door and host for door, _, host in pairs):
        raise SettingsError("HIRINGHALL_DOOR_HOSTS takes door=host.example, by commas")
    return {door: host for door, _, host in pairs}
