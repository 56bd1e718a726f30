"""`account budget`, `cap-changes`: what models have cost, and the caps that owners set."""

from typing import Annotated

import typer

from hiringhall.cli.budgets import GOES_ON, micros_of
from hiringhall.cli.native import PAGE, Item, Limit, at_native, day, listed, show_list, word
from hiringhall.cli.options import Json, KeyFile, Url
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen
from hiringhall.domain.compute import money


def budget(
    team: Annotated[
        str | None,
        typer.Option(help="One team instead of the organization.", metavar="TEAM"),
    ] = None,
    cap: Annotated[
        str | None,
        typer.Option(help="Most it may spend on models, such as 50.00.", metavar="AMOUNT"),
    ] = None,
    no_cap: Annotated[
        bool, typer.Option("--no-cap", help="Have the hall's cap alone hold it.")
    ] = False,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Show what models have cost your organization or a team; or, as an owner, cap what they may.

    Example: hiringhall account budget --team TEAM --cap 50.00
    """
    if cap is not None and no_cap:
        raise CommandError("Say --cap or --no-cap.", Exit.USAGE)
    path = "/budget" if team is None else path_of("teams", team, "/budget")
    screen = Screen(as_json=as_json)
    cap_micros = None if cap is None else micros_of(cap)
    with at_native(screen, url, key_file) as client:
        if cap is not None or no_cap:
            found = client.put(path, {"cap_micros": cap_micros})
            screen.note(GOES_ON)
        else:
            found = client.get(path)
    if as_json:
        screen.value(found)
        return
    screen.table(
        ("of", "cap", "the hall's", "its owners'", "spent", "put by", "calls"),
        [
            (
                "organization" if team is None else "team",
                *(_amount(found[f"{whose}cap_micros"]) for whose in ("", "hall_", "owners_")),
                _amount(found["spent_micros"]),
                _amount(found["reserved_micros"]),
                str(found["calls"]),
            )
        ],
    )


def cap_changes(
    limit: Limit = PAGE, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """List how the caps of your organization and its teams were set, newest first."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = listed(client, "/budget/changes", limit)
    show_list(screen, answer, ("at (UTC)", "of", "set for", "was", "is", "by"), _change)


def _change(one: Item) -> tuple[str, ...]:
    return (
        day(one["at"]),
        "organization" if one["team_id"] is None else str(one["team_id"]),
        str(one["set_for"]),
        _amount(one["was_micros"]),
        _amount(one["cap_micros"]),
        word(one["user_id"]),
    )


def _amount(micros: object) -> str:
    return money(micros) if isinstance(micros, int) else "-"
