"""Runs a hall in the foreground, and says in a banner what it can do and how it could do more."""

import asyncio
import contextlib
import importlib.metadata
import os
import signal
import threading
from pathlib import Path

from hiringhall.actions.signing_in import invite_first_admin
from hiringhall.app import App, open_app
from hiringhall.cli.credentials import DEFAULT_URL
from hiringhall.cli.screen import Screen
from hiringhall.cli.serving import notes, serving
from hiringhall.doors.front import PAGES
from hiringhall.hall import Registration
from hiringhall.settings import Settings

_NEW_KEY = "{} was not there, so a new key was made there: links signed with another no longer work"


async def serve_until_told(settings: Settings, screen: Screen, *, stop_with_stdin: bool) -> None:
    """Serve until a signal, or the end of standard input, says so; raises like `open_app`."""
    newcomer = _is_missing(settings.data_dir / "node.id")
    key_file = settings.secret_key_file
    new_key = "" if key_file is None or not _is_missing(key_file) else _NEW_KEY.format(key_file)
    stop = _told_to_stop()
    if stop_with_stdin:
        _at_end_of_stdin(asyncio.get_running_loop(), stop)
    async with open_app(settings) as app, serving(app) as served:
        if screen.as_json:
            screen.value(
                {"url": served.url, "data_dir": str(settings.data_dir), "pid": os.getpid()}
            )
            if new_key:
                screen.note(f"warning: {new_key}")
        else:
            token = await invite_first_admin(app.hall)
            _banner(screen, app, served.url, newcomer=newcomer, new_key=new_key)
            if token is not None:
                address = f"{settings.public_url or served.url}/setup?token={token}"
                screen.say(f"\nThis hall has no admin yet. To be the first, once:\n  {address}")
            screen.say("\nCtrl-C stops it.")
        await _until(stop, served.carrying)
        if not screen.as_json:
            screen.say("Stopping: what is being done goes on after the next start.")


async def work_until_told(settings: Settings, screen: Screen) -> None:
    """Work without serving until a signal says so; raises like `open_app`."""
    stop = _told_to_stop()
    async with open_app(settings) as app, app.joined():
        carrying = asyncio.create_task(app.carry())
        try:
            if screen.as_json:
                screen.value(
                    {"node": app.node.id, "data_dir": str(settings.data_dir), "pid": os.getpid()}
                )
            else:
                _worker_banner(screen, app)
            await _until(stop, carrying)
        finally:
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)
        if not screen.as_json:
            screen.say("Stopping: what is being done goes on elsewhere, or after the next start.")


def _told_to_stop() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _until(stop: asyncio.Event, carrying: asyncio.Task[None]) -> None:
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({waiting, carrying}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if carrying.done():
        # Nothing would be done any more: better no hall than one that only takes work.
        await carrying


def _at_end_of_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Watch standard input from a thread, which takes files and devices as well as pipes."""

    def drain() -> None:
        while os.read(0, 4096):
            pass
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=drain, name="stdin", daemon=True).start()


def _is_missing(path: Path) -> bool:
    try:
        return not path.exists()
    except OSError:  # closed to us: `open_app` says so
        return False


def _banner(screen: Screen, app: App, url: str, *, newcomer: bool, new_key: str) -> None:
    """Where it serves, what it can do, and how it could do more."""
    settings, staffing = app.settings, app.hall.staffing
    version = importlib.metadata.version("hiringhall")
    screen.say(f"Hiringhall {version} serves {settings.public_url or url}", style="bold")
    lines: dict[str, str] = {
        "pages": f"{settings.public_url or url}/ for people; how programs use it, below it: "
        f"{', '.join(PAGES)}",
        "folder": str(settings.data_dir.absolute()),
        "database": "SQLite in the folder"
        if app.hall.database.dialect == "sqlite"
        else "PostgreSQL",
        "accounts": f"registration is {app.hall.rules.registration.value}",
        "workers": _workers(staffing.ready, staffing.default_runtime, settings.local_runs),
        "sandbox": f"{app.sandbox.name}: {app.probe.sentence}",
    }
    for name, text in lines.items():
        screen.say(f"  {name:<9} {text}")
    if new_key:
        screen.say(f"  ! key: {new_key}", style="yellow")
    for warning in app.probe.warnings:
        screen.say(f"  ! sandbox: {warning}", style="yellow")
    for what, why in notes(app).items():
        screen.say(f"  ! {what}: {why}", style="yellow")
    if newcomer:
        there = "" if url == DEFAULT_URL else f" --url {url}"
        if app.hall.rules.registration is Registration.OPEN:
            first = f"register --email you@example.org --name You{there}"
        else:
            first = f"admin create-user --data-dir {settings.data_dir} --email … --name …"
        screen.say("\nThis hall is new. In another terminal:")
        screen.say(f"  hiringhall {first}")
        screen.say(f'  hiringhall tasks create "Landing page" -d "Hero, pricing." --watch{there}')


def _worker_banner(screen: Screen, app: App) -> None:
    settings, staffing = app.settings, app.hall.staffing
    version = importlib.metadata.version("hiringhall")
    screen.say(f"Hiringhall {version} works, as the node {app.node.id}", style="bold")
    lines = {
        "folder": str(settings.data_dir.absolute()),
        "workers": _workers(staffing.ready, staffing.default_runtime, settings.local_runs),
        "sandbox": f"{app.sandbox.name}: {app.probe.sentence}",
    }
    for name, text in lines.items():
        screen.say(f"  {name:<9} {text}")
    for warning in app.probe.warnings:
        screen.say(f"  ! sandbox: {warning}", style="yellow")
    screen.say("\nCtrl-C stops it.")


def _workers(ready: tuple[str, ...], default: str | None, at_once: int) -> str:
    if not ready:
        return "none"
    if at_once == 0:
        return "none here (HIRINGHALL_LOCAL_RUNS=0)"
    usual = "none by default" if default is None else f"{default} by default"
    return f"{', '.join(ready)} ({usual}), up to {at_once} at once"
