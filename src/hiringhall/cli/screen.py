"""The one way to the terminal: plain when piped, and deaf to control characters in foreign text."""

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

# A brief or an agent's words are a stranger's. These characters move the cursor, rename the
# window, answer on the keyboard's behalf or turn the reading direction around.
_KEPT = frozenset("\n\t\u200c\u200d")  # the joiners are part of scripts and emoji
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_PIPED_WIDTH = 10_000


def visible(text: str) -> str:
    """A stranger's text with every character that could act on a terminal written out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _written_out(character)
        if character not in _KEPT and unicodedata.category(character) in _UNPRINTABLE
        else character
        for character in text
    )


def one_line(text: str, most: int = 500) -> str:
    """A stranger's text on one line, cut when it is long."""
    line = visible(" ".join(text.split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _written_out(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class Screen:
    """Where a command writes: values to standard output, what happens beside it to stderr.

    With `as_json`, standard output holds JSON and nothing else.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._console: Console | None = None

    @property
    def interactive(self) -> bool:
        """Whether a person is there to be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty() and not self.as_json

    @property
    def console(self) -> "Console":
        """Rich on standard output; without colours and width where nobody looks."""
        if self._console is None:
            from rich.console import Console

            piped = not sys.stdout.isatty()
            self._console = Console(
                markup=False,
                emoji=False,
                highlight=False,
                soft_wrap=True,
                width=_PIPED_WIDTH if piped else None,
            )
        return self._console

    def value(self, value: Any) -> None:
        """One JSON value on one line. ASCII escapes keep it harmless on a terminal too."""
        sys.stdout.write(f"{json.dumps(value)}\n")
        sys.stdout.flush()

    def say(self, text: str = "", *, style: str = "") -> None:
        """A line of a command's answer, for people. The text may be a stranger's."""
        if not self.as_json:
            self.console.print(visible(text), style=style or None)

    def told(self, value: Any, text: str) -> None:
        """A whole answer: its value for scripts, or one line for people."""
        if self.as_json:
            self.value(value)
        else:
            self.say(text)

    def note(self, text: str) -> None:
        """A remark beside the answer, on stderr."""
        sys.stderr.write(f"{visible(text)}\n")
        sys.stderr.flush()

    def line(self, cells: Sequence[str]) -> None:
        """A row of a list without end, at once: cells apart, with tabs where nobody looks."""
        tidy = [one_line(cell) for cell in cells]
        if sys.stdout.isatty():
            self.say("  ".join(tidy))
            return
        sys.stdout.write("\t".join(tidy) + "\n")
        sys.stdout.flush()

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Rows in columns; when piped, one line a row with tabs between and no headings."""
        if self.as_json:
            return
        if not sys.stdout.isatty():
            for row in rows:
                sys.stdout.write("\t".join(one_line(cell) for cell in row) + "\n")
            return
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*(Text(one_line(cell)) for cell in row))
        self.console.print(table, soft_wrap=False)

    def ask(self, prompt: str, *, hidden: bool = False) -> str:
        """What a person types. Only where `interactive` says there is one."""
        if hidden:
            import getpass

            return getpass.getpass(visible(prompt), stream=sys.stderr)
        sys.stderr.write(visible(prompt))
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\n")
