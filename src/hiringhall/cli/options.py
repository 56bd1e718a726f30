"""Options that several commands share, so that one word means one thing everywhere."""

from pathlib import Path
from typing import Annotated

import typer

from hiringhall.cli.outcome import CommandError, Exit

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="HIRINGHALL_URL",
        show_envvar=True,
        help="The hall's address.  [default: http://127.0.0.1:8470]",
        metavar="URL",
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        envvar="HIRINGHALL_KEY_FILE",
        show_envvar=True,
        help="File with the API key, readable by you alone.  [default: the environment, "
        "else what register or login stored]",
        metavar="FILE",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        envvar="HIRINGHALL_DATA_DIR",
        show_envvar=True,
        help="The hall's folder.  [default: ~/.local/share/hiringhall]",
        metavar="FOLDER",
    ),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        envvar="HIRINGHALL_DATABASE_URL",
        show_envvar=True,
        help="postgresql://… where rows are kept in PostgreSQL.  [default: SQLite in the folder]",
        metavar="URL",
    ),
]
TaskId = Annotated[str, typer.Argument(help="The task's id.", metavar="TASK")]
Email = Annotated[
    str | None,
    typer.Option("--email", help="The account's e-mail address.", metavar="ADDRESS"),
]
Member = Annotated[
    str | None,
    typer.Option("--email", help="E-mail of a member of the organization.", metavar="ADDRESS"),
]
UserId = Annotated[
    str | None,
    typer.Option(
        "--user", help="The account's id instead, as 'admin list' shows it.", metavar="ID"
    ),
]
OrganizationId = Annotated[
    str | None,
    typer.Option("--organization", help="The organization's id instead.", metavar="ID"),
]


def named(*given: str | None) -> str:
    """The one name among those that could have been given; raises CommandError."""
    said = [one for one in given if one is not None]
    if len(said) != 1:
        raise CommandError("Say whom you mean once: with --email, or by an id.", Exit.USAGE)
    return said[0]
