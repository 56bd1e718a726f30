"""`tasks create` and `tasks list`."""

import sys
from typing import Annotated, Any

import typer

from hiringhall.cli.options import Json, KeyFile, Url
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.screen import Screen
from hiringhall.cli.tasks.common import STATUSES, follow, open_hall
from hiringhall.cli.texts import read_stdin, read_text

# What a hall surely gives in one piece; a longer list is cut here.
_PAGE = 100


def create(
    title: Annotated[
        str, typer.Argument(help="Short title; 70 characters are kept.", metavar="TITLE")
    ],
    description: Annotated[
        str | None,
        typer.Option("--description", "-d", help="What you need, in full.", metavar="TEXT"),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--file", "-f", help="Read the description from a file; - is stdin.", metavar="FILE"
        ),
    ] = None,
    repository: Annotated[
        str | None, typer.Option(help="Git repository to work on.", metavar="URL")
    ] = None,
    role: Annotated[
        str | None, typer.Option(help="Which of the team's roles does it.", metavar="NAME")
    ] = None,
    approve_plan: Annotated[
        bool, typer.Option("--approve-plan", help="Have a plan proposed first.")
    ] = False,
    watch_it: Annotated[bool, typer.Option("--watch", "-w", help="Follow it at once.")] = False,
    idempotency_key: Annotated[
        str | None,
        typer.Option(help="Creating again with the same key creates nothing.", metavar="KEY"),
    ] = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Post a task and print its id.

    Example: hiringhall tasks create "Sort imports" -d "Run the formatter." --repository URL
    """
    screen = Screen(as_json=as_json)
    body: dict[str, Any] = {"title": title, "description": _description(screen, description, file)}
    body |= {} if repository is None else {"repository": repository}
    body |= {} if role is None else {"role": role}
    body |= {"require_spec_approval": True} if approve_plan else {}
    with open_hall(screen, url, key_file) as client:
        made = client.post("/tasks/", body, idempotency_key=idempotency_key)
        if watch_it:
            screen.note(f"Task {made.get('task_id')}")
            follow(client, screen, str(made.get("task_id")), until_done=False, timeout_s=None)
            return
    screen.told(made, str(made.get("task_id")))


def list_tasks(
    status: Annotated[
        str | None, typer.Option(help="Only tasks with this status.", metavar="WORD")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.", metavar="N")] = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """List the organization's tasks, newest first.

    When piped: id, status, time and title with tabs between.
    """
    if status is not None and status not in STATUSES:
        words = ", ".join(STATUSES)
        raise CommandError(f"No task has the status {status!r}; the words are {words}.", Exit.USAGE)
    screen = Screen(as_json=as_json)
    with open_hall(screen, url, key_file) as client:
        page = f"?limit={limit}" if limit and limit <= _PAGE and status is None else ""
        tasks: list[dict[str, Any]] = client.get(f"/tasks/{page}").get("tasks") or []
    if status is not None:
        tasks = [task for task in tasks if task.get("status") == status]
    tasks = tasks[:limit]
    if as_json:
        screen.value({"tasks": tasks})
        return
    columns = ("task_id", "status", "created_at", "title")
    screen.table(
        ("id", "status", "created (UTC)", "title"),
        ([str(task.get(column, "")) for column in columns] for task in tasks),
    )


def _description(screen: Screen, text: str | None, file: str | None) -> str:
    if text is not None and file is not None:
        raise CommandError("Give --description or --file, not both.", Exit.USAGE)
    if text is not None:
        return text
    if file is None and not sys.stdin.isatty():
        return read_stdin()
    if file is None:
        if not screen.interactive:
            raise CommandError("Say what you need with --description or --file.", Exit.USAGE)
        return screen.ask("What do you need? ")
    return read_text(file)
