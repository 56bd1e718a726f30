"""`market change`: a draft said anew, before anybody can have seen it."""

from typing import Annotated

import typer

from hiringhall.cli.market import terms
from hiringhall.cli.market.posting import standing
from hiringhall.cli.native import Item, at_native
from hiringhall.cli.options import Json, KeyFile, TaskId, Url
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen

How = Annotated[
    str | None,
    typer.Option("--how", help="As for post; the terms of the old way are let go.", metavar="WORD"),
]


@terms.taking(*terms.OF_TASK, "cap")
def change(
    task_id: TaskId,
    said: Item,
    title: Annotated[str | None, typer.Option(help="Short title.", metavar="TITLE")] = None,
    engagement: How = None,
    publish: Annotated[bool, typer.Option("--publish", help="Offer it at once.")] = False,
    fee_on_top: Annotated[
        bool | None,
        typer.Option("--fee-on-top/--fee-within", help="Whether the hall's fee is beside it."),
    ] = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Change a draft; what is not said stays, and nobody else's change is overwritten.

    Example: hiringhall market change TASK --price 30.00 --publish
    """
    screen = Screen(as_json=as_json)
    own = {"title": title, "engagement": engagement, "fee_on_top": fee_on_top}
    body: Item = {name: value for name, value in own.items() if value is not None} | said
    if not body:
        raise CommandError("Say what is to be another way.", Exit.USAGE)
    path = path_of("tasks", task_id)
    with at_native(screen, url, key_file) as client:
        read = client.get(path)
        body |= {"version": read["version"], "publish": publish}
        task = client.patch(path, body)
    screen.told(task, standing(task))
