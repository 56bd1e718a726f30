"""`hiringhall webhooks …`: where events are sent, whether they arrive, and sending them again."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from hiringhall.cli.native import (
    PAGE,
    Item,
    Limit,
    at_native,
    day,
    listed,
    refuse_taken,
    show_fields,
    show_list,
    word,
)
from hiringhall.cli.options import Json, KeyFile, Url
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen, one_line
from hiringhall.cli.texts import secret_of

if TYPE_CHECKING:
    from hiringhall.cli.client import HallClient

app = typer.Typer(
    name="webhooks",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Have events sent to an address of yours, signed; see what arrived, send it again.",
    epilog="Example: hiringhall webhooks add https://hooks.example.org/in --type task_failed",
)

WebhookId = Annotated[str, typer.Argument(help="The webhook's id.", metavar="WEBHOOK")]
DeliveryId = Annotated[str, typer.Argument(help="The delivery's id.", metavar="DELIVERY")]
Types = Annotated[
    list[str] | None, typer.Option("--type", help="Only of this type. Repeatable.", metavar="TYPE")
]
Team = Annotated[str | None, typer.Option(help="Only this team's.", metavar="TEAM")]
Description = Annotated[
    str | None, typer.Option("--description", "-d", help="What it is for.", metavar="TEXT")
]
SecretTo = Annotated[
    Path | None,
    typer.Option(
        "--secret-to",
        help="Where the secret is stored.  [default: webhooks/ID.key beside your own key]",
        metavar="FILE",
    ),
]
PrintSecret = Annotated[
    bool, typer.Option("--print-secret", help="Print the secret instead of storing it.")
]

_POLL_S = 0.25


@app.command("list")
def list_webhooks(url: Url = None, key_file: KeyFile = None, as_json: Json = False) -> None:
    """List where your organization's events are sent."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = client.get("/webhooks")
    show_list(
        screen,
        answer,
        ("id", "sent", "types", "fails since (UTC)", "address"),
        lambda one: (
            str(one["id"]),
            "yes" if one["enabled"] else "no",
            _types(one),
            day(one["failing_since"]),
            str(one["url"]),
        ),
    )


