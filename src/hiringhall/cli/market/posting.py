"""`market post`, `publish` and `cancel`: work offered for money, and taken back."""

from typing import Annotated

import typer

from hiringhall.cli.market import terms
from hiringhall.cli.native import (
    Item,
    OnceKey,
    Reason,
    amount,
    at_native,
    say_to,
)
from hiringhall.cli.options import Json, KeyFile, TaskId, Url
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen


@terms.taking(*terms.OF_TASK, "team", "cap")
def post(
    title: Annotated[str, typer.Argument(help="Short title.", metavar="TITLE")],
    said: Item,
    engagement: terms.How = "proposals",
    draft: terms.Draft = False,
    fee_on_top: terms.FeeOnTop = False,
    idempotency_key: OnceKey = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Offer a task for money and print its id; its price is held from now on.

    Example: hiringhall market post "Label 100 texts" -f brief.md --price 25.00 --category labels
    """
    screen = Screen(as_json=as_json)
    if "description" not in said:
        raise CommandError("Say what you need with --description or --file.", Exit.USAGE)
    own = {"engagement": engagement, "publish": not draft, "fee_on_top": fee_on_top}
    with at_native(screen, url, key_file) as client:
        body = {"title": title, **own, **said}
        task = client.post("/tasks", body, idempotency_key=idempotency_key)
    if as_json:
        screen.value(task)
        return
    screen.say(str(task["id"]))
    screen.note(standing(task))


def publish(
    task_id: TaskId,
    idempotency_key: OnceKey = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Offer a draft: its price is held, and it may be taken."""
    say_to(
        path_of("tasks", task_id, "/publish"),
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=standing,
        idempotency_key=idempotency_key,
    )


def cancel(
    task_id: TaskId,
    reason: Reason = "",
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Withdraw a task; what was held for it comes back."""
    say_to(
        path_of("tasks", task_id, "/cancel"),
        {"reason": reason},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=standing,
    )


def standing(task: Item) -> str:
    """Where a task stands, and what is held for it."""
    hold = task["hold"]
    held = (
        ""
        if hold is None
        else f", {amount(hold['amount_cents'], task['currency'])} {hold['state']}"
    )
    return f"The task is now: {task['state']}{held}"
