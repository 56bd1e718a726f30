"""What the agent can do in its sandbox: shell, read, write, edit, search; each ends, and is short.

Each tool is a script for the shell inside (`toolserver.sh`), and answers with a text for the model.
"""

import shlex
from collections.abc import Awaitable, Callable

from hiringhall.workers.builtin.wire import Ran

SHELL_BYTES = 30_000
READ_BYTES = 60_000
EDIT_BYTES = 700_000
SEARCH_BYTES = 20_000
QUICK_S = 30
SHELL_S = 120
MOST_SHELL_S = 1800
LINE_CHARACTERS = 400
LINES = 2_000
HITS = 100

Run = Callable[[str, bytes, int, int], Awaitable[Ran]]
"""Runs a script: its text, its standard input, seconds, and bytes of output."""


class CannotDo(Exception):
    """A tool could not do what it was asked; the sentence is for the model."""


async def shell(run: Run, command: str, timeout_s: int = SHELL_S) -> str:
    """A command's output, and its exit code where it is not 0."""
    seconds = max(1, min(timeout_s, MOST_SHELL_S))
    ran = await run(command, b"", seconds, SHELL_BYTES)
    parts = [_text(ran).rstrip("\n")]
    if ran.note:
        parts.append(ran.note)
    elif ran.code == 124:
        parts.append(f"[ended: it took longer than {seconds} s]")
    elif ran.code != 0:
        parts.append(f"[exit code {ran.code}]")
    return "\n".join(part for part in parts if part) or "[no output]"


async def read_file(run: Run, path: str, first_line: int = 1, lines: int = LINES) -> str:
    """Some lines of a file, each with its number; of a folder, its entries."""
    first, count = max(1, first_line), max(1, min(lines, LINES))
    name = shlex.quote(path)
    script = (
        f'f={name}\nif [ -d "$f" ]; then ls -la -- "$f"; exit 9; fi\n'
        f'[ -f "$f" ] || {{ echo "There is no file $f"; exit 1; }}\n'
        f'tail -n +{first} <"$f" | head -n {count + 1}'
    )
    ran = _done(await run(script, b"", QUICK_S, READ_BYTES), allowed=(0, 9))
    if ran.code == 9:
        return f"{path} is a folder:\n{_text(ran)}"
    if b"\0" in ran.head:
        raise CannotDo(f"{path} is no text: look at it with shell (file, xxd, strings)")
    shown = _text(ran).splitlines()
    more = len(shown) > count
    numbered = [f"{first + n}\t{_cut(line)}" for n, line in enumerate(shown[:count])]
    if more:
        numbered.append(f"[more lines follow; go on at first_line={first + count}]")
    return "\n".join(numbered) or "[the file is empty there]"


async def write_file(run: Run, path: str, content: str) -> str:
    """Write a whole file, with the folders that it needs."""
    name = shlex.quote(path)
    script = f'f={name}\nmkdir -p -- "$(dirname -- "$f")" && cat >"$f"'
    _done(await run(script, content.encode(), QUICK_S, SEARCH_BYTES))
    return f"{path} is written: {len(content.splitlines())} lines"


async def edit_file(run: Run, path: str, old: str, new: str, *, every: bool = False) -> str:
    """Put a text in the place of another that stands exactly once in a file (or `every` time)."""
    if not old or old == new:
        raise CannotDo("`old` is a text of the file, and `new` another one")
    name = shlex.quote(path)
    script = f'f={name}\n[ -f "$f" ] || {{ echo "There is no file $f"; exit 1; }}\ncat <"$f"'
    ran = _done(await run(script, b"", QUICK_S, EDIT_BYTES))
    if ran.size_bytes > len(ran.head):
        raise CannotDo(f"{path} is too large to edit; use shell (sed)")
    try:
        text = ran.head.decode()
    except UnicodeDecodeError:
        raise CannotDo(f"{path} is no text in UTF-8") from None
    count = text.count(old)
    if count == 0:
        raise CannotDo(f"`old` does not stand in {path}; read the file again, spaces count")
    if count > 1 and not every:
        raise CannotDo(f"`old` stands {count} times in {path}; give more around it, or set every")
    await write_file(run, path, text.replace(old, new))
    return f"{path} is changed in {count} {'place' if count == 1 else 'places'}"


async def search(run: Run, pattern: str, path: str = ".", files: str = "") -> str:
    """Lines that match an extended regular expression; without one, the names of files.

    `files` is a glob on file names, such as `*.py`.
    """
    where = shlex.quote(path)
    if pattern:
        only = f" --include={shlex.quote(files)}" if files else ""
        script = (
            "grep -rnIE --exclude-dir=.git --exclude-dir=node_modules --exclude-dir=.venv"
            f"{only} -e {shlex.quote(pattern)} -- {where}"
        )
    else:
        script = (
            f"find {where} -name .git -prune -o -name node_modules -prune -o -type f "
            f"-name {shlex.quote(files or '*')} -print | sort"
        )
    script = f"{script} | cut -c1-{LINE_CHARACTERS} | head -n {HITS + 1}"
    ran = _done(await run(f"set -o pipefail 2>/dev/null\n{script}", b"", QUICK_S, SEARCH_BYTES),
                allowed=(0, 1, 141))  # fmt: skip
    found = [line.removeprefix("./") for line in _text(ran).splitlines()]
    if len(found) > HITS:
        found[HITS:] = [f"[more than {HITS}: narrow it down]"]
    return "\n".join(found) or "[nothing found]"


def _done(ran: Ran, allowed: tuple[int, ...] = (0,)) -> Ran:
    """A script's answer, where it did what it should."""
    if ran.note:
        raise CannotDo(ran.note)
    if ran.code == 124:
        raise CannotDo("It took too long")
    if ran.code not in allowed:
        raise CannotDo(_text(ran).strip()[:2_000] or f"It failed (exit code {ran.code})")
    return ran


def _text(ran: Ran) -> str:
    """What was written, as a text, with a note where the middle was left out."""
    head = _plain(ran.head)
    left_out = ran.size_bytes - len(ran.head) - len(ran.tail)
    if left_out <= 0:
        return head
    return f"{head}\n[… {left_out} bytes left out …]\n{_plain(ran.tail)}"


def _plain(data: bytes) -> str:
    return data.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _cut(line: str) -> str:
    rest = len(line) - 4 * LINE_CHARACTERS
    return line if rest <= 0 else f"{line[: 4 * LINE_CHARACTERS]} [… {rest} more]"
