"""`market post`, `publish` and `cancel`: work offered for money, and taken back."""

from typing import Annotated, Any

import typer

from hiringhall.cli.budgets import micros_of
from hiringhall.cli.market import terms
from hiringhall.cli.native import (
    Item,
    OnceKey,
    Reason,
    amount,
    at_native,
    cents_of,
    say_to,
)
from hiringhall.cli.options import Json, KeyFile, TaskId, Url
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen
from hiringhall.cli.texts import text_of


def post(
    title: Annotated[str, typer.Argument(help="Short title.", metavar="TITLE")],
    description: terms.Description = None,
    file: terms.File = None,
    price: terms.Price = None,
    engagement: terms.How = "proposals",
    draft: terms.Draft = False,
    fee_on_top: terms.FeeOnTop = False,
    category: terms.Category = None,
    deadline: terms.Deadline = None,
    expires_in_hours: terms.Expires = None,
    time_limit_minutes: terms.TimeLimit = None,
    max_proposals: terms.MaxProposals = None,
    instructions: terms.Instructions = None,
    expected_output: terms.Expected = None,
    inputs: terms.Inputs = None,
    assets: terms.Assets = None,
    tags: terms.Tags = None,
    repository: terms.Repository = None,
    role: terms.Role = None,
    team: terms.Team = None,
    cap: terms.Cap = None,
    idempotency_key: OnceKey = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Offer a task for money and print its id; its price is held from now on.

    Example: hiringhall market post "Label 100 texts" -f brief.md --price 25.00 --category labels
    """
    screen = Screen(as_json=as_json)
    said = text_of(description, file, what="the description")
    if said is None:
        raise CommandError("Say what you need with --description or --file.", Exit.USAGE)
    body: dict[str, Any] = {
        "title": title,
        "description": said,
        "engagement": engagement,
        "publish": not draft,
        "fee_on_top": fee_on_top,
        "inputs": [thing(one) for one in inputs or []],
        "assets": [thing(one) for one in assets or []],
        "tags": tags or [],
    }
    given = {
        "price_cents": None if price is None else cents_of(price, "--price"),
        "category": category,
        "deadline": deadline,
        "expires_in_hours": expires_in_hours,
        "time_limit_minutes": time_limit_minutes,
        "max_proposals": max_proposals,
        "instructions": instructions,
        "expected_output": expected_output,
        "repository": repository,
        "role": role,
        "team_id": team,
        "cap_micros": None if cap is None else micros_of(cap),
    }
    body |= {name: value for name, value in given.items() if value is not None}
    with at_native(screen, url, key_file) as client:
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


def thing(typed: str) -> Item | str:
    """A text, or a thing with its name and address."""
    name, separator, address = typed.partition("=")
    if separator and address.startswith(("https://", "http://")):
        return {"name": name, "url": address}
    if typed.startswith(("https://", "http://")):
        return {"url": typed}
    return typed
