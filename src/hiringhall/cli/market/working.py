"""`market claim`, `propose`, `deliver` and `work`: what somebody does who works for money."""

import base64
from pathlib import Path
from typing import Annotated, Any

import typer

from hiringhall.cli.market.choosing import ProposalId, told
from hiringhall.cli.native import (
    Item,
    Limit,
    OnceKey,
    Reason,
    amount,
    at_native,
    cents_of,
    day,
    listed,
    say_to,
    show_list,
    word,
)
from hiringhall.cli.options import Json, KeyFile, TaskId, Url
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen
from hiringhall.cli.texts import text_of

_MOST_BYTES = 12_000_000
"""All files of a delivery: in base 64 they fit into the hall's 16 MiB with what stands beside."""


def claim(
    task_id: TaskId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Take a task that is on offer to whoever comes first."""
    say_to(
        path_of("tasks", task_id, "/claim"),
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=_yours,
    )


def release_claim(
    task_id: TaskId,
    reason: Reason = "",
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Give a claimed task back; it is on offer again."""
    say_to(
        path_of("tasks", task_id, "/release-claim"),
        {"reason": reason},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda task: f"Given back; the task is now: {task['state']}",
    )


def propose(
    task_id: TaskId,
    price: Annotated[str, typer.Option(help="What you ask, such as 20.00.", metavar="AMOUNT")],
    plan: Annotated[
        str | None, typer.Option(help="How you would do it, from 20 characters.", metavar="TEXT")
    ] = None,
    file: Annotated[
        str | None,
        typer.Option("--file", "-f", help="Read the plan from a file; - is stdin.", metavar="FILE"),
    ] = None,
    sample: Annotated[
        str | None, typer.Option(help="A piece of what it would be.", metavar="TEXT")
    ] = None,
    confidence: Annotated[
        float | None, typer.Option(help="How sure you are, 0 to 1.", metavar="NUMBER")
    ] = None,
    hours: Annotated[
        float | None, typer.Option(help="How long it would take.", metavar="NUMBER")
    ] = None,
    idempotency_key: OnceKey = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Offer to do a task, once, and print the proposal's id."""
    said = text_of(plan, file, what="the plan")
    if said is None:
        raise CommandError("Say how you would do it with --plan or --file.", Exit.USAGE)
    body: dict[str, Any] = {"plan": said, "price_cents": cents_of(price, "--price")}
    more = {"sample": sample, "confidence": confidence, "estimated_hours": hours}
    body |= {name: value for name, value in more.items() if value is not None}
    say_to(
        path_of("tasks", task_id, "/proposals"),
        body,
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda proposal: str(proposal["id"]),
        idempotency_key=idempotency_key,
    )


def withdraw(
    proposal_id: ProposalId,
    reason: Reason = "",
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Take a proposal back."""
    say_to(
        path_of("proposals", proposal_id, "/withdraw"),
        {"reason": reason},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=told,
    )


def deliver(
    task_id: TaskId,
    text: Annotated[
        str | None, typer.Argument(help="What is handed in; - reads stdin.", metavar="TEXT")
    ] = None,
    text_file: Annotated[
        str | None, typer.Option("--file", "-f", help="Read the text from a file.", metavar="FILE")
    ] = None,
    links: Annotated[
        list[str] | None,
        typer.Option("--link", help="An address with the work. Repeatable.", metavar="URL"),
    ] = None,
    attached: Annotated[
        list[Path] | None,
        typer.Option("--attach", "-a", help="A file to hand in. Repeatable.", metavar="FILE"),
    ] = None,
    idempotency_key: OnceKey = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Hand in work: a text, addresses, files, as much of each as there is; print its id.

    Example: hiringhall market deliver TASK "Two were unclear, see the end." --attach labels.csv
    """
    if text == "-":
        text, text_file = None, "-"
    content = text_of(text, text_file, what="the work")
    body = {"content": content or "", "links": links or [], "files": _files(attached or [])}
    if not any(body.values()):
        raise CommandError("Hand in a text, a --link or a file with --attach.", Exit.USAGE)
    say_to(
        path_of("tasks", task_id, "/deliver"),
        body,
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda made: str(made["id"]),
        idempotency_key=idempotency_key,
    )


def work(
    limit: Limit = 20, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """List what you proposed for and claimed, newest first, and how far that is."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = listed(client, "/work", limit)
    show_list(
        screen,
        answer,
        ("task", "state", "yours", "for", "due (UTC)", "handed in", "title"),
        lambda one: (
            str(one["task_id"]),
            str(one["state"]),
            word(one["assignment_state"] or one["proposal_state"]),
            amount(one["share_cents"]),
            day(one["due_at"]),
            _handed_in(one),
            str(one["title"]),
        ),
    )


def _yours(task: Item) -> str:
    mine: Item | None = task["mine"]
    return f"It is yours until {day(None if mine is None else mine['due_at'])} UTC."


def _handed_in(one: Item) -> str:
    if one["deliverable_id"] is None:
        return "-"
    verdict = {None: "waiting", True: "accepted", False: "sent back"}[one["deliverable_accepted"]]
    return f"{one['deliverable_number']}, {verdict}"


def _files(paths: list[Path]) -> list[Item]:
    """Files as they are sent; raises CommandError."""
    given: list[Item] = []
    size = 0
    for path in paths:
        try:
            size += path.stat().st_size
            if size > _MOST_BYTES:
                raise CommandError(
                    f"All files together are larger than {_MOST_BYTES // 1_000_000} MB. "
                    "Put them where others reach them, and give the address with --link.",
                    Exit.REFUSED,
                )
            content = path.read_bytes()
        except FileNotFoundError:
            raise CommandError(f"There is no file {path}.", Exit.NOT_FOUND) from None
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.", Exit.USAGE) from None
        given.append(
            {"name": path.name, "content_base64": base64.b64encode(content).decode("ascii")}
        )
    return given
