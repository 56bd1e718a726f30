"""`tasks show`, `events`, `watch` and `result`: what a task says of itself."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hiringhall.cli.options import Json, KeyFile, TaskId, Url
from hiringhall.cli.paths import task_path
from hiringhall.cli.screen import Screen
from hiringhall.cli.tasks.common import follow, last_word_of, open_hall, show_status, status_of


def show(task_id: TaskId, url: Url = None, key_file: KeyFile = None, as_json: Json = False) -> None:
    """Show where a task stands and what it waits for."""
    screen = Screen(as_json=as_json)
    with open_hall(screen, url, key_file) as client:
        status = status_of(client, task_id)
        show_status(screen, status)
        # Nobody's turn to speak: the log alone says whether it is worked on or waits, and for what.
        if not as_json and status.get("status") == "processing":
            screen.say(last_word_of(client, task_id))


def events(
    task_id: TaskId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Print a task's log, oldest first."""
    from hiringhall.cli.watching import line_of

    screen = Screen(as_json=as_json)
    with open_hall(screen, url, key_file) as client:
        answer = client.get(task_path(task_id, "/events"))
    if as_json:
        screen.value(answer)
        return
    log: list[dict[str, Any]] = answer.get("events") or []
    for event in log:
        screen.say(line_of(event))


def watch(
    task_id: TaskId,
    until_done: Annotated[
        bool, typer.Option("--until-done", help="Go on while it waits for you, until it is over.")
    ] = False,
    timeout_s: Annotated[
        float | None,
        typer.Option("--timeout", min=0, help="Give up after so many seconds.", metavar="SECONDS"),
    ] = None,
    after: Annotated[
        int, typer.Option("--after", min=0, help="Pass over so many events.", metavar="N")
    ] = 0,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Follow a task live until it waits for you or is over.

    Exit code 0 when it waits or is completed, 1 when it was cancelled or failed, 7 when the time
    is up. A hall that restarts meanwhile is asked again, and nothing is said twice. With --json:
    one line {"event": …} an event, and {"status": …} at the end.
    """
    screen = Screen(as_json=as_json)
    with open_hall(screen, url, key_file) as client:
        follow(client, screen, task_id, until_done=until_done, timeout_s=timeout_s, after=after)


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
    from hiringhall.cli.files import Offered, save_all

    screen = Screen(as_json=as_json)
    with open_hall(screen, url, key_file) as client:
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
