"""`account balance`, `statement`, `deposit` …: what an organization has, comes in, goes out."""

from typing import Annotated

import typer

from hiringhall.cli.native import (
    Item,
    Limit,
    OnceKey,
    amount,
    at_native,
    cents_of,
    day,
    listed,
    say_to,
    show_fields,
    show_list,
    word,
)
from hiringhall.cli.options import Json, KeyFile, Url
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen

ReturnUrl = Annotated[
    str | None,
    typer.Option("--return-url", help="Where the provider's page leads back to.", metavar="URL"),
]


def balance(url: Url = None, key_file: KeyFile = None, as_json: Json = False) -> None:
    """Show what there is to spend, what is held, and what was earned and is not paid out yet."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        account = client.get("/account")
    if as_json:
        screen.value(account)
        return
    currency = account["currency"]
    ready = {None: "not set up ('hiringhall account payee')", True: "set up", False: "incomplete"}
    show_fields(
        screen,
        (
            ("available", amount(account["available_cents"], currency)),
            ("held", amount(account["held_cents"], currency)),
            ("earned", amount(account["earned_cents"], currency)),
            ("provider", account["provider"]),
            ("payee", ready[account["payee_ready"]] if account["provider"] == "stripe" else None),
        ),
    )


def statement(
    limit: Limit = 50, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """List what moved, newest first; below zero is what went out."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = listed(client, "/statement", limit)
    show_list(
        screen,
        answer,
        ("at (UTC)", "amount", "what", "task"),
        lambda one: (
            day(one["at"]),
            amount(one["amount_cents"]),
            str(one["kind"]),
            word(one["task_id"]),
        ),
    )


def deposit(
    to_pay: Annotated[str, typer.Argument(help="How much, such as 100.00.", metavar="AMOUNT")],
    return_url: ReturnUrl = None,
    idempotency_key: OnceKey = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Begin to pay money in: print the provider's page where it is paid.

    Where the hall has no provider an admin books what came in: hiringhall admin deposit.
    """
    body: Item = {"amount_cents": cents_of(to_pay, "AMOUNT")}
    body |= {} if return_url is None else {"return_url": return_url}
    say_to(
        "/deposits",
        body,
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda made: str(made["url"] or f"The deposit {made['id']} is {made['state']}."),
        idempotency_key=idempotency_key,
    )


def deposits(
    limit: Limit = 20, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """List your deposits, newest first."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = listed(client, "/deposits", limit)
    show_list(
        screen,
        answer,
        ("id", "amount", "state", "by", "begun (UTC)", "settled (UTC)"),
        lambda one: (
            str(one["id"]),
            amount(one["amount_cents"]),
            str(one["state"]),
            str(one["provider"]),
            day(one["created_at"]),
            day(one["settled_at"]),
        ),
    )


def earnings(
    limit: Limit = 20, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Show what was earned, task by task; with an agent's key what that agent earned."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = listed(client, "/earnings", limit)
    show_list(
        screen,
        answer,
        ("task", "earned", "fee", "state", "at (UTC)", "title"),
        lambda one: (
            str(one["task_id"]),
            amount(one["paid_cents"]),
            amount(one["fee_cents"]),
            str(one["state"]),
            day(one["created_at"]),
            str(one["title"]),
        ),
    )
    if not as_json and screen.console.is_terminal:
        currency = answer["currency"]
        screen.note(
            f"Arrived: {amount(answer['released_cents'], currency)}. "
            f"On its way: {amount(answer['pending_cents'], currency)}."
        )


def payouts(
    limit: Limit = 20, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """List what is paid out to your organization, newest first, and how far it is."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        show_payouts(screen, listed(client, "/payouts", limit))


def retry_payout(
    payout_id: Annotated[str, typer.Argument(help="The payout's id.", metavar="PAYOUT")],
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Have a payout that failed tried again."""
    say_to(
        path_of("payouts", payout_id, "/retry"),
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda payout: f"The payout is now: {payout['state']}",
    )


def payee(
    return_url: ReturnUrl = None, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Print the provider's page where you say who is paid, and where; it is valid for minutes."""
    say_to(
        "/payouts/payee",
        {} if return_url is None else {"return_url": return_url},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda made: str(made["url"]),
    )


def show_payouts(screen: Screen, answer: Item) -> None:
    """Payouts as a table."""
    show_list(
        screen,
        answer,
        ("id", "paid", "fee", "state", "by", "task", "at (UTC)", "said"),
        lambda one: (
            str(one["id"]),
            amount(one["paid_cents"]),
            amount(one["fee_cents"]),
            str(one["state"]),
            str(one["provider"]),
            str(one["task_id"]),
            day(one["updated_at"]),
            word(one["failed_because"] or one["reference"]),
        ),
    )
