"""Options that several commands share, so that one word means one thing everywhere."""

from pathlib import Path
from typing import Annotated

import typer

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
