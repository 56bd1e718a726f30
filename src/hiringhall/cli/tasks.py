"""`hiringhall tasks …`: post a task to any hall, follow it, answer, decide, fetch the result."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hiringhall.cli.options import Json, KeyFile, TaskId, Url
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.screen import Screen

if TYPE_CHECKING:
    from hiringhall.cli.client import HallClient

app = typer.Typer(
    name="tasks",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Post tasks to a hall, follow them, answer, decide, fetch results.",
    epilog="Example: hiringhall tasks create 'Landing page' -d 'Hero, pricing, footer.' --watch",
)

Reason = Annotated[
    str | None,
    typer.Option("--reason", "-r", help="What is wrong and what you want instead.", metavar="TEXT"),
]


@app.command()
def create(
    title: Annotated[str, typer.Argument(help="Short title; 70 characters are kept.")],
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
    with _hall(screen, url, key_file) as client:
        made = client.post("/tasks/", body, idempotency_key=idempotency_key)
        if watch_it:
            screen.note(f"Task {made.get('task_id')}")
            _follow(client, screen, str(made.get("task_id")), until_done=False, timeout_s=None)
            return
    if as_json:
        screen.value(made)
    else:
        screen.say(str(made.get("task_id")))


@app.command("list")
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
    screen = Screen(as_json=as_json)
    with _hall(screen, url, key_file) as client:
        tasks: list[dict[str, Any]] = client.get("/tasks/").get("tasks") or []
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


@app.command()
def show(task_id: TaskId, url: Url = None, key_file: KeyFile = None, as_json: Json = False) -> None:
    """Show where a task stands and what it waits for."""
    screen = Screen(as_json=as_json)
    with _hall(screen, url, key_file) as client:
        _show(screen, _status(client, task_id))


@app.command()
def events(
    task_id: TaskId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Print a task's log, oldest first."""
    from hiringhall.cli.client import task_path
    from hiringhall.cli.watching import line_of

    screen = Screen(as_json=as_json)
    with _hall(screen, url, key_file) as client:
        answer = client.get(task_path(task_id, "/events"))
    if as_json:
        screen.value(answer)
        return
    log: list[dict[str, Any]] = answer.get("events") or []
    for event in log:
        screen.say(line_of(event))


