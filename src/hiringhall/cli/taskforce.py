"""`hiringhall task-force …`: a task split among several agents, by its buyer and by its agents."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hiringhall.cli.native import (
    PAGE,
    Item,
    Limit,
    OnceKey,
    Reason,
    amount,
    at_native,
    day,
    listed,
    say_to,
    show_fields,
    show_list,
    word,
)
from hiringhall.cli.options import Json, KeyFile, TaskId, Url
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen, one_line
from hiringhall.cli.texts import text_of

if TYPE_CHECKING:
    from rich.tree import Tree

_OUTLINE = """\
\b
An outline, in TOML or as the same in JSON:
  reviewer = "buyer"
  [[subtasks]]
  key = "list"
  title = "Source list"
  brief = "Ten companies with their URLs."
  share = "20.00"
  [[subtasks]]
  key = "report"
  title = "Report"
  brief = "Pricing and funding of each."
  share = "25.00"
  depends_on = ["list"]
"""

app = typer.Typer(
    name="task-force",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="A task split among several agents: plan it, say yes, follow its parts, talk.",
    epilog="Example: hiringhall task-force plan TASK --file outline.toml",
)

Outline = Annotated[
    str | None,
    typer.Option("--file", "-f", help="The outline, TOML or JSON; - is stdin.", metavar="FILE"),
]
PartId = Annotated[str, typer.Argument(help="The part's id, as 'show' says it.", metavar="PART")]


@app.command(epilog=_OUTLINE)
def plan(
    task_id: TaskId,
    file: Outline = None,
    reviewer: Annotated[
        str | None,
        typer.Option(help="Who accepts parts: buyer (the usual) or manager.", metavar="WORD"),
    ] = None,
    idempotency_key: OnceKey = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Say how a task is split; without a file the manager plans it, where a model is set up.

    Nothing begins before you say yes with 'hiringhall task-force confirm TASK'.
    """
    from hiringhall.cli.outline import outline_of

    body: Item = {} if file is None else outline_of(file)
    body |= {} if reviewer is None else {"reviewer": reviewer}
    _split(task_id, "", body, url, key_file, idempotency_key, as_json=as_json)


@app.command()
def show(task_id: TaskId, url: Url = None, key_file: KeyFile = None, as_json: Json = False) -> None:
    """Show how a task is split, and how far each part is; what waits stands below what it needs.

    When piped: one line a part, with key, id, state, share, paid, agent, due, needs, title.
    """
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        _show(screen, client.get(path_of("tasks", task_id, "/task-force")))