@app.command()
def show(
    webhook_id: WebhookId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Show one webhook, and why it is off where it is."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        found = client.get(path_of("webhooks", webhook_id))
    if as_json:
        screen.value(found)
        return
    show_fields(
        screen,
        (
            ("id", found["id"]),
            ("address", found["url"]),
            ("sent", "yes" if found["enabled"] else "no"),
            ("off because", found["disabled_because"]),
            ("fails since", found["failing_since"] and f"{day(found['failing_since'])} UTC"),
            ("types", _types(found)),
            ("team", found["team_id"]),
            ("description", found["description"]),
            ("since", f"{day(found['created_at'])} UTC"),
        ),
    )


@app.command()
def add(
    address: Annotated[
        str, typer.Argument(help="https://…; - reads it from standard input.", metavar="URL")
    ],
    types: Types = None,
    team: Team = None,
    description: Description = None,
    secret_to: SecretTo = None,
    print_secret: PrintSecret = False,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Have events sent to an address from now on, and store the secret they are signed with.

    An address that opens something by itself is a secret, too: give - and let it come from
    standard input, where no list of processes shows it.
    """
    screen = Screen(as_json=as_json)
    refuse_taken(secret_to, "--secret-to")
    where = secret_of(screen, "The address: ") if address == "-" else address
    body = {"url": where, "types": types or None, "team_id": team, "description": description or ""}
    with at_native(screen, url, key_file) as client:
        made = client.post("/webhooks", body)
    _keep(screen, made, secret_to, print_secret=print_secret)


@app.command()
def change(
    webhook_id: WebhookId,
    address: Annotated[
        str | None, typer.Option("--to", help="Another address; - reads stdin.", metavar="URL")
    ] = None,
    types: Types = None,
    all_types: Annotated[bool, typer.Option("--all-types", help="Send all types.")] = False,
    description: Description = None,
    enabled: Annotated[
        bool | None, typer.Option("--on/--off", help="Whether anything is sent.")
    ] = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Say anew where events go, which, and whether; what is left out stays."""
    screen = Screen(as_json=as_json)
    if types and all_types:
        raise CommandError("Say --type or --all-types, not both.", Exit.USAGE)
    where = secret_of(screen, "The address: ") if address == "-" else address
    given = {"url": where, "types": types or None, "description": description, "enabled": enabled}
    body: Item = {name: value for name, value in given.items() if value is not None}
    body |= {"types": None} if all_types else {}
    if not body:
        raise CommandError("Say what is to change.", Exit.USAGE)
    with at_native(screen, url, key_file) as client:
        found = client.patch(path_of("webhooks", webhook_id), body)
    screen.told(found, f"The webhook is {'on' if found['enabled'] else 'off'}: {_types(found)}")


@app.command("test")
def send_ping(
    webhook_id: WebhookId,
    timeout: Annotated[
        float, typer.Option(min=0, help="Wait so long for its answer.", metavar="SECONDS")
    ] = 30.0,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Send an event of the type ping, and say whether it arrived; ends with 1 where it did not."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        sent = client.post(path_of("webhooks", webhook_id, "/ping"), {})
        _await(screen, client, webhook_id, sent, timeout)


@app.command()
def deliveries(
    webhook_id: WebhookId,
    state: Annotated[
        str | None, typer.Option(help="pending, delivered or dead.", metavar="WORD")
    ] = None,
    limit: Limit = PAGE,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """List what was made for a webhook, newest first; --state dead is what did not arrive."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        path = path_of("webhooks", webhook_id, "/deliveries")
        answer = listed(client, path, limit, state=state)
    show_list(
        screen,
        answer,
        ("id", "state", "tries", "type", "event", "made (UTC)", "next (UTC)"),
        lambda one: (
            str(one["id"]),
            str(one["state"]),
            str(one["attempts"]),
            str(one["type"]),
            word(one["seq"]),
            day(one["created_at"]),
            day(one["due_at"]),
        ),
    )


@app.command()
def delivery(
    webhook_id: WebhookId,
    delivery_id: DeliveryId,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Show one delivery with what came of each attempt, newest first."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        found = client.get(_delivery_path(webhook_id, delivery_id))
    if as_json:
        screen.value(found)
        return
    screen.say(f"{found['type']}: {found['state']}", style="bold")
    screen.table(
        ("try", "at (UTC)", "ms", "status", "what came back"),
        (
            (
                str(one["number"]),
                day(one["at"]),
                str(one["took_ms"]),
                word(one["status"]),
                word(one["error"] or one["answer"]),
            )
            for one in cast("list[Item]", found["history"])
        ),
    )


@app.command()
def redeliver(
    webhook_id: WebhookId,
    delivery_id: DeliveryId,
    timeout: Annotated[
        float, typer.Option(min=0, help="Wait so long for its answer.", metavar="SECONDS")
    ] = 30.0,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Send something again now, whatever came of it, and say whether it arrived."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        sent = client.post(f"{_delivery_path(webhook_id, delivery_id)}/redeliver", {})
        _await(screen, client, webhook_id, sent, timeout)


@app.command()
def rotate(
    webhook_id: WebhookId,
    secret_to: SecretTo = None,
    print_secret: PrintSecret = False,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Get another secret and store it; for a day all is signed with the old one, too."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        made = client.post(path_of("webhooks", webhook_id, "/rotate-secret"), {})
    _keep(screen, made, secret_to, print_secret=print_secret)


@app.command()
def remove(
    webhook_id: WebhookId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Send nothing there any more, and forget what was sent."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        gone = client.delete(path_of("webhooks", webhook_id))
    screen.told(gone, "Nothing is sent there any more.")


def _types(webhook: Item) -> str:
    types: list[str] | None = webhook["types"]
    return "all" if types is None else ", ".join(types)


def _delivery_path(webhook_id: str, delivery_id: str) -> str:
    return path_of("webhooks", webhook_id) + path_of("deliveries", delivery_id)


def _keep(screen: Screen, made: Item, secret_to: Path | None, *, print_secret: bool) -> None:
    from hiringhall.cli.credentials import keep_secret

    secret = str(made["secret"])
    if print_secret:
        screen.note(f"Webhook {made['id']}. Its secret, shown this once:")
        screen.told(made, secret)
        return
    told = {name: value for name, value in made.items() if name != "secret"}
    stored = keep_secret(
        secret,
        kind="webhooks",
        name=str(made["id"]),
        place=secret_to,
        environ=os.environ,
        lost=f"Get another with 'hiringhall webhooks rotate {one_line(str(made['id']), 60)}'.",
    )
    screen.told({**told, "stored_in": str(stored)}, str(made["id"]))
    screen.note(f"The secret that its deliveries are signed with is in {stored}.")


def _await(
    screen: Screen, client: "HallClient", webhook_id: str, sent: Item, timeout_s: float
) -> None:
    """Wait for what comes of the next attempt, and tell it."""
    path = _delivery_path(webhook_id, str(sent["id"]))
    until_s = time.monotonic() + timeout_s
    while (found := client.get(path))["attempts"] <= sent["attempts"]:
        if time.monotonic() >= until_s:
            screen.told(found, f"It is on its way: delivery {sent['id']}")
            raise CommandError("There is no answer yet.", Exit.LATER)
        time.sleep(_POLL_S)
    newest: dict[str, Any] = found["history"][0]
    said = newest["error"] or f"{newest['status']} in {newest['took_ms']} ms"
    arrived = found["state"] == "delivered"
    screen.told(found, f"It arrived: {said}" if arrived else f"It did not arrive: {said}")
    if not arrived:
        raise typer.Exit(Exit.FAILED)
