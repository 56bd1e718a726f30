"""`hiringhall serve`: the command and its options; what it does is in `running`."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hiringhall.cli.options import DatabaseUrl, DataDir, Json
from hiringhall.cli.outcome import CommandError, Exit, sentence
from hiringhall.cli.screen import Screen

if TYPE_CHECKING:
    from hiringhall.settings import Settings

EXAMPLES = """\
\b
Examples:
  hiringhall serve
  HIRINGHALL_RUNTIME=rehearsal hiringhall serve --port 8470 --data-dir ./hall
"""


def serve(
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on.  [default: 127.0.0.1]", metavar="HOST"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port; 0 takes a free one.  [default: 8470]", metavar="PORT"
        ),
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    runtime: Annotated[
        str | None,
        typer.Option(
            envvar="HIRINGHALL_RUNTIME",
            show_envvar=True,
            help="What does tasks that name no role: rehearsal.  [default: nothing]",
            metavar="NAME",
        ),
    ] = None,
    stop_with_stdin: Annotated[
        bool,
        typer.Option(
            "--stop-with-stdin",
            help="Stop when standard input ends: for a program that starts a hall of its own.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Run a hall until Ctrl-C or SIGTERM.

    Every setting is a HIRINGHALL_… variable or a line in hiringhall.toml in the folder; see
    docs/settings.md. With --json: one line with url, data_dir and pid once it serves.
    """
    from hiringhall.cli.local import settings_of
    from hiringhall.cli.running import serve_until_told

    screen = Screen(as_json=as_json)
    settings = settings_of(data_dir, database_url, host=host, port=port, runtime=runtime)
    carry_on(settings, serve_until_told(settings, screen, stop_with_stdin=stop_with_stdin))


def carry_on(settings: "Settings", main: Coroutine[Any, Any, None]) -> None:
    """Run a hall's process to its end; what kept it from it is one sentence and its exit code."""
    from hiringhall.cli import logs
    from hiringhall.cli.serving import CannotListen
    from hiringhall.doors.server import run
    from hiringhall.node import FolderUnusable, NodeBusy
    from hiringhall.settings import SettingsError
    from hiringhall.store.errors import StoreError

    try:
        logs.configure(settings)
        run(main)
    except (SettingsError, FolderUnusable) as error:
        raise CommandError(sentence(error), Exit.USAGE) from None
    except NodeBusy as error:
        raise CommandError(sentence(error), Exit.LATER) from None
    except StoreError as error:
        raise CommandError(sentence(error)) from None
    except CannotListen as error:
        raise CommandError(f"{sentence(error)} Choose another with --host or --port.") from None
    except OSError as error:
        raise CommandError(f"The hall cannot go on: {sentence(error)}") from None