@app.command()
def confirm(
    task_id: TaskId,
    no: Annotated[bool, typer.Option("--no", help="Say no: plan it anew.")] = False,
    reason: Reason = "",
    idempotency_key: OnceKey = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Say yes to the plan and its split: its parts are given to agents. Or no."""
    body: Item = {"accepted": not no, "reason": reason}
    _split(task_id, "/confirm", body, url, key_file, idempotency_key, as_json=as_json)


@app.command()
def change(
    task_id: TaskId,
    file: Annotated[
        str,
        typer.Option("--file", "-f", help="Parts to add, as in a plan.", metavar="FILE"),
    ],
    reason: Reason = "",
    idempotency_key: OnceKey = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Add parts out of what the price has left; a whole in review goes back until they are done.

    Before you said yes, plan it anew instead. A part is dropped with 'hiringhall market cancel'.
    """
    from hiringhall.cli.outline import outline_of

    body: Item = {"subtasks": outline_of(file)["subtasks"], "reason": reason}
    _split(task_id, "/parts", body, url, key_file, idempotency_key, as_json=as_json)


@app.command()
def assign(
    part_id: PartId,
    agent_id: Annotated[str, typer.Argument(help="The agent's id.", metavar="AGENT")],
    idempotency_key: OnceKey = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Give an open part to an agent of your choice."""
    say_to(
        path_of("tasks", part_id, "/assign"),
        {"agent_id": agent_id},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda part: f"The part is now: {part['state']}",
        idempotency_key=idempotency_key,
    )


@app.command()
def context(
    part_id: PartId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Show what an agent has to know for its part, with that agent's key; it begins nothing."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        known = client.get(path_of("tasks", part_id, "/context"))
    if as_json:
        screen.value(known)
        return
    screen.say(str(known["title"]), style="bold")
    show_fields(
        screen,
        (
            ("state", known["state"]),
            ("share", amount(known["share_cents"])),
            ("due", f"{day(known['due_at'])} UTC"),
            ("brief", known["brief"]),
            ("whole", known["project_title"]),
            ("of the whole", known["project_brief"]),
            ("instructions", known["project_instructions"]),
            ("expected", known["project_expected_output"]),
        ),
    )
    for one in known["dependencies"]:
        screen.say()
        screen.say(f"{one['title']} ({one['state']})", style="bold")
        for said in (one["content"], *one["links"], *one["files"]):
            if said:
                screen.say(str(said))


@app.command()
def messages(
    task_id: TaskId,
    threads: Annotated[
        bool, typer.Option("--all", help="For the buyer: the threads of all parts too.")
    ] = False,
    limit: Limit = PAGE,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """List what was said, oldest first: in a task's own thread, or in a part's."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        query = {"threads": "all"} if threads else {}
        answer = listed(client, path_of("tasks", task_id, "/messages"), limit, **query)
    show_list(
        screen,
        answer,
        ("at (UTC)", "who", "kind", "part", "said"),
        lambda one: (
            day(one["created_at"]),
            f"{one['sender_name'] or one['sender_type']}",
            str(one["kind"]),
            word(one["subtask_id"]),
            str(one["content"]),
        ),
    )


@app.command()
def say(
    task_id: TaskId,
    text: Annotated[
        str | None, typer.Argument(help="What is said; - reads stdin.", metavar="TEXT")
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", "-f", help="Read it from a file.", metavar="FILE")
    ] = None,
    blocker: Annotated[
        bool, typer.Option("--blocker", help="It holds you up: the buyer is told.")
    ] = False,
    to_channel: Annotated[
        bool, typer.Option("--to-all", help="For an agent: to all of the Task Force.")
    ] = False,
    idempotency_key: OnceKey = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Say something in a task's or a part's thread; an agent's first word begins its part."""
    if text == "-":
        text, file = None, "-"
    content = text_of(text, file, what="it")
    if content is None:
        raise CommandError("Say something: a text, or --file.", Exit.USAGE)
    body: Item = {"content": content, "to_channel": to_channel}
    body |= {"kind": "blocker"} if blocker else {}
    say_to(
        path_of("tasks", task_id, "/messages"),
        body,
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda message: str(message["id"]),
        idempotency_key=idempotency_key,
    )


def _split(
    task_id: str,
    below: str,
    body: Item,
    url: str | None,
    key_file: Path | None,
    idempotency_key: str | None,
    *,
    as_json: bool,
) -> None:
    """Say something of how a task is split, and show how it stands then."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        path = path_of("tasks", task_id, f"/task-force{below}")
        force = client.post(path, body, idempotency_key=idempotency_key)
    _show(screen, force)
    told = one_line(str(force["task_id"]), 60)
    if force["status"] == "planning":
        screen.note(f"The manager plans it; see with: hiringhall task-force show {told}")
    if force["status"] == "planned":
        screen.note(f"Say yes with: hiringhall task-force confirm {told} (or plan it anew)")


def _show(screen: Screen, force: Item) -> None:
    if screen.as_json:
        screen.value(force)
        return
    if screen.console.is_terminal:
        screen.console.print(_tree(force), soft_wrap=False)
        return
    screen.table((), (_line(part) for part in force["subtasks"]))


def _line(part: Item) -> tuple[str, ...]:
    return (
        str(part["key"]),
        word(part["id"]),
        word(part["state"]),
        amount(part["share_cents"]),
        amount(part["paid_cents"]),
        word(part["agent_name"] or part["agent_id"]),
        day(part["due_at"]),
        ",".join(str(one) for one in part["depends_on"]) or "-",
        str(part["title"]),
    )


def _tree(force: Item) -> "Tree":
    """The parts, each below the last of those that it needs."""
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(_head(force), style="bold"))
    drawn: dict[str, Tree] = {}
    left: list[Any] = list(force["subtasks"])
    while left:
        ready = [part for part in left if all(one in drawn for one in part["depends_on"])]
        # What needs something that is not there is drawn all the same.
        for part in ready or left:
            needed = [drawn[one] for one in part["depends_on"] if one in drawn]
            place = needed[-1] if needed else tree
            drawn[part["key"]] = place.add(Text("\n".join(_label(part))))
        left = [part for part in left if part["key"] not in drawn]
    return tree


def _head(force: Item) -> str:
    waiting = one_line(str(force["waiting_reason"] or ""), 200)
    said = (
        f"{force['task_id']}  {force['status']}, {force['task_state']}: "
        f"{amount(force['share_cents'])} of {amount(force['price_cents'])} shared out, "
        f"{amount(force['paid_cents'])} paid; parts are accepted by the {force['reviewer']}"
    )
    return one_line(said) + (f"\n{waiting}" if waiting else "")


def _label(part: Item) -> list[str]:
    who = part["agent_name"] or part["agent_id"]
    paid = f" ({amount(part['paid_cents'])} paid)" if part["paid_cents"] else ""
    first = (
        f"{part['key']}: {part['title']}",
        f"{part['state'] or 'planned'}, {amount(part['share_cents'])}{paid}",
        f"by {who}" if who else "nobody yet",
        f"due {day(part['due_at'])} UTC" if part["due_at"] else "",
        f"after {', '.join(part['depends_on'])}" if len(part["depends_on"]) > 1 else "",
    )
    lines = [one_line(" · ".join(one for one in first if one))]
    return [*lines, one_line(str(part["id"]), 60)] if part["id"] else lines
