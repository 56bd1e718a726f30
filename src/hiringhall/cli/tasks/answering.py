"""`tasks reply`, `approve`, `reject`, `plan` and `cancel`: what a poster says to a task."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hiringhall.cli.options import Json, KeyFile, TaskId, Url
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.paths import task_path
from hiringhall.cli.screen import Screen
from hiringhall.cli.tasks.common import open_hall, show_status, status_of, tell
from hiringhall.cli.texts import read_stdin

Reason = Annotated[
    str | None,
    typer.Option("--reason", "-r", help="What is wrong and what you want instead.", metavar="TEXT"),
]


def reply(
    task_id: TaskId,
    text: Annotated[
        str | None, typer.Argument(help="The reply in plain words; - reads stdin.", metavar="TEXT")
    ] = None,
    answers: Annotated[
        list[str] | None,
        typer.Option(
            "--answer",
            "-a",
            help="Answer a numbered question; repeat for more, and with the same number for "
            "several choices.",
            metavar="INDEX=VALUE",
        ),
    ] = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Answer a task's question: in plain words, by number, or asked one by one.

    Example: hiringhall tasks reply TASK -a 0=React -a 1=Auth -a 1=Payments
    """
    from hiringhall.cli import replies

    if text is not None and answers:
        raise CommandError("Give a reply in plain words or --answer, not both.", Exit.USAGE)
    screen = Screen(as_json=as_json)
    with open_hall(screen, url, key_file) as client:
        if text is not None:
            body: dict[str, Any] = {"message": read_stdin() if text == "-" else text}
        else:
            question = status_of(client, task_id).get("question")
            if not question:
                raise CommandError("The task is not waiting for a reply.", Exit.REFUSED)
            questions = replies.asked(question)
            if answers:
                body = {"answers": replies.from_options(answers, questions)}
            elif screen.interactive:
                body = {"answers": replies.from_person(screen, questions)}
            else:
                raise CommandError("Give the reply as TEXT or with --answer.", Exit.USAGE)
        tell(screen, client.post(task_path(task_id, "/message"), body))


def approve(
    task_id: TaskId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Accept a task's solution; the task is completed."""
    _decide("solution-status", task_id, None, url, key_file, accept=True, as_json=as_json)


def reject(
    task_id: TaskId,
    reason: Reason = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Send a task's solution back to be revised."""
    _decide("solution-status", task_id, reason, url, key_file, accept=False, as_json=as_json)


def plan(
    task_id: TaskId,
    accept: Annotated[
        bool | None,
        typer.Option("--approve/--reject", help="Decide on it.  [default: only show it]"),
    ] = None,
    reason: Reason = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Show the plan that waits for a decision, or decide on it."""
    if accept is not None:
        _decide("spec-status", task_id, reason, url, key_file, accept=accept, as_json=as_json)
        return
    screen = Screen(as_json=as_json)
    with open_hall(screen, url, key_file) as client:
        status = status_of(client, task_id)
    if not status.get("spec"):
        raise CommandError("The task has no plan waiting for a decision.", Exit.REFUSED)
    show_status(screen, status)


def cancel(
    task_id: TaskId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Cancel a task; its worker stops."""
    screen = Screen(as_json=as_json)
    with open_hall(screen, url, key_file) as client:
        tell(screen, client.post(task_path(task_id, "/cancel"), {}))


def _decide(
    path: str,
    task_id: str,
    reason: str | None,
    url: str | None,
    key_file: Path | None,
    *,
    accept: bool,
    as_json: bool,
) -> None:
    screen = Screen(as_json=as_json)
    body = {"status": "CONFIRMED" if accept else "REJECTED"}
    if reason:
        body["rejection_reason"] = reason
    with open_hall(screen, url, key_file) as client:
        tell(screen, client.post(task_path(task_id, f"/{path}"), body))
