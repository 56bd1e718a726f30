"""`account key …`: the organization's keys, by their ids: list them, make one, revoke one."""

import os
from typing import Annotated

import typer

from hiringhall.cli.native import (
    PAGE,
    KeyTo,
    Limit,
    PrintKey,
    at_native,
    day,
    listed,
    refuse_taken,
    show_list,
)
from hiringhall.cli.options import Json, KeyFile, Url
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen

app = typer.Typer(
    name="key",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Keys that act for your organization: list them, make one, revoke one.",
)


@app.command("list")
def list_keys(
    limit: Limit = PAGE, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """List the keys that open something, oldest first, by the prefixes they are shown with."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = listed(client, "/keys", limit)
    show_list(
        screen,
        answer,
        ("id", "prefix", "name", "of user", "made (UTC)", "last used (UTC)"),
        lambda one: (
            str(one["id"]),
            str(one["prefix"]),
            str(one["name"]),
            str(one["user_id"]),
            day(one["created_at"]),
            day(one["used_at"]) if one["used_at"] else "never",
        ),
    )


@app.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What it is called.", metavar="NAME")],
    key_to: KeyTo = None,
    print_key: PrintKey = False,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Make one more key for yourself and store it in a file; it is shown this once.

    Example: hiringhall account key create "build server" --key-to build.key
    """
    from hiringhall.cli.credentials import keep_secret

    screen = Screen(as_json=as_json)
    refuse_taken(key_to, "--key-to")
    with at_native(screen, url, key_file) as client:
        made = client.post("/keys", {"name": name})
    key = str(made["api_key"])
    if print_key:
        screen.told(made, key)
        return
    del made["api_key"]
    stored = keep_secret(
        key,
        kind="keys",
        name=str(made["id"]),
        place=key_to,
        environ=os.environ,
        lost=f"Revoke it with 'hiringhall account key revoke {made['id']}' and make another.",
    )
    screen.told({**made, "stored_in": str(stored)}, str(made["id"]))
    screen.note(f"Act with it by: --key-file {stored}")


@app.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="The key's id, as 'list' shows it.", metavar="KEY")],
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Let a key of the organization open nothing from now on."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = client.delete(path_of("keys", key_id))
    screen.told(answer, f"The key {key_id} opens nothing any more.")
