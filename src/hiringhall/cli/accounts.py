"""`hiringhall register`, `login` and `logout`: get a key for a hall and keep it out of sight."""

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hiringhall.cli.options import Json, Url
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.screen import Screen

if TYPE_CHECKING:
    from hiringhall.cli.client import HallClient

Email = Annotated[str, typer.Option(help="The account's e-mail address.", metavar="ADDRESS")]
PrintKey = Annotated[
    bool, typer.Option("--print-key", help="Print the key too: it is shown this once.")
]


def register(
    email: Email,
    name: Annotated[str, typer.Option(help="Full name.", metavar="NAME")],
    organization: Annotated[
        str | None, typer.Option(help="Name of the organization.", metavar="NAME")
    ] = None,
    invitation: Annotated[
        str | None,
        typer.Option(help="An invitation, where the hall asks for one.", metavar="TEXT"),
    ] = None,
    print_key: PrintKey = False,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Open an account at a hall and store its API key for this user.

    Example: hiringhall register --email ada@example.org --name "Ada Lovelace"
    """
    body: dict[str, Any] = {"email": email, "name": name}
    if organization is not None:
        body["organization_name"] = organization
    if invitation is not None:
        body["invitation"] = invitation
    screen = Screen(as_json=as_json)
    with _stranger(url) as client:
        _keep(screen, client, client.post("/auth/register", body), email, print_key=print_key)


def login(
    email: Annotated[
        str | None, typer.Option(help="The account's e-mail address.", metavar="ADDRESS")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    key_stdin: Annotated[
        bool, typer.Option("--key-stdin", help="Store a key you have, from standard input.")
    ] = False,
    key_name: Annotated[str, typer.Option(help="Label of the new key.", metavar="NAME")] = (
        "hiringhall command line"
    ),
    print_key: PrintKey = False,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Exchange an account's password for a new API key and store it, or store a key you have.

    Example: hiringhall login --email ada@example.org --url https://hall.example
    """
    screen = Screen(as_json=as_json)
    if key_stdin:
        _keep_given(screen, url, email)
        return
    if email is None:
        raise CommandError("Name the account with --email.", Exit.USAGE)
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    elif screen.interactive:
        password = screen.ask(f"Password of {email}: ", hidden=True)
    else:
        raise CommandError("There is nobody to ask: use --password-stdin.", Exit.USAGE)
    body = {"email": email, "password": password, "key_name": key_name}
    with _stranger(url) as client:
        _keep(screen, client, client.post("/auth/api-key", body), email, print_key=print_key)


def logout(url: Url = None, as_json: Json = False) -> None:
    """Forget the key stored for a hall. The key itself stays valid."""
    from hiringhall.cli.credentials import forget_key, tidy_url

    screen = Screen(as_json=as_json)
    address = tidy_url(url)
    forgotten = forget_key(address, os.environ)
    if as_json:
        screen.value({"url": address, "forgotten": forgotten})
    else:
        screen.say(
            f"Forgot the key for {address}." if forgotten else f"No key was stored for {address}."
        )


def _stranger(url: str | None) -> "HallClient":
    from hiringhall.cli.client import HallClient
    from hiringhall.cli.credentials import tidy_url

    return HallClient(tidy_url(url))


def _keep(
    screen: Screen, client: "HallClient", answer: dict[str, Any], email: str, *, print_key: bool
) -> None:
    from hiringhall.cli.credentials import keep_key

    key = str(answer.pop("api_key", ""))
    stored = keep_key(client.url, key=key, email=email, environ=os.environ)
    if print_key:
        answer["api_key"] = key
    if screen.as_json:
        screen.value({**answer, "stored_in": str(stored)})
        return
    screen.say(
        f"Key {answer.get('key_prefix')}… of organization {answer.get('organization_short_id')} "
        f"is stored in {stored}."
    )
    if print_key:
        screen.say(key)


def _keep_given(screen: Screen, url: str | None, email: str | None) -> None:
    """Store a key that was given, once the hall has taken it."""
    from hiringhall.cli.client import HallClient
    from hiringhall.cli.credentials import keep_key, tidy_key, tidy_url

    key = tidy_key(sys.stdin.readline(), "standard input")
    with HallClient(tidy_url(url), key) as client:
        client.get("/tasks/?limit=1")
        stored = keep_key(client.url, key=key, email=email or "", environ=os.environ)
    screen.told({"stored_in": str(stored)}, f"The key is stored in {stored}.")
