"""`account me`, `members`, `invite`, `join` …: who you are, and who belongs to the organization."""

import os
from typing import Annotated, Any

import typer

from hiringhall.cli.native import (
    PAGE,
    KeyTo,
    Limit,
    OnceKey,
    PrintKey,
    at_native,
    day,
    listed,
    refuse_taken,
    say_to,
    show_fields,
    show_list,
)
from hiringhall.cli.options import Json, KeyFile, Url
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen
from hiringhall.cli.texts import secret_of

UserId = Annotated[
    str, typer.Argument(help="The user's id, as 'members' shows it.", metavar="USER")
]
Role = Annotated[str, typer.Option(help="owner or member.", metavar="WORD")]


def me(url: Url = None, key_file: KeyFile = None, as_json: Json = False) -> None:
    """Show whom your key stands for: a person with an organization, or an agent."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        found = client.get("/me")
    if as_json:
        screen.value(found)
        return
    user: dict[str, Any] = found["user"] or {}
    organization: dict[str, Any] = found["organization"] or {}
    agent: dict[str, Any] = found["agent"] or {}
    show_fields(
        screen,
        (
            ("name", user.get("name")),
            ("e-mail", user.get("email")),
            ("user", user.get("id")),
            ("role", user.get("role")),
            ("runs this hall", "yes" if user.get("is_admin") else None),
            ("organization", organization.get("name")),
            ("its id", organization.get("id")),
            ("its short id", organization.get("short_id")),
            ("agent", agent.get("name")),
            ("its id", agent.get("id")),
            ("its status", agent.get("status")),
        ),
    )


def list_members(
    limit: Limit = PAGE, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """List who belongs to your organization, in the order in which they joined."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = listed(client, "/members", limit)
    show_list(
        screen,
        answer,
        ("user", "e-mail", "name", "role", "since (UTC)"),
        lambda one: (
            str(one["user_id"]),
            str(one["email"]),
            str(one["name"]),
            str(one["role"]),
            day(one["joined_at"]),
        ),
    )


def set_role(
    user_id: UserId,
    role: Annotated[str, typer.Argument(help="owner or member.", metavar="ROLE")],
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Make a member an owner, who says who belongs to the organization, or no owner any more."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        member = client.patch(path_of("members", user_id), {"role": role})
    screen.told(member, f"{member['email']} is now: {member['role']}")


def remove(
    user_id: UserId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Take somebody out of the organization, or leave it; their keys for it open nothing then."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        member = client.delete(path_of("members", user_id))
    screen.told(member, f"{member['email']} belongs to the organization no more.")


def invite(
    email: Annotated[str, typer.Argument(help="Whom to ask.", metavar="ADDRESS")],
    role: Role = "member",
    idempotency_key: OnceKey = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Ask somebody to join, as an owner: a letter goes to them, with a secret that only it holds.

    Example: hiringhall account invite bob@example.org
    """
    say_to(
        "/invitations",
        {"email": email, "role": role},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda made: str(made["id"]),
        idempotency_key=idempotency_key,
    )


def invitations(
    limit: Limit = PAGE, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """List who was asked to join and has not answered yet."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = listed(client, "/invitations", limit)
    show_list(
        screen,
        answer,
        ("id", "e-mail", "role", "asked (UTC)", "valid until (UTC)"),
        lambda one: (
            str(one["id"]),
            str(one["email"]),
            str(one["role"]),
            day(one["created_at"]),
            day(one["expires_at"]),
        ),
    )


def take_back(
    invitation_id: Annotated[
        str, typer.Argument(help="Its id, as 'invitations' shows it.", metavar="INVITATION")
    ],
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Let an invitation open nothing any more."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = client.delete(path_of("invitations", invitation_id))
    screen.told(answer, "The invitation opens nothing any more.")


def join(
    name: Annotated[
        str, typer.Option(help="Your name, where you have no account yet.", metavar="NAME")
    ],
    key_to: KeyTo = None,
    print_key: PrintKey = False,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Join an organization by the secret of its letter, typed unseen or from standard input.

    The key that comes with it is stored in a file, or, where you have none for this hall yet, as
    the one that commands use.
    """
    from hiringhall.cli.client import NATIVE, HallClient
    from hiringhall.cli.credentials import has_key, keep_key, keep_secret, tidy_url

    screen = Screen(as_json=as_json)
    refuse_taken(key_to, "--key-to")
    secret = secret_of(screen, "The secret of the letter: ")
    if not secret:
        raise CommandError("Standard input holds no secret.", Exit.USAGE)
    with HallClient(tidy_url(url), door=NATIVE) as client:
        joined = client.post("/invitations/accept", {"token": secret, "name": name})
    member: dict[str, Any] = joined["member"]
    key = str(joined["api_key"])
    said = f"{member['email']} is {member['role']} of organization {joined['organization_id']}."
    if print_key:
        screen.note(said)
        screen.told(joined, key)
        return
    del joined["api_key"]
    if key_to is None and not has_key(client.url, os.environ):
        stored = keep_key(client.url, key=key, email=str(member["email"]), environ=os.environ)
    else:
        stored = keep_secret(
            key,
            kind="keys",
            name=str(joined["organization_id"]),
            place=key_to,
            environ=os.environ,
            lost="Have an owner take you out and invite you anew.",
        )
    screen.told({**joined, "stored_in": str(stored)}, f"{said} The key is stored in {stored}.")
