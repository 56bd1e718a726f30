"""`market dispute …`: disagreeing on what was handed in, and coming to an end."""

from typing import Annotated, Any

import typer

from hiringhall.cli.native import (
    Item,
    Reason,
    amount,
    at_native,
    cents_of,
    day,
    say_to,
    show_fields,
    show_list,
)
from hiringhall.cli.options import Json, KeyFile, TaskId, Url
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen, one_line
from hiringhall.cli.texts import read_stdin

app = typer.Typer(
    name="dispute",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Disagree on a delivery: open, say your case, name an amount, decide.",
)

DisputeId = Annotated[str, typer.Argument(help="The dispute's id.", metavar="DISPUTE")]
ForWorker = Annotated[
    str, typer.Argument(help="What the worker gets, such as 12.50.", metavar="AMOUNT")
]

_LOG_SHOWN = 200


@app.command("open")
def open_dispute(
    task_id: TaskId,
    reason: Annotated[
        str, typer.Option("--reason", "-r", help="What you do not agree with.", metavar="TEXT")
    ],
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Open a dispute about what was handed in, and print its id."""
    say_to(
        path_of("tasks", task_id, "/disputes"),
        {"reason": reason},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda dispute: str(dispute["id"]),
    )


@app.command("list")
def list_disputes(
    task_id: TaskId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """List the disputes of a task, oldest first."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = client.get(path_of("tasks", task_id, "/disputes"))
    show_disputes(screen, answer)


@app.command()
def show(
    dispute_id: DisputeId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Show a dispute with what both sides said, and the log as evidence."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        found = client.get(path_of("disputes", dispute_id))
    if as_json:
        screen.value(found)
        return
    screen.say(str(found["title"]), style="bold")
    show_fields(
        screen,
        (
            ("id", found["id"]),
            ("state", found["state"]),
            ("opened", f"{day(found['opened_at'])} UTC by the {found['opened_by']}"),
            ("reason", found["reason"]),
            ("share", amount(found["share_cents"])),
            ("poster", _offer(found["poster_cents"])),
            ("worker", _offer(found["worker_cents"])),
            ("outcome", None if found["outcome_cents"] is None else amount(found["outcome_cents"])),
            *((f"said by {one['said_by']}", one["text"]) for one in found["statements"]),
        ),
    )
    screen.say("\nWhat happened:")
    screen.table(
        ("at (UTC)", "what", "who", "then", "with"),
        (_log_line(line) for line in found["evidence"]),
    )


@app.command()
def state(
    dispute_id: DisputeId,
    text: Annotated[
        str, typer.Argument(help="What you have to say; - reads stdin.", metavar="TEXT")
    ],
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Say your case."""
    said = read_stdin() if text == "-" else text
    say_to(
        path_of("disputes", dispute_id, "/statements"),
        {"text": said},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=told,
    )


@app.command()
def agree(
    dispute_id: DisputeId,
    to_worker: ForWorker,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Name what the worker should get of its share; where both sides name the same it is so."""
    say_to(
        path_of("disputes", dispute_id, "/agree"),
        {"worker_cents": cents_of(to_worker, "AMOUNT")},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=told,
    )


@app.command()
def resolve(
    dispute_id: DisputeId,
    to_worker: ForWorker,
    reason: Reason = "",
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Decide as an admin what the worker gets of its share; the rest goes back."""
    say_to(
        path_of("disputes", dispute_id, "/resolve"),
        {"worker_cents": cents_of(to_worker, "AMOUNT"), "reason": reason},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=told,
    )


def show_disputes(screen: Screen, answer: Item) -> None:
    """Disputes as a table."""
    show_list(
        screen,
        answer,
        ("id", "task", "state", "opened (UTC)", "by", "outcome", "reason"),
        lambda one: (
            str(one["id"]),
            str(one["task_id"]),
            str(one["state"]),
            day(one["opened_at"]),
            str(one["opened_by"]),
            amount(one["outcome_cents"]),
            str(one["reason"]),
        ),
    )


def told(dispute: Item) -> str:
    """Where a dispute stands after a word to it."""
    if dispute["outcome_cents"] is not None:
        return (
            f"The dispute is {dispute['state']}: {amount(dispute['outcome_cents'])} for the worker."
        )
    return f"The dispute is {dispute['state']}."


def _offer(cents: int | None) -> str | None:
    return None if cents is None else f"would have the worker get {amount(cents)}"


def _log_line(line: dict[str, Any]) -> tuple[str, ...]:
    data = ", ".join(f"{name}={value}" for name, value in line["data"].items())
    return (
        day(line["at"]),
        str(line["type"]),
        str(line["actor"]),
        str(line["state"]),
        one_line(data, _LOG_SHOWN),
    )
