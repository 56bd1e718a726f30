"""`hiringhall admin …`: accounts and roles, for whoever runs the hall on this machine."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from hiringhall.cli import budgets, keys
from hiringhall.cli.local import operate, require_hall, settings_of
from hiringhall.cli.options import DatabaseUrl, DataDir, Json
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.screen import Screen

app = typer.Typer(
    name="admin",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Accounts and roles of the hall on this machine. Works beside a running server.",
    epilog="Example: hiringhall admin create-user --email ada@example.org --name Ada",
)
role_app = typer.Typer(
    name="role",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Roles: which runtime does the tasks that name the role, and how.",
)
app.add_typer(role_app)
app.add_typer(keys.app)
app.command("budget")(budgets.budget)

Email = Annotated[str, typer.Option(help="The account's e-mail address.", metavar="ADDRESS")]
Member = Annotated[
    str,
    typer.Option(help="E-mail of a member of the organization.", metavar="ADDRESS"),
]
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
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@app.command("create-user")
def create_user(
    email: Email,
    name: Annotated[str, typer.Option(help="Full name.", metavar="NAME")],
    organization: Annotated[
        str | None, typer.Option(help="Name of the organization.", metavar="NAME")
    ] = None,
    no_organization: Annotated[
        bool, typer.Option("--no-organization", help="Give the user none, and so no key.")
    ] = False,
    is_admin: Annotated[bool, typer.Option("--admin", help="Let the user run the hall.")] = False,
    password_stdin: PasswordStdin = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """Open an account and print its API key, which is shown this once."""
    screen = Screen(as_json=as_json)
    value = operate(
        settings_of(data_dir, database_url),
        "create_user",
        email=email,
        name=name,
        organization_name=organization,
        password=_password_of_stdin() if password_stdin else None,
        without_organization=no_organization,
        is_admin=is_admin,
    )
    if as_json:
        screen.value(value)
    elif "api_key" in value:
        screen.note(f"Account {email}. Its API key, shown this once:")
        screen.say(str(value["api_key"]))
    else:
        screen.say(f"Account {email}, in no organization.")


@app.command("invite")
def invite(
    days: Annotated[
        int, typer.Option(help="How long it is valid.", min=1, max=365, metavar="N")
    ] = 7,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """Print an invitation that opens one account, where registration is by invitation."""
    screen = Screen(as_json=as_json)
    value = operate(settings_of(data_dir, database_url), "invite", valid_days=days)
    if as_json:
        screen.value(value)
    else:
        screen.note(
            f"Valid for {days} days, shown this once; for 'hiringhall register --invitation':"
        )
        screen.say(str(value["invitation"]))


@app.command("set-password")
def set_password(
    email: Email,
    password_stdin: PasswordStdin = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """Give an account a password, asked for twice or read from standard input."""
    screen = Screen(as_json=as_json)
    settings = settings_of(data_dir, database_url)
    require_hall(settings)
    if not password_stdin and not screen.interactive:
        raise CommandError("There is nobody to ask: use --password-stdin.", Exit.USAGE)
    password = _password_of_stdin() if password_stdin else _asked_twice(screen, email)
    _tell(
        screen,
        operate(settings, "set_password", email=email, password=password),
        f"The password of {email} is set.",
    )


@app.command("list")
def list_users(
    data_dir: DataDir = None, database_url: DatabaseUrl = None, as_json: Json = False
) -> None:
    """List the accounts."""
    screen = Screen(as_json=as_json)
    settings = settings_of(data_dir, database_url)
    require_hall(settings)
    value = operate(settings, "list_users")
    if as_json:
        screen.value(value)
        return
    users: list[dict[str, Any]] = value["users"]
    screen.table(
        ("e-mail", "name", "organization", "admin", "since (UTC)"),
        (
            (
                str(user["email"]),
                str(user["name"]),
                str(user["organization"] or "-"),
                "admin" if user["is_admin"] else "-",
                datetime.fromtimestamp(user["created_at_us"] / 1e6, UTC).strftime("%Y-%m-%d"),
            )
            for user in users
        ),
    )


@app.command("make-admin")
def make_admin(
    email: Email,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take it back.")] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """Let a user run the hall, or no longer."""
    settings = settings_of(data_dir, database_url)
    require_hall(settings)
    value = operate(settings, "make_admin", email=email, is_admin=not revoke)
    word = "no longer" if revoke else "now"
    _tell(Screen(as_json=as_json), value, f"{email} is {word} an admin.")


@app.command("plan-approval")
def plan_approval(
    email: Member,
    wanted: Annotated[bool, typer.Option("--on/--off", help="Whether plans are approved.")] = True,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """Have each task of an organization propose a plan first, or no longer."""
    settings = settings_of(data_dir, database_url)
    require_hall(settings)
    value = operate(settings, "set_plan_approval", email=email, wanted=wanted)
    word = "approved first" if wanted else "not asked for"
    _tell(Screen(as_json=as_json), value, f"Plans of {email}'s organization are {word}.")


@role_app.command("set")
def set_role(
    name: RoleName,
    email: Member,
    argv: Annotated[
        list[str] | None,
        typer.Argument(
            help="For the runtimes command and acp:generic: what to run, after --.",
            metavar="-- ARGV",
        ),
    ] = None,
    runtime: Annotated[
        str,
        typer.Option(
            help="What does the work: command, rehearsal, acp:… or exec:… (docs/agents.md).",
            metavar="NAME",
        ),
    ] = "command",
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
        "system_prompt": None if prompt_file is None else _text_of(prompt_file),
        "permissions": permissions,
    }
    config = {key: value for key, value in given.items() if value is not None}
    value = operate(settings, "set_role", email=email, name=name, runtime=runtime, config=config)
    _tell(Screen(as_json=as_json), value, f"Role {name} is done by {runtime}.")


def _text_of(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}", Exit.USAGE) from error


def _variables(texts: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if not all(name and separator for name, separator, _ in pairs):
        raise CommandError("Write a variable as --env NAME=VALUE.", Exit.USAGE)
    return {name: value for name, _, value in pairs}


@role_app.command("list")
def list_roles(
    email: Member, data_dir: DataDir = None, database_url: DatabaseUrl = None, as_json: Json = False
) -> None:
    """List an organization's roles."""
    import json

    settings = settings_of(data_dir, database_url)
    require_hall(settings)
    value = operate(settings, "list_roles", email=email)
    screen = Screen(as_json=as_json)
    if as_json:
        screen.value(value)
        return
    roles: list[dict[str, Any]] = value["roles"]
    screen.table(
        ("name", "runtime", "config"),
        ((str(role["name"]), str(role["runtime"]), json.dumps(role["config"])) for role in roles),
    )


@role_app.command("remove")
def remove_role(
    name: RoleName,
    email: Member,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """Take a role away; tasks that name it wait until it is there again."""
    settings = settings_of(data_dir, database_url)
    require_hall(settings)
    value = operate(settings, "remove_role", email=email, name=name)
    _tell(Screen(as_json=as_json), value, f"Role {name} is gone.")


def _tell(screen: Screen, value: dict[str, Any], text: str) -> None:
    if screen.as_json:
        screen.value(value)
    else:
        screen.say(text)


def _password_of_stdin() -> str:
    password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise CommandError("Standard input holds no password.", Exit.USAGE)
    return password


def _asked_twice(screen: Screen, email: str) -> str:
    password = screen.ask(f"New password of {email}: ", hidden=True)
    if screen.ask("Once more: ", hidden=True) != password:
        raise CommandError("The two were not the same; nothing was changed.", Exit.USAGE)
    return password
