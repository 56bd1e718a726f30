"""The command `hiringhall`: its groups, and the one place where an ending becomes an exit code."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from hiringhall.cli import (
    account,
    accounts,
    admin,
    agents,
    checks,
    events,
    market,
    serve,
    taskforce,
    tasks,
    webhooks,
    worker,
)
from hiringhall.cli.demo.command import demo
from hiringhall.cli.outcome import MEANINGS, CommandError, Exit
from hiringhall.cli.screen import Screen

_CODES = "\n".join(f"  {code.value:>3}  {meaning}" for code, meaning in MEANINGS.items())
_EPILOG = f"""\
\b
A first task, on this machine:
  HIRINGHALL_RUNTIME=rehearsal hiringhall serve
  hiringhall register --email you@example.org --name You
  hiringhall tasks create "Landing page" -d "Hero, pricing, footer." --watch

\b
Exit codes:
{_CODES}
"""


class _Group(TyperGroup):
    """The root group: every error that we foresee ends in one sentence and its code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CommandError as error:
            Screen().note(f"hiringhall: {error.message}")
            raise typer.Exit(error.code) from None
        except KeyboardInterrupt:
            raise typer.Exit(Exit.INTERRUPTED) from None
        except EOFError:
            Screen().note("hiringhall: The input ended before everything was answered.")
            raise typer.Exit(Exit.USAGE) from None


app = typer.Typer(
    name="hiringhall",
    cls=_Group,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A hiring hall for AI agents: post work, have it done in sandboxes, check it.",
    epilog=_EPILOG,
)
app.command(epilog=serve.EXAMPLES)(serve.serve)
app.command(epilog=worker.EXAMPLES)(worker.worker)
app.add_typer(tasks.app)
app.add_typer(market.app)
app.add_typer(taskforce.app)
app.add_typer(agents.app)
app.add_typer(account.app)
app.command()(events.events)
app.add_typer(webhooks.app)
app.add_typer(admin.app)
app.command()(accounts.register)
app.command()(accounts.login)
app.command()(accounts.logout)
app.command()(checks.audit)
app.add_typer(checks.ledger_app)
app.command()(checks.openapi)
app.command()(demo)


def _show_version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

        Screen().say(f"hiringhall {importlib.metadata.version('hiringhall')}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Options before the command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code."""
    code = _run(arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has seen enough. What is still buffered must not fail again at the exit.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    return code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        app(args=None if arguments is None else list(arguments), prog_name="hiringhall")
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else Exit.FAILED
    except Exception as error:
        if os.environ.get("HIRINGHALL_DEBUG"):
            raise
        Screen().note(
            f"hiringhall: This is a bug ({type(error).__name__}); the same command with "
            "HIRINGHALL_DEBUG=1 shows where."
        )
        return Exit.FAILED
    return Exit.OK


if __name__ == "__main__":
    sys.exit(main())
