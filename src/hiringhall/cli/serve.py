"""`hiringhall serve`: one hall on this machine, and a banner that says what it can do."""

import asyncio
import importlib.metadata
import os
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from hiringhall.cli.credentials import DEFAULT_URL
from hiringhall.cli.options import DatabaseUrl, DataDir, Json
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.screen import Screen

if TYPE_CHECKING:
    from hiringhall.app import App
    from hiringhall.settings import Settings


def serve(
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on.  [default: 127.0.0.1]", metavar="HOST"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port; 0 takes a free one.  [default: 8470]", metavar="PORT"
        ),
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    runtime: Annotated[
        str | None,
        typer.Option(
            envvar="HIRINGHALL_RUNTIME",
            show_envvar=True,
            help="What does tasks that name no role: rehearsal.  [default: nothing]",
            metavar="NAME",
        ),
    ] = None,
    stop_with_stdin: Annotated[
        bool,
        typer.Option(
            "--stop-with-stdin",
            help="Stop when standard input ends: for a program that starts a hall of its own.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    r"""Run a hall until Ctrl-C or SIGTERM.

    Every setting is a HIRINGHALL_… variable or a line in hiringhall.toml in the folder; see
    docs/settings.md. With --json: one line with url, data_dir and pid once it serves.

    \b
    Examples:
      hiringhall serve
      HIRINGHALL_RUNTIME=rehearsal hiringhall serve --port 8080 --data-dir ./hall
    """
    from hiringhall.cli import logs
    from hiringhall.cli.local import settings_of
    from hiringhall.doors.server import run
    from hiringhall.node import NodeBusy
    from hiringhall.settings import SettingsError
    from hiringhall.store.errors import StoreError

    screen = Screen(as_json=as_json)
    settings = settings_of(data_dir, database_url, host=host, port=port, runtime=runtime)
    try:
        logs.configure(settings)
        run(_serve(settings, screen, stop_with_stdin=stop_with_stdin))
    except SettingsError as error:
        raise CommandError(f"{error}.", Exit.USAGE) from None
    except NodeBusy as error:
        raise CommandError(f"{error}.", Exit.LATER) from None
    except StoreError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}. "
            "Choose another with --port."
        ) from None


async def _serve(settings: "Settings", screen: Screen, *, stop_with_stdin: bool) -> None:
    from hiringhall.app import open_app
    from hiringhall.cli.serving import serving

    newcomer = not (settings.data_dir / "node.id").exists()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if stop_with_stdin:
        loop.add_reader(0, lambda: os.read(0, 4096) or stop.set())
    async with open_app(settings) as app, serving(app) as served:
        if screen.as_json:
            screen.value(
                {"url": served.url, "data_dir": str(settings.data_dir), "pid": os.getpid()}
            )
        else:
            _banner(screen, app, served.url, newcomer=newcomer)
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({waiting, served.carrying}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if served.carrying.done():
            # Nothing would be done any more: better no hall than one that only takes work.
            await served.carrying
        if not screen.as_json:
            screen.say("Stopping: what is being done goes on after the next start.")


def _banner(screen: Screen, app: "App", url: str, *, newcomer: bool) -> None:
    """Where it serves, what it can do, and how it could do more."""
    from hiringhall.cli.serving import notes

    settings, staffing = app.settings, app.hall.staffing
    version = importlib.metadata.version("hiringhall")
    screen.say(f"Hiringhall {version} serves {settings.public_url or url}", style="bold")
    lines: dict[str, str] = {
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
    for warning in app.probe.warnings:
        screen.say(f"  ! sandbox: {warning}", style="yellow")
    for what, why in notes(app).items():
        screen.say(f"  ! {what}: {why}", style="yellow")
    if newcomer:
        screen.say("\nThis hall is new. In another terminal:")
        there = "" if url == DEFAULT_URL else f" --url {url}"
        screen.say(f"  hiringhall register --email you@example.org --name You{there}")
        screen.say(f'  hiringhall tasks create "Landing page" -d "Hero, pricing." --watch{there}')
    screen.say("\nCtrl-C stops it.")


def _workers(ready: tuple[str, ...], default: str | None, at_once: int) -> str:
    if not ready:
        return "none"
    if at_once == 0:
        return "none here (HIRINGHALL_LOCAL_RUNS=0)"
    usual = "none by default" if default is None else f"{default} by default"
    return f"{', '.join(ready)} ({usual}), up to {at_once} at once"
