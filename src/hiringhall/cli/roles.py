"""`hiringhall admin role …`: which runtime does the tasks of a team that name a role, and how."""

import shlex
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from hiringhall.cli.local import operate, require_hall, settings_of
from hiringhall.cli.options import (
    DatabaseUrl,
    DataDir,
    Json,
    Member,
    OrganizationId,
    UserId,
    named,
)
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.screen import Screen
from hiringhall.cli.texts import read_text

app = typer.Typer(
    name="role",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Roles: which runtime does the tasks that name the role, and how.",
)

RoleName = Annotated[str, typer.Argument(help="The role's name.", metavar="NAME")]
Model = Annotated[str | None, typer.Option(help="For agents: the model they use.", metavar="NAME")]
PromptFile = Annotated[
    Path | None,
    typer.Option(
        "--prompt", help="For agents: a file with what they are told first.", metavar="FILE"
    ),
]
Permissions = Annotated[
    str | None, typer.Option(help="For agents: allow, or ask the requester.", metavar="allow|ask")
]
Variables = Annotated[
    list[str] | None,
    typer.Option("--env", help="A variable; no secrets. Repeatable.", metavar="NAME=VALUE"),
]
Mounts = Annotated[
    list[str] | None,
    typer.Option(
        "--mount",
        help="A file or folder of this machine it may read. Repeatable.",
        metavar="PATH[:INSIDE]",
    ),
]
Hosts = Annotated[
    list[str] | None,
    typer.Option(
        "--host",
        help="What it may reach of the network: a name, or *.name. Repeatable.",
        metavar="NAME[:PORT]",
    ),
]
Processes = Annotated[int | None, typer.Option(min=1, help="Most processes.", metavar="N")]
_OWN_COMMAND = ("command", "acp:generic")
Argv = Annotated[
    list[str] | None,
    typer.Argument(
        help="For the runtimes command and acp:generic: what to run, after --.",
        metavar="-- ARGV",
    ),
]
RuntimeName = Annotated[
    str,
    typer.Option(
        help="What does the work: command, rehearsal, acp:… or exec:… (docs/agents.md).",
        metavar="NAME",
    ),
]
TeamName = Annotated[
    str | None,
    typer.Option("--team", help="Another team than its first, by id or name.", metavar="TEAM"),
]


@app.command("set")
def set_role(
    name: RoleName,
    argv: Argv = None,
    runtime: RuntimeName = "command",
    email: Member = None,
    user: UserId = None,
    organization: OrganizationId = None,
    team: TeamName = None,
    model: Model = None,
    prompt_file: PromptFile = None,
    permissions: Permissions = None,
    timeout_s: Annotated[
        int | None, typer.Option("--timeout", min=1, help="Wall clock.", metavar="SECONDS")
    ] = None,
    environment: Variables = None,
    mounts: Mounts = None,
    hosts: Hosts = None,
    memory_mib: Annotated[
        int | None, typer.Option("--memory", min=1, help="Most memory.", metavar="MIB")
    ] = None,
    processes: Processes = None,
    disk_mib: Annotated[
        int | None, typer.Option("--disk", min=1, help="Most to write.", metavar="MIB")
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """Add or change a role; tasks that name it are done by its runtime.

    A command runs in the sandbox, in the task's workspace, with the brief in the file
    that HIRINGHALL_BRIEF names.
    Exit code 0 makes what it printed and changed the solution. The command stands in the task's
    log: give it no secret.

    It sees the programs below /usr and what --mount shows; it writes to its workspace alone.

    Example: hiringhall admin role set list --email ada@example.org -- sh -c 'ls -R >FILES.txt'
    """
    if runtime in _OWN_COMMAND and not argv:
        raise CommandError("Say what to run, after --: … -- ./build.sh", Exit.USAGE)
    if runtime not in _OWN_COMMAND and argv:
        raise CommandError(f"The runtime {runtime} takes no command.", Exit.USAGE)
    whom = named(email, user, organization)
    settings = settings_of(data_dir, database_url)
    require_hall(settings)
    given = {
        "argv": argv or None,
        "timeout_s": timeout_s,
        "environment": _variables(environment or []) or None,
        "mounts": mounts or None,
        "hosts": hosts or None,
        "memory_mib": memory_mib,
        "processes": processes,
        "disk_mib": disk_mib,
        "model": model,
        "system_prompt": None if prompt_file is None else read_text(prompt_file),
        "permissions": permissions,
    }
    config = {key: value for key, value in given.items() if value is not None}
    value = operate(
        settings,
        "set_role",
        email=whom,
        team=team,
        name=name,
        runtime=runtime,
        config=config,
    )
    Screen(as_json=as_json).told(value, f"Role {name} is done by {runtime}.")


def _variables(texts: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if not all(name and separator for name, separator, _ in pairs):
        raise CommandError("Write a variable as --env NAME=VALUE.", Exit.USAGE)
    return {name: value for name, _, value in pairs}


@app.command("list")
def list_roles(
    email: Member = None,
    user: UserId = None,
    organization: OrganizationId = None,
    team: TeamName = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """List a team's roles: the organization's first team, unless --team names another."""
    whom = named(email, user, organization)
    settings = settings_of(data_dir, database_url)
    require_hall(settings)
    value = operate(settings, "list_roles", email=whom, team=team)
    screen = Screen(as_json=as_json)
    if as_json:
        screen.value(value)
        return
    roles: list[dict[str, Any]] = value["roles"]
    screen.table(
        ("name", "runtime", "settings"),
        (
            (str(role["name"]), str(role["runtime"] or "the usual one"), _shown(role["config"]))
            for role in roles
        ),
    )


@app.command("remove")
def remove_role(
    name: RoleName,
    email: Member = None,
    user: UserId = None,
    organization: OrganizationId = None,
    team: TeamName = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """Take a role away; tasks that name it wait until it is there again."""
    whom = named(email, user, organization)
    settings = settings_of(data_dir, database_url)
    require_hall(settings)
    value = operate(settings, "remove_role", email=whom, team=team, name=name)
    Screen(as_json=as_json).told(value, f"Role {name} is gone.")


def _shown(config: dict[str, Any]) -> str:
    """A role's settings in one line for people; programs take --json."""
    said: list[str] = []
    for name, value in config.items():
        match name, value:
            case "argv", list():
                said.append("runs " + shlex.join(map(str, cast("list[object]", value))))
            case "system_prompt", _:
                said.append(f"a prompt of {len(str(value))} characters")
            case "timeout_s", _:
                said.append(f"{value} seconds")
            case _, list():
                said.append(f"{name} {', '.join(map(str, cast('list[object]', value)))}")
            case _, dict():
                said.append(f"{name} {', '.join(map(str, cast('dict[str, object]', value)))}")
            case _:
                said.append(f"{name} {value}")
    return "; ".join(said) or "-"
