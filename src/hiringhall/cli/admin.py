"""`hiringhall admin …`: accounts, roles and the market, for whoever runs a hall."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from hiringhall.cli import budgets, hall, keys, roles
from hiringhall.cli.local import operate, require_hall, settings_of
from hiringhall.cli.options import (
    DatabaseUrl,
    DataDir,
    Email,
    Json,
    Member,
    OrganizationId,
    UserId,
    named,
)
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.screen import Screen

app = typer.Typer(
    name="admin",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Accounts and roles of the hall on this machine, also beside a running server; with an "
    "admin's key the organizations, money, agents and disputes of any hall.",
    epilog="Example: hiringhall admin create-user --email ada@example.org --name Ada",
)
app.add_typer(roles.app)
app.add_typer(keys.app)
app.command("budget")(budgets.budget)
app.command()(hall.organizations)
app.command()(hall.agents)
app.command()(hall.disputes)
app.command()(hall.deposit)
app.command()(hall.payouts)
app.command()(hall.paid)

NewEmail = Annotated[str, typer.Option("--email", help="Its e-mail address.", metavar="ADDRESS")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@app.command("create-user")
def create_user(
    email: NewEmail,
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
    email: Email = None,
    user: UserId = None,
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
    whom = named(email, user)
    password = _password_of_stdin() if password_stdin else _asked_twice(screen, whom)
    screen.told(
        operate(settings, "set_password", email=whom, password=password),
        f"The password of {whom} is set.",
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
        ("e-mail", "name", "organization", "admin", "since (UTC)", "id"),
        (
            (
                str(user["email"]),
                str(user["name"]),
                str(user["organization"] or "-"),
                "admin" if user["is_admin"] else "-",
                datetime.fromtimestamp(user["created_at_us"] / 1e6, UTC).strftime("%Y-%m-%d"),
                str(user["id"]),
            )
            for user in users
        ),
    )


@app.command("make-admin")
def make_admin(
    email: Email = None,
    user: UserId = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take it back.")] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """Let a user run the hall, or no longer."""
    settings = settings_of(data_dir, database_url)
    require_hall(settings)
    whom = named(email, user)
    value = operate(settings, "make_admin", email=whom, is_admin=not revoke)
    word = "no longer" if revoke else "now"
    Screen(as_json=as_json).told(value, f"{whom} is {word} an admin.")


@app.command("plan-approval")
def plan_approval(
    email: Member = None,
    user: UserId = None,
    organization: OrganizationId = None,
    wanted: Annotated[bool, typer.Option("--on/--off", help="Whether plans are approved.")] = True,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """Have each task of an organization propose a plan first, or no longer."""
    settings = settings_of(data_dir, database_url)
    require_hall(settings)
    whom = named(email, user, organization)
    value = operate(settings, "set_plan_approval", email=whom, wanted=wanted)
    word = "approved first" if wanted else "not asked for"
    Screen(as_json=as_json).told(value, f"Plans of {whom}'s organization are {word}.")


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
