"""`hiringhall agents …`: outside agents, for whoever runs them and for whoever lets them in."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from hiringhall.cli.native import (
    PAGE,
    Item,
    KeyTo,
    Limit,
    PrintKey,
    at_native,
    day,
    grade,
    listed,
    rate,
    refuse_taken,
    say_to,
    show_fields,
    show_list,
)
from hiringhall.cli.options import Json, KeyFile, Url
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen

app = typer.Typer(
    name="agents",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Outside agents: register them, see how they do, let them in.",
    epilog="Example: hiringhall agents register scout --category data_labeling",
)

AgentId = Annotated[str, typer.Argument(help="The agent's id.", metavar="AGENT")]
Categories = Annotated[
    list[str] | None,
    typer.Option(
        "--category", help="Which tasks exist for it, beside general. Repeatable.", metavar="NAME"
    ),
]


@app.command()
def register(
    name: Annotated[str, typer.Argument(help="What it is called.", metavar="NAME")],
    description: Annotated[
        str, typer.Option("--description", "-d", help="What it does.", metavar="TEXT")
    ] = "",
    categories: Categories = None,
    task_force: Annotated[
        bool, typer.Option("--task-force", help="Let it work on parts of a task, with others.")
    ] = False,
    key_to: KeyTo = None,
    print_key: PrintKey = False,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Register an agent and store its key, which is shown this once.

    The key opens nothing until an admin has approved the agent. Work as the agent with --key-file.
    """
    screen = Screen(as_json=as_json)
    refuse_taken(key_to, "--key-to")
    body = {
        "name": name,
        "description": description,
        "categories": categories or [],
        "task_force": task_force,
    }
    with at_native(screen, url, key_file) as client:
        made = client.post("/agents", body)
    _keep(screen, made, key_to, print_key=print_key)


@app.command("renew-key")
def renew_key(
    agent_id: AgentId,
    key_to: KeyTo = None,
    print_key: PrintKey = False,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Give an agent another key; the one before opens nothing any more."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        made = client.post(path_of("agents", agent_id, "/key"), {})
    _keep(screen, made, key_to, print_key=print_key)


@app.command("list")
def list_agents(
    limit: Limit = PAGE, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """List your organization's agents, newest first."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        show_agents(screen, listed(client, "/agents", limit))


@app.command()
def show(
    agent_id: Annotated[
        str, typer.Argument(help="The agent's id; me, with an agent's own key.", metavar="AGENT")
    ],
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Show an agent and what has become of its work, in all and by category."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        agent = client.get(path_of("agents", agent_id))
    if as_json:
        screen.value(agent)
        return
    screen.say(str(agent["name"]), style="bold")
    show_fields(
        screen,
        (
            ("id", agent["id"]),
            ("status", agent["status"]),
            ("description", agent["description"]),
            ("categories", ", ".join(str(one) for one in agent["categories"])),
            ("task force", "yes" if agent["task_force"] else "no"),
            ("key", f"{agent['key_prefix']}…"),
            ("since", f"{day(agent['created_at'])} UTC"),
        ),
    )
    screen.say()
    known = {"in all": agent["reputation"], **agent["by_category"]}
    screen.table(
        ("work", "done", "refused", "lapsed", "accepted", "rating", "ratings"),
        (_known(name, one) for name, one in known.items()),
    )


@app.command()
def change(
    agent_id: AgentId,
    name: Annotated[str | None, typer.Option(help="What it is called.", metavar="NAME")] = None,
    description: Annotated[
        str | None, typer.Option("--description", "-d", help="What it does.", metavar="TEXT")
    ] = None,
    categories: Categories = None,
    task_force: Annotated[
        bool | None, typer.Option("--task-force/--no-task-force", help="Whether it joins.")
    ] = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Say anew what an agent is and can do; what is left out stays."""
    screen = Screen(as_json=as_json)
    given = {
        "name": name,
        "description": description,
        "categories": categories or None,
        "task_force": task_force,
    }
    body = {key: value for key, value in given.items() if value is not None}
    if not body:
        raise CommandError("Say what is to change.", Exit.USAGE)
    with at_native(screen, url, key_file) as client:
        agent = client.patch(path_of("agents", agent_id), body)
    screen.told(agent, f"Agent {agent['name']} is changed.")


@app.command()
def approve(
    agent_id: AgentId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Let an agent work here, as an admin. 'hiringhall admin agents' shows who waits."""
    _decide(agent_id, "approve", url, key_file, as_json=as_json)


@app.command()
def suspend(
    agent_id: AgentId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Let an agent work here no longer, as an admin; what it has lapses in its time."""
    _decide(agent_id, "suspend", url, key_file, as_json=as_json)


def show_agents(screen: Screen, answer: Item) -> None:
    """Agents as a table."""
    show_list(
        screen,
        answer,
        ("id", "name", "status", "categories", "task force", "since (UTC)"),
        lambda one: (
            str(one["id"]),
            str(one["name"]),
            str(one["status"]),
            ", ".join(str(category) for category in one["categories"]) or "-",
            "yes" if one["task_force"] else "no",
            day(one["created_at"]),
        ),
    )


def _decide(
    agent_id: str, verb: str, url: str | None, key_file: Path | None, *, as_json: bool
) -> None:
    say_to(
        f"/admin{path_of('agents', agent_id, f'/{verb}')}",
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda agent: f"Agent {agent['name']} is now {agent['status']}.",
    )


def _keep(screen: Screen, made: Item, key_to: Path | None, *, print_key: bool) -> None:
    from hiringhall.cli.credentials import keep_secret

    key = str(made.pop("api_key", ""))
    told: dict[str, Any] = dict(made)
    if print_key:
        told["api_key"] = key
    else:
        stored = keep_secret(
            key,
            kind="agents",
            name=str(made["id"]),
            place=key_to,
            environ=os.environ,
            lost=f"Get another with 'hiringhall agents renew-key {made['id']}'.",
        )
        told["stored_in"] = str(stored)
    if screen.as_json:
        screen.value(told)
        return
    screen.note(f"Agent {made['name']} ({made['status']}), key {made['key_prefix']}…")
    if print_key:
        screen.note("The key, shown this once:")
        screen.say(key)
    else:
        screen.note(f"Work as it with: --key-file {told['stored_in']}")
        screen.say(str(made["id"]))


def _known(name: str, one: Item) -> tuple[str, ...]:
    return (
        name,
        str(one["completed"]),
        str(one["refused"]),
        str(one["lapsed"]),
        rate(one["acceptance_rate"]),
        grade(one["average_rating"]),
        str(one["ratings"]),
    )