@app.command()
def watch(
    task_id: TaskId,
    until_done: Annotated[
        bool, typer.Option("--until-done", help="Go on while it waits for you, until it is over.")
    ] = False,
    timeout_s: Annotated[
        float | None,
        typer.Option("--timeout", min=0, help="Give up after so many seconds.", metavar="SECONDS"),
    ] = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Follow a task live until it waits for you or is over.

    Exit code 0 when it waits or is completed, 1 when it was cancelled or failed, 7 when the time
    is up. With --json: one line {"event": …} an event, and {"status": …} at the end.
    """
    screen = Screen(as_json=as_json)
    with _hall(screen, url, key_file) as client:
        _follow(client, screen, task_id, until_done=until_done, timeout_s=timeout_s)


@app.command()
def reply(
    task_id: TaskId,
    text: Annotated[
        str | None, typer.Argument(help="The reply in plain words; - reads stdin.")
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
    from hiringhall.cli.client import task_path

    if text is not None and answers:
        raise CommandError("Give a reply in plain words or --answer, not both.", Exit.USAGE)
    screen = Screen(as_json=as_json)
    with _hall(screen, url, key_file) as client:
        if text is not None:
            body: dict[str, Any] = {"message": _stdin() if text == "-" else text}
        else:
            question = _status(client, task_id).get("question")
            if not question:
                raise CommandError("The task is not waiting for a reply.", Exit.REFUSED)
            questions = replies.asked(question)
            if answers:
                body = {"answers": replies.from_options(answers, questions)}
            elif screen.interactive:
                body = {"answers": replies.from_person(screen, questions)}
            else:
                raise CommandError("Give the reply as TEXT or with --answer.", Exit.USAGE)
        _done(screen, client.post(task_path(task_id, "/message"), body))


@app.command()
def approve(
    task_id: TaskId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Accept a task's solution; the task is completed."""
    _decide("solution-status", task_id, None, url, key_file, accept=True, as_json=as_json)


@app.command()
def reject(
    task_id: TaskId,
    reason: Reason = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Send a task's solution back to be revised."""
    _decide("solution-status", task_id, reason, url, key_file, accept=False, as_json=as_json)


@app.command()
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
    with _hall(screen, url, key_file) as client:
        status = _status(client, task_id)
    if not status.get("spec"):
        raise CommandError("The task has no plan waiting for a decision.", Exit.REFUSED)
    _show(screen, status)


@app.command()
def result(
    task_id: TaskId,
    folder: Annotated[
        Path | None,
        typer.Option("--to", "-o", help="Download the files into this folder.", metavar="FOLDER"),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are there.")
    ] = False,
    most_mb: Annotated[
        int, typer.Option("--max-file-mb", min=1, help="Refuse larger files.", metavar="MB")
    ] = 1024,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Print what a task produced, and download its files.

    Files keep their folders below FOLDER and never leave it, whatever they are called.
    """
    from hiringhall.cli.client import task_path
    from hiringhall.cli.files import Offered, save_all

    screen = Screen(as_json=as_json)
    with _hall(screen, url, key_file) as client:
        answer = client.get(task_path(task_id, "/result"))
    files: list[dict[str, Any]] = answer.get("files") or []
    if not as_json:
        screen.say(str(answer.get("result_text") or "There is no result yet."))
    if folder is None:
        for one in files:
            screen.say(f"file {one.get('name')}")
        if files:
            screen.note("Download the files with --to FOLDER.")
    else:
        offered = [Offered(str(one.get("name")), str(one.get("download_url"))) for one in files]
        saved: list[dict[str, Any]] = []
        for one in save_all(offered, folder, overwrite=overwrite, most_bytes=most_mb << 20):
            saved.append({"name": one.name, "path": one.path, "size_bytes": one.size_bytes})
            screen.say(f"saved {folder / one.path} ({one.size_bytes} bytes)")
        answer = {**answer, "saved": saved}
    if as_json:
        screen.value(answer)


@app.command()
def cancel(
    task_id: TaskId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Cancel a task; its worker stops."""
    from hiringhall.cli.client import task_path

    screen = Screen(as_json=as_json)
    with _hall(screen, url, key_file) as client:
        _done(screen, client.post(task_path(task_id, "/cancel"), {}))


@contextmanager
def _hall(screen: Screen, url: str | None, key_file: Path | None) -> "Generator[HallClient]":
    """A client for the hall that was meant, with the key for it."""
    import os

    from hiringhall.cli.client import HallClient
    from hiringhall.cli.credentials import find_key, in_the_clear, tidy_url

    address = tidy_url(url)
    key = find_key(address, key_file, os.environ)
    if in_the_clear(address):
        screen.note(f"warning: {address} is plain http: the key crosses the network in the clear.")
    with HallClient(address, key) as client:
        yield client


def _status(client: "HallClient", task_id: str) -> dict[str, Any]:
    from hiringhall.cli.client import task_path

    return client.get(task_path(task_id))


def _follow(
    client: "HallClient", screen: Screen, task_id: str, *, until_done: bool, timeout_s: float | None
) -> None:
    from hiringhall.cli.watching import Watch

    status = Watch(client, screen, task_id, until_done, timeout_s).follow()
    if screen.as_json:
        screen.value({"status": status})
    else:
        _show(screen, status)
    if status.get("status") == "cancelled":
        raise typer.Exit(Exit.FAILED)


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
    from hiringhall.cli.client import task_path

    screen = Screen(as_json=as_json)
    body = {"status": "CONFIRMED" if accept else "REJECTED"}
    if reason:
        body["rejection_reason"] = reason
    with _hall(screen, url, key_file) as client:
        _done(screen, client.post(task_path(task_id, f"/{path}"), body))


def _done(screen: Screen, answer: dict[str, Any]) -> None:
    if screen.as_json:
        screen.value(answer)
    else:
        screen.say(f"Done. The task is now: {answer.get('status')}")


def _show(screen: Screen, status: dict[str, Any]) -> None:
    """A task's status for people, with the command that goes on from here."""
    from hiringhall.cli import replies

    if screen.as_json:
        screen.value(status)
        return
    task_id = status.get("task_id")
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


def _description(screen: Screen, text: str | None, file: str | None) -> str:
    if text is not None and file is not None:
        raise CommandError("Give --description or --file, not both.", Exit.USAGE)
    if text is not None:
        return text
    if file == "-" or (file is None and not sys.stdin.isatty()):
        return _stdin()
    if file is None:
        if not screen.interactive:
            raise CommandError("Say what you need with --description or --file.", Exit.USAGE)
        return screen.ask("What do you need? ")
    try:
        return Path(file).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CommandError(f"There is no file {file}.", Exit.NOT_FOUND) from None
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"{file} cannot be read as text.", Exit.USAGE) from None


def _stdin() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise CommandError("Standard input is not text.", Exit.USAGE) from None
