"""Texts that a command is given: out of a file, from standard input, or typed unseen."""

import sys
from pathlib import Path

from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.screen import Screen


def read_text(file: str | Path) -> str:
    """A file's text; - is standard input. Raises CommandError."""
    if str(file) == "-":
        return read_stdin()
    try:
        return Path(file).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CommandError(f"There is no file {file}.", Exit.NOT_FOUND) from None
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"{file} cannot be read as text.", Exit.USAGE) from None


def read_stdin() -> str:
    """All of standard input, which must be text."""
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise CommandError("Standard input is not text.", Exit.USAGE) from None


def text_of(text: str | None, file: str | None, *, what: str) -> str | None:
    """A text that was given, or that a file holds; - is standard input. Raises CommandError."""
    if text is not None and file is not None:
        raise CommandError(f"Give {what} as a text or as a file, not both.", Exit.USAGE)
    return text if file is None else read_text(file)


def secret_of(screen: Screen, prompt: str) -> str:
    """A secret on one line: typed unseen, or from standard input; it never stands in a command."""
    if screen.interactive:
        return screen.ask(prompt, hidden=True).strip()
    return read_stdin().strip()
