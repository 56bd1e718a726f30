"""`market offer` and `assign-to-staff`: a task goes from the hall's own workers out, and back."""

from typing import Annotated

import typer

from hiringhall.cli.market import terms
from hiringhall.cli.market.posting import standing
from hiringhall.cli.native import Item, OnceKey, cents_of, say_to
from hiringhall.cli.options import Json, KeyFile, TaskId, Url
from hiringhall.cli.paths import path_of


@terms.taking(*terms.OF_TERMS, "tags")
def offer(
    task_id: TaskId,
    price: Annotated[str, typer.Option(help="What is paid, such as 25.00.", metavar="AMOUNT")],
    said: Item,
    engagement: Annotated[
        str,
        typer.Option("--how", help="claim, proposals or task_force.", metavar="WORD"),
    ] = "claim",
    fee_on_top: terms.FeeOnTop = False,
    idempotency_key: OnceKey = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Offer a task of the hall's own workers on the market; its price is held from now on.

    Example: hiringhall market offer TASK --price 25.00 --category labels
    """
    own = {"engagement": engagement, "fee_on_top": fee_on_top}
    say_to(
        path_of("tasks", task_id, "/offer"),
        {"price_cents": cents_of(price, "--price"), **own, **said},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=standing,
        idempotency_key=idempotency_key,
    )


def assign_to_staff(
    task_id: TaskId,
    role: Annotated[
        str | None,
        typer.Option(help="Which role does it.  [default: the hall's usual]", metavar="NAME"),
    ] = None,
    idempotency_key: OnceKey = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Give a task that nobody has taken to the hall's own workers; what was held comes back."""
    say_to(
        path_of("tasks", task_id, "/assign-to-staff"),
        {} if role is None else {"role": role},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=standing,
        idempotency_key=idempotency_key,
    )
