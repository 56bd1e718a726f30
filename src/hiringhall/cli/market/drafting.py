"""`market change`: a draft said anew, before anybody can have seen it."""

from typing import Annotated, Any

import typer

from hiringhall.cli.budgets import micros_of
from hiringhall.cli.market import terms
from hiringhall.cli.market.posting import standing, thing
from hiringhall.cli.native import at_native, cents_of
from hiringhall.cli.options import Json, KeyFile, TaskId, Url
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen
from hiringhall.cli.texts import text_of

How = Annotated[
    str | None,
    typer.Option("--how", help="As for post; the terms of the old way are let go.", metavar="WORD"),
]


def change(
    task_id: TaskId,
    title: Annotated[str | None, typer.Option(help="Short title.", metavar="TITLE")] = None,
    description: terms.Description = None,
    file: terms.File = None,
    price: terms.Price = None,
    engagement: How = None,
    publish: Annotated[bool, typer.Option("--publish", help="Offer it at once.")] = False,
    fee_on_top: Annotated[
        bool | None,
        typer.Option("--fee-on-top/--fee-within", help="Whether the hall's fee is beside it."),
    ] = None,
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
    cap: terms.Cap = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Change a draft; what is not said stays, and nobody else's change is overwritten.

    Example: hiringhall market change TASK --price 30.00 --publish
    """
    screen = Screen(as_json=as_json)
    given: dict[str, Any] = {
        "title": title,
        "description": text_of(description, file, what="the description"),
        "engagement": engagement,
        "price_cents": None if price is None else cents_of(price, "--price"),
        "fee_on_top": fee_on_top,
        "category": category,
        "deadline": deadline,
        "expires_in_hours": expires_in_hours,
        "time_limit_minutes": time_limit_minutes,
        "max_proposals": max_proposals,
        "instructions": instructions,
        "expected_output": expected_output,
        "inputs": None if inputs is None else [thing(one) for one in inputs],
        "assets": None if assets is None else [thing(one) for one in assets],
        "tags": tags,
        "repository": repository,
        "role": role,
        "cap_micros": None if cap is None else micros_of(cap),
    }
    body = {name: value for name, value in given.items() if value is not None}
    if not body:
        raise CommandError("Say what is to be another way.", Exit.USAGE)
    path = path_of("tasks", task_id)
    with at_native(screen, url, key_file) as client:
        read = client.get(path)
        body |= {"version": read["version"], "publish": publish}
        task = client.patch(path, body)
    screen.told(task, standing(task))
