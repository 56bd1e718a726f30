"""`hiringhall admin key …`: which keys act for a user, and taking one away."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from hiringhall.cli.local import operate, require_hall, settings_of
from hiringhall.cli.options import DatabaseUrl, DataDir, Email, Json, UserId, named
from hiringhall.cli.screen import Screen

app = typer.Typer(
    name="key",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="API keys, by the prefix they are shown with: list them, revoke one.",
)


@app.command("list")
def list_keys(
    email: Email = None,
    user: UserId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """List an account's keys, revoked ones too."""
    settings = settings_of(data_dir, database_url)
    require_hall(settings)
    value = operate(settings, "list_keys", email=named(email, user))
    screen = Screen(as_json=as_json)
    if as_json:
        screen.value(value)
        return
    keys: list[dict[str, Any]] = value["keys"]
    screen.table(
        ("prefix", "label", "made", "last used", "revoked"),
        (
            (
                str(key["prefix"]),
                str(key["label"]),
                _day(key["created_at_us"]),
                _day(key["used_at_us"]) if key["used_at_us"] else "never",
                _day(key["revoked_at_us"]) if key["revoked_at_us"] else "-",
            )
            for key in keys
        ),
    )


@app.command("revoke")
def revoke_key(
    prefix: Annotated[str, typer.Argument(help="The prefix it is shown with.", metavar="PREFIX")],
    email: Email = None,
    user: UserId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """Let a key open nothing from now on.

    Example: hiringhall admin key revoke aw_live_aBcDeFgH --email ada@example.org
    """
    settings = settings_of(data_dir, database_url)
    require_hall(settings)
    value = operate(settings, "revoke_key", email=named(email, user), prefix=prefix)
    screen = Screen(as_json=as_json)
    screen.told(value, f"The key {prefix} opens nothing any more.")


def _day(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1_000_000, UTC).strftime("%Y-%m-%d")
