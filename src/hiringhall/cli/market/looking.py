"""`market board`, `categories`, `list` and `show`: what is on offer, and what became of it."""

import shlex
from typing import Annotated, Literal

import typer

from hiringhall.cli.native import (
    Item,
    Limit,
    amount,
    at_native,
    cents_of,
    day,
    listed,
    show_fields,
    show_list,
    word,
)
from hiringhall.cli.options import Json, KeyFile, TaskId, Url
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen, one_line

Category = Annotated[str | None, typer.Option(help="Of this category alone.", metavar="NAME")]
Search = Annotated[
    list[str] | None, typer.Argument(help="Words that a task has to have.", metavar="[WORDS]")
]

Engagement = Annotated[
    Literal["claim", "proposals"] | None,
    typer.Option("--engagement", help="For who comes first, or by proposal.", metavar="WORD"),
]
AtLeast = Annotated[
    str | None,
    typer.Option(help="Only what pays so much or more, such as 25.00.", metavar="AMOUNT"),
]


def board(
    words: Search = None,
    category: Category = None,
    engagement: Engagement = None,
    at_least: AtLeast = None,
    limit: Limit = 20,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """List what is on offer, newest first.

    Example: hiringhall market board label texts --category data_labeling --at-least 5.00
    """
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = listed(
            client,
            "/market",
            limit,
            category=category,
            search=" ".join(words or []),
            engagement=engagement,
            least_price_cents=at_least and cents_of(at_least, "--at-least"),
        )
    show_list(
        screen,
        answer,
        ("id", "price", "category", "how", "taken", "until (UTC)", "title"),
        lambda one: (
            str(one["id"]),
            amount(one["price_cents"], one["currency"]),
            str(one["category"]),
            str(one["engagement"]),
            _slots(one),
            day(one["closes_at"]),
            str(one["title"]),
        ),
    )
    shown, total = len(answer["items"]), answer.get("total", 0)
    if not as_json and screen.console.is_terminal and total > shown:
        screen.note(f"{shown} of {total} on offer; --limit shows more.")


def categories(url: Url = None, key_file: KeyFile = None, as_json: Json = False) -> None:
    """List how much is on offer of each category."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = client.get("/market/categories")
    show_list(
        screen,
        answer,
        ("category", "on offer", "label"),
        lambda one: (str(one["category"]), str(one["on_offer"]), str(one["label"])),
    )


def list_tasks(
    words: Search = None,
    category: Category = None,
    engagement: Annotated[
        str | None,
        typer.Option("--how", help="staff, claim, proposals or task_force.", metavar="WORD"),
    ] = None,
    state: Annotated[
        str | None,
        typer.Option(help="In one state, or several with commas between.", metavar="WORDS"),
    ] = None,
    limit: Limit = 20,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """List the organization's own tasks, newest first."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = listed(
            client,
            "/tasks",
            limit,
            view="posted",
            search=" ".join(words or []),
            category=category,
            engagement=engagement,
            state=state,
        )
    show_list(
        screen,
        answer,
        ("id", "state", "price", "how", "taken", "created (UTC)", "title"),
        lambda one: (
            str(one["id"]),
            str(one["state"]),
            amount(one["price_cents"], one["currency"]),
            str(one["engagement"]),
            _slots(one),
            day(one["created_at"]),
            str(one["title"]),
        ),
    )


def show(task_id: TaskId, url: Url = None, key_file: KeyFile = None, as_json: Json = False) -> None:
    """Show a task with its terms, where it stands, and what can be done with it."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        task = client.get(path_of("tasks", task_id))
    if as_json:
        screen.value(task)
        return
    show_task(screen, task)


def show_task(screen: Screen, task: Item) -> None:
    """A task for people."""
    screen.say(str(task["title"]), style="bold")
    terms = (
        ("id", task["id"]),
        ("state", _standing(task)),
        ("how", task["engagement"]),
        ("category", task["category"]),
        (
            "price",
            None if task["price_cents"] is None else amount(task["price_cents"], task["currency"]),
        ),
        ("held", _held(task)),
        ("proposals", _slots(task) if task["engagement"] == "proposals" else None),
        ("open until", task["closes_at"] and f"{day(task['closes_at'])} UTC"),
        ("deadline", task["deadline"] and f"{day(task['deadline'])} UTC"),
        ("time limit", task["time_limit_minutes"] and f"{task['time_limit_minutes']} minutes"),
        ("tags", ", ".join(str(tag) for tag in task["tags"])),
        ("repository", task["repository"]),
        ("description", task["description"]),
        ("instructions", task["instructions"]),
        ("expected", task["expected_output"]),
        ("inputs", "\n".join(_thing(one) for one in task["inputs"])),
        ("assets", "\n".join(_thing(one) for one in task["assets"])),
        ("error", task["error"]),
        ("yours", _mine(task["mine"], task["currency"])),
        ("you can", ", ".join(str(one) for one in task["can"])),
    )
    show_fields(screen, terms)
    if task["is_poster"]:
        _say_what_next(screen, task)


def _say_what_next(screen: Screen, task: Item) -> None:
    # It is for pasting into a shell, and comes from the hall.
    task_id = shlex.quote(one_line(str(task["id"]), 60))
    match task["state"]:
        case "draft":
            screen.note(f"Offer it with: hiringhall market publish {task_id}")
        case "open" | "selecting" if task["engagement"] == "proposals":
            screen.note(f"Choose with: hiringhall market proposals {task_id}")
        case "in_review":
            screen.note(f"Look at it with: hiringhall market deliverables {task_id}")
        case "disputed":
            screen.note(f"See it with: hiringhall market dispute list {task_id}")
        case _:
            pass


def _standing(task: Item) -> str:
    said = str(task["state"])
    if task["waiting_for"] not in (None, "", "none", "nothing"):
        said += f", waiting for {task['waiting_for']}"
        if task["waiting_until"]:
            said += f" until {day(task['waiting_until'])} UTC"
    return said + (f": {task['waiting_reason']}" if task["waiting_reason"] else "")


def _held(task: Item) -> str | None:
    hold = task["hold"]
    if hold is None:
        return None
    currency = task["currency"]
    return (
        f"{amount(hold['amount_cents'], currency)} ({hold['state']}), "
        f"{amount(hold['payout_cents'], currency)} for whoever does it"
    )


def _mine(mine: Item | None, currency: str) -> str | None:
    if mine is None:
        return None
    parts: list[str] = []
    if mine["proposal_state"]:
        parts.append(f"proposal {mine['proposal_id']} ({mine['proposal_state']})")
    if mine["assignment_state"]:
        parts.append(
            f"{mine['assignment_state']}, due {day(mine['due_at'])} UTC, "
            f"for {amount(mine['share_cents'], currency)}"
        )
    return "\n".join(parts)


def _slots(task: Item) -> str:
    most = task.get("max_proposals")
    return f"{task['proposals']}/{most}" if most else str(task["proposals"])


def _thing(one: Item) -> str:
    name, url = one.get("name"), one.get("url")
    return word(one.get("text") or (f"{name}: {url}" if name else url))
