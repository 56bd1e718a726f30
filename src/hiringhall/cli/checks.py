"""`hiringhall audit`, `ledger check` and `openapi`: look without touching."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hiringhall.cli.options import DatabaseUrl, DataDir, Json
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.screen import Screen

if TYPE_CHECKING:
    from hiringhall.queries.audit import LedgerCheck

ledger_app = typer.Typer(
    name="ledger", no_args_is_help=True, rich_markup_mode=None, help="The hall's books."
)


def audit(
    data_dir: DataDir = None, database_url: DatabaseUrl = None, as_json: Json = False
) -> None:
    """Check everything the database says of itself, also beside a running server.

    Every task against its log, every step against the lifecycle, runs, deliverables, credits and
    the ledger. Reads only. Exit code 1 when something does not hold.
    """
    from hiringhall.cli.local import settings_of
    from hiringhall.cli.reading import read_hall
    from hiringhall.queries.audit import audit_all

    found = read_hall(settings_of(data_dir, database_url), audit_all)
    screen = Screen(as_json=as_json)
    if as_json:
        counts = {"tasks": found.tasks, "events": found.events, "runs": found.runs}
        books = _books(found.ledger)
        screen.value({"ok": found.ok, **counts, "problems": found.problems, "ledger": books})
    else:
        screen.say(f"{found.tasks} tasks, {found.events} events, {found.runs} runs")
        screen.say(f"{found.ledger.accounts} accounts, {found.ledger.transfers} transfers")
        _verdict(screen, [*found.problems, *found.ledger.problems])
    if not found.ok:
        raise typer.Exit(Exit.FAILED)


@ledger_app.command("check")
def check_books(
    data_dir: DataDir = None, database_url: DatabaseUrl = None, as_json: Json = False
) -> None:
    """Prove that every balance is the sum of its transfers, and that all of them sum to zero.

    Reads only, also beside a running server. Exit code 1 when the books do not balance.
    """
    from hiringhall.cli.local import settings_of
    from hiringhall.cli.reading import read_hall
    from hiringhall.queries.audit import check_ledger

    found = read_hall(settings_of(data_dir, database_url), check_ledger)
    screen = Screen(as_json=as_json)
    if as_json:
        screen.value(_books(found))
    else:
        screen.say(f"{found.accounts} accounts, {found.transfers} transfers")
        _verdict(screen, list(found.problems))
    if not found.ok:
        raise typer.Exit(Exit.FAILED)


def openapi(
    door: Annotated[
        str,
        typer.Argument(
            help="Which door: agentwork, club, nexwork, agentix or native.", metavar="DOOR"
        ),
    ] = "agentwork",
) -> None:
    """Print a door's OpenAPI 3.1 document as JSON."""
    import importlib.metadata
    import json
    import sys

    from hiringhall.doors.agentix.door import DOOR as AGENTIX
    from hiringhall.doors.agentwork.routes import DOOR
    from hiringhall.doors.club.door import DOOR as CLUB
    from hiringhall.doors.kit.openapi import openapi as document_of
    from hiringhall.doors.native.door import DOOR as NATIVE
    from hiringhall.doors.native.door import PATH
    from hiringhall.doors.nexwork.door import DOOR as NEXWORK

    doors = {one.name: one for one in (DOOR, CLUB, NEXWORK, AGENTIX, NATIVE)}
    if door not in doors:
        known = ", ".join(doors)
        raise CommandError(f"There is no door {door!r}; the doors are {known}.", Exit.NOT_FOUND)
    version = importlib.metadata.version("hiringhall")
    servers = (PATH,) if door == NATIVE.name else ("/", f"/{door}")
    document = document_of(doors[door], version=version, servers=servers)
    sys.stdout.write(f"{json.dumps(document, indent=2)}\n")


def _books(found: "LedgerCheck") -> dict[str, Any]:
    counts = {"accounts": found.accounts, "transfers": found.transfers}
    return {"ok": found.ok, **counts, "problems": found.problems}


def _verdict(screen: Screen, problems: list[str]) -> None:
    for problem in problems:
        screen.say(f"! {problem}", style="red")
    screen.say("Something does not hold." if problems else "Everything holds.")
