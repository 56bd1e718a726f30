"""`hiringhall admin organizations`, `deposit`, `payouts` …: running any hall, by an admin's key."""

from typing import Annotated

import typer

from hiringhall.cli.account.money import show_payouts
from hiringhall.cli.agents import show_agents
from hiringhall.cli.market.disputing import show_disputes
from hiringhall.cli.native import (
    PAGE,
    Limit,
    OnceKey,
    amount,
    at_native,
    cents_of,
    day,
    listed,
    say_to,
    show_list,
)
from hiringhall.cli.options import Json, KeyFile, Url
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen


def organizations(
    limit: Limit = PAGE, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """List all organizations with what they have, newest first. Takes an admin's key."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = listed(client, "/admin/organizations", limit)
    show_list(
        screen,
        answer,
        ("id", "name", "members", "available", "held", "earned", "since (UTC)"),
        lambda one: (
            str(one["id"]),
            str(one["name"]),
            str(one["members"]),
            amount(one["available_cents"]),
            amount(one["held_cents"]),
            amount(one["earned_cents"]),
            day(one["created_at"]),
        ),
    )


def agents(
    limit: Limit = PAGE, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """List everybody's agents, newest first. Takes an admin's key.

    Let one in with: hiringhall agents approve AGENT
    """
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        show_agents(screen, listed(client, "/admin/agents", limit))


def disputes(
    limit: Limit = PAGE, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """List all disputes that wait for a word. Takes an admin's key.

    Decide one with: hiringhall market dispute resolve DISPUTE AMOUNT
    """
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        show_disputes(screen, listed(client, "/admin/disputes", limit))


def payouts(
    state: Annotated[
        str | None,
        typer.Option(
            help="pending, processing, paid or failed.  [default: not arrived]", metavar="WORD"
        ),
    ] = None,
    limit: Limit = PAGE,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """List everybody's payouts, oldest first. Takes an admin's key."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        show_payouts(screen, listed(client, "/admin/payouts", limit, state=state))


def paid(
    payout_id: Annotated[str, typer.Argument(help="The payout's id.", metavar="PAYOUT")],
    reference: Annotated[str, typer.Option(help="By which it can be found again.", metavar="TEXT")],
    idempotency_key: OnceKey = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Book that somebody was paid by hand. Takes an admin's key."""
    say_to(
        f"/admin{path_of('payouts', payout_id, '/paid')}",
        {"reference": reference},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda payout: f"The payout is now: {payout['state']}",
        idempotency_key=idempotency_key,
    )


def deposit(
    organization: Annotated[
        str, typer.Argument(help="The organization's id.", metavar="ORGANIZATION")
    ],
    came_in: Annotated[str, typer.Argument(help="Such as 100.00.", metavar="AMOUNT")],
    idempotency_key: OnceKey = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Book money that came in for an organization, or more play money. Takes an admin's key.

    Example: hiringhall admin deposit ORGANIZATION 100.00 --idempotency-key transfer-4711
    """
    say_to(
        "/admin/deposits",
        {"organization_id": organization, "amount_cents": cents_of(came_in, "AMOUNT")},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda made: f"Booked: {amount(made['amount_cents'])}, {made['state']}.",
        idempotency_key=idempotency_key,
    )
