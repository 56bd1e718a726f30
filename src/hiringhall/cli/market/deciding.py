"""`market deliverables`, `accept`, `request-revision` and `reject`: deciding on what came in."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hiringhall.cli.native import Item, Reason, at_native, day, say_to, show_fields
from hiringhall.cli.options import Json, KeyFile, TaskId, Url
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen

DeliverableId = Annotated[str, typer.Argument(help="The deliverable's id.", metavar="DELIVERABLE")]


def deliverables(
    task_id: TaskId,
    folder: Annotated[
        Path | None,
        typer.Option("--to", "-o", help="Download the files into this folder.", metavar="FOLDER"),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are there.")
    ] = False,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Show all that was handed in for a task, oldest first, with the checks of it.

    With --to, the files of each are saved below FOLDER in a folder named by its number.
    """
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = client.get(path_of("tasks", task_id, "/deliverables"))
    items: list[Item] = answer["items"]
    if not as_json:
        for one in items:
            _show(screen, one)
        if any(one["state"] == "waiting" for one in items):
            screen.note(
                "Decide with: hiringhall market accept DELIVERABLE --rating 5 "
                "(or request-revision, or reject, with -r WHY)"
            )
    if folder is not None:
        answer = {**answer, "saved": _save(screen, items, folder, overwrite=overwrite)}
    if as_json:
        screen.value(answer)


def accept(
    deliverable_id: DeliverableId,
    rating: Annotated[int | None, typer.Option(help="1 to 5, now or never.", metavar="N")] = None,
    feedback: Annotated[str, typer.Option(help="For whoever made it.", metavar="TEXT")] = "",
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Accept a deliverable: the task is done, and whoever made it is paid."""
    body: dict[str, Any] = {"feedback": feedback}
    body |= {} if rating is None else {"rating": rating}
    say_to(
        path_of("deliverables", deliverable_id, "/accept"),
        body,
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda _: "Accepted: the task is done, and whoever made it is paid.",
    )


def request_revision(
    deliverable_id: DeliverableId,
    reason: Reason = "",
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Send the newest deliverable back to be revised."""
    say_to(
        path_of("deliverables", deliverable_id, "/request-revision"),
        {"reason": reason},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda _: "Sent back: whoever made it has the task's time once more.",
    )


def reject(
    deliverable_id: DeliverableId,
    reason: Reason = "",
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Say that the newest deliverable is not what was asked for; a dispute begins."""
    say_to(
        path_of("deliverables", deliverable_id, "/reject"),
        {"reason": reason},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda made: (
            "Rejected. Where money is held a dispute has begun: "
            f"hiringhall market dispute list {made['task_id']}"
        ),
    )


def _show(screen: Screen, one: Item) -> None:
    worker: Item | None = one["worker"]
    screen.say(f"{one['number']}. {one['state']}", style="bold")
    fields = [
        ("id", one["id"]),
        ("handed in", f"{day(one['submitted_at'])} UTC"),
        ("by", "the hall's staff" if worker is None else f"{worker['type']} {worker['id']}"),
        ("text", one["content"]),
        ("links", "\n".join(str(link) for link in one["links"])),
        (
            "files",
            "\n".join(f"{file['name']} ({file['size_bytes']} bytes)" for file in one["files"]),
        ),
        ("branch", one["branch"]),
        ("rating", one["rating"]),
        ("feedback", one["feedback"]),
        *((str(check["kind"]), _checked(check)) for check in one["checks"]),
    ]
    show_fields(screen, fields)
    screen.say()


def _checked(check: Item) -> str:
    if check["state"] == "pending":
        return "still to be checked"
    score = "" if check["score"] is None else f", {check['score']} of 100"
    by = check["model"] or check["method"]
    lines = [f"{check['verdict']}{score}, by {by}: {check['said']}"]
    lines += [f"- {one['name']}: {one['verdict']}: {one['said']}" for one in check["findings"]]
    return "\n".join(lines)


def _save(screen: Screen, items: list[Item], folder: Path, *, overwrite: bool) -> list[Item]:
    from hiringhall.cli.files import Offered, save_all

    saved: list[Item] = []
    for made in items:
        below = folder / str(int(made["number"]))
        offered = [Offered(str(file["name"]), str(file["url"])) for file in made["files"]]
        if not offered:
            continue
        for one in save_all(offered, below, overwrite=overwrite, most_bytes=1 << 30):
            saved.append(
                {
                    "deliverable_id": made["id"],
                    "path": str(below / one.path),
                    "size_bytes": one.size_bytes,
                }
            )
            screen.say(f"saved {below / one.path} ({one.size_bytes} bytes)")
    return saved
