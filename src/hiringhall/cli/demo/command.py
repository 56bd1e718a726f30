"""The command `demo`: three acts, a check of everything, and what to look at next."""

import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hiringhall.cli.options import Json
from hiringhall.cli.screen import Screen

if TYPE_CHECKING:
    from hiringhall.cli.demo.worked import Pushed


def demo(
    repository: Annotated[
        str | None,
        typer.Option(
            "--repo",
            help="A git repository to work on; a copy is made, the original is only read.  "
            "[default: one made from this project's own files]",
            metavar="URL_OR_PATH",
        ),
    ] = None,
    folder: Annotated[
        Path,
        typer.Option(help="Where everything is kept; cleared at the start.", metavar="FOLDER"),
    ] = Path(".demo"),
    as_json: Json = False,
) -> None:
    """Show the main job on real input, in under a minute, and check it at every step.

    A hall of its own on a free port: a conversation played from a script, a real command on a real
    git repository in the sandbox, then outside agents that work for money, alone and as a Task
    Force. Exit code 0 only when everything came out as it should.
    With --json: a line for each event, and the outcome on the last.
    """
    from hiringhall.cli.client import HallClient
    from hiringhall.cli.demo import played, sold, worked
    from hiringhall.cli.demo.stage import Stage, expect, fresh_folder
    from hiringhall.cli.local import settings_of
    from hiringhall.cli.reading import read_hall
    from hiringhall.queries.audit import audit_all

    began = time.monotonic()
    screen = Screen(as_json=as_json)
    home = fresh_folder(folder)
    played.write_script(home / "script.json")
    screen.say("A demonstration of Hiringhall", style="bold")
    with Stage(screen, home) as stage:
        stage.step(f"a hall is served at {stage.url}, its folder is {stage.data_dir}")
        with HallClient(stage.url) as stranger:
            body = {"email": worked.EMAIL, "name": "You", "organization_name": "Yours"}
            key = str(stranger.post("/auth/register", body)["api_key"])
        stage.step(f"an account is registered: {worked.EMAIL}")
        with HallClient(stage.url, key) as client:
            downloads = played.play(stage, client)
            pushed = worked.work(stage, client, repository)
        money = sold.sell(stage, key)
        stage.act("The check", "Real: every task, event, run and account of this hall.")
        audit = read_hall(settings_of(stage.data_dir, None), audit_all)
        expect(audit.ok, "; ".join([*audit.problems, *audit.ledger.problems]))
        stage.step(f"{audit.tasks} tasks, {audit.events} events, {audit.runs} runs: it all holds")
        isolated = stage.isolated
    took_s = time.monotonic() - began
    facts: dict[str, Any] = {
        "ok": True,
        "folder": str(home),
        "downloads": str(downloads),
        "repository": str(pushed.repository),
        "branch": pushed.branch,
        "isolated": isolated,
        "paid_cents": money.paid_cents,
        "earned_cents": money.earned_cents,
        "fee_cents": money.fee_cents,
        "seconds": round(took_s, 1),
    }
    if as_json:
        screen.value(facts)
    else:
        _farewell(screen, home, pushed, took_s)


def _farewell(screen: Screen, home: Path, pushed: "Pushed", took_s: float) -> None:
    screen.say()
    screen.say(f"Everything came out as it should, in {took_s:.0f} seconds.", style="bold green")
    screen.say("Look at it:")
    if pushed.branch is not None:
        screen.say(f"  git -C {pushed.repository} log -p {pushed.base}..{pushed.branch}")
    command = _command()
    screen.say(f"  {command} serve --data-dir {home / 'hall'}")
    screen.say(f"  {command} audit --data-dir {home / 'hall'}")
    screen.say(f"Then a hall of your own: {command} serve --help")


def _command() -> str:
    """How this program is called from here."""
    if shutil.which("hiringhall"):
        return "hiringhall"
    return os.path.relpath(Path(sys.executable).with_name("hiringhall"))
