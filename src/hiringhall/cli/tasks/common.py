"""What the commands on tasks share: which hall, with which key, and how a task is shown."""

import os
import shlex
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hiringhall.cli.outcome import Exit
from hiringhall.cli.paths import task_path
from hiringhall.cli.screen import Screen, one_line

if TYPE_CHECKING:
    from hiringhall.cli.client import HallClient

STATUSES = (
    "processing",
    "awaiting_reply",
    "awaiting_spec_approval",
    "awaiting_solution_approval",
    "completed",
    "cancelled",
)
"""The words for where a task stands (seed 000), as a hall answers them."""


@contextmanager
def open_hall(
    screen: Screen, url: str | None, key_file: Path | None, *, native: bool = False
) -> "Generator[HallClient]":
    """A client for a door of the hall that was meant, with the key for it."""
    from hiringhall.cli.client import AGENTWORK, NATIVE, HallClient
    from hiringhall.cli.credentials import find_key, in_the_clear, tidy_url

    address = tidy_url(url)
    key = find_key(address, key_file, os.environ)
    if in_the_clear(address):
        screen.note(f"warning: {address} is plain http: the key crosses the network in the clear.")
    with HallClient(address, key, door=NATIVE if native else AGENTWORK) as client:
        yield client


def status_of(client: "HallClient", task_id: str) -> dict[str, Any]:
    """Where a task stands, as the hall says it."""
    return client.get(task_path(task_id))


def last_word_of(client: "HallClient", task_id: str) -> str:
    """What a task's log last says of it: what its worker does, or what keeps it waiting."""
    log: list[dict[str, Any]] = client.get(task_path(task_id, "/events")).get("events") or []
    said = (str(one.get("content", "")) for one in reversed(log) if one.get("type") == "status")
    return one_line(next(said, ""))


def follow(
    client: "HallClient",
    screen: Screen,
    task_id: str,
    *,
    until_done: bool,
    timeout_s: float | None,
    after: int = 0,
) -> None:
    """Follow a task and show how it ends; an exit code for one that was cancelled.

    So many events are passed over as seen (`after`).
    """
    from hiringhall.cli.watching import Watch

    status = Watch(client, screen, task_id, until_done, timeout_s, shown=after).follow()
    if screen.as_json:
        screen.value({"status": status})
    else:
        show_status(screen, status)
    if status.get("status") == "cancelled":
        raise typer.Exit(Exit.FAILED)


def tell(screen: Screen, answer: dict[str, Any]) -> None:
    """Show what became of a task by what was said to it."""
    screen.told(answer, f"Done. The task is now: {answer.get('status')}")


def show_status(screen: Screen, status: dict[str, Any]) -> None:
    """A task's status for people, with the command that goes on from here."""
    from hiringhall.cli import replies

    if screen.as_json:
        screen.value(status)
        return
    # It is for pasting into a shell, and comes from the hall.
    task_id = shlex.quote(one_line(str(status.get("task_id")), 60))
    screen.say(f"{status.get('title')}", style="bold")
    screen.say(f"{status.get('status')}, last change {status.get('last_activity_at')} UTC")
    if question := status.get("question"):
        screen.say()
        replies.show(screen, replies.asked(question))
        screen.note(f"Answer with: hiringhall tasks reply {task_id}")
    if spec := status.get("spec"):
        screen.say(f"\n{spec.get('content')}")
        screen.note(f"Decide with: hiringhall tasks plan {task_id} --approve (or --reject -r WHY)")
    if solution := status.get("solution"):
        screen.say(f"\n{solution.get('content')}")
        screen.note(f"Decide with: hiringhall tasks approve {task_id} (or reject {task_id} -r WHY)")
    if status.get("status") == "completed":
        screen.note(f"Fetch it with: hiringhall tasks result {task_id} --to FOLDER")
