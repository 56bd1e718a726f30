"""A patch as git writes it, read into files and lines; and what is said of its lines.

What it holds is a stranger's: names and contents may be anything, and it may break off anywhere.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_ESCAPED = re.compile(r"\\([abfnrtv\"\\]|[0-7]{3})")
_LETTERS = {
    "a": 7,
    "b": 8,
    "f": 12,
    "n": 10,
    "r": 13,
    "t": 9,
    "v": 11,
    '"': 34,
    "\\": 92,
}
_FILE = "diff --git "
_SAID = ("Binary files ", "new file mode", "deleted file mode", "old mode", "new mode")
_LONGEST_LINE = 400
"""Of a longer line no more is shown, and quoted."""


class Kind(StrEnum):
    """What a line of a patch is; `GAP` stands where lines are left out."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    GAP = "gap"
    NOTE = "note"


_KINDS = {" ": Kind.SAME, "+": Kind.ADDED, "-": Kind.REMOVED, "\\": Kind.NOTE}


@dataclass(frozen=True, slots=True)
class Line:
    """A line, with its numbers before and after, as far as it has them."""

    kind: Kind
    text: str
    old: int | None = None
    new: int | None = None


@dataclass(slots=True)
class FilePatch:
    """What differs of one file; `first` is the place of its first line among all of the patch."""

    path: str
    first: int
    lines: list[Line]
    said: str = ""
    """What is said of a file instead of lines: that it is binary, or of its mode."""

    @property
    def added(self) -> int:
        """How many lines came."""
        return sum(line.kind is Kind.ADDED for line in self.lines)

    @property
    def removed(self) -> int:
        """How many lines went."""
        return sum(line.kind is Kind.REMOVED for line in self.lines)


def read_patch(text: str) -> list[FilePatch]:
    """The files of a patch, as far as it goes."""
    files: list[FilePatch] = []
    # By git's own line ends alone: a text may hold others.
    rows = text.split("\n")
    count = at = 0
    while at < len(rows):
        row = rows[at]
        hunk = _HUNK.match(row) if files else None
        if row.startswith(_FILE):
            files.append(FilePatch(path_of(row), count, []))
        elif hunk is not None:
            at = _read_hunk(rows, at, hunk, files[-1].lines)
            count = files[-1].first + len(files[-1].lines)
            continue
        elif files and _says_something(row):
            files[-1].said = f"{files[-1].said} {row}".strip()
        at += 1
    return files


def _says_something(row: str) -> bool:
    return row.startswith(_SAID)


def _read_hunk(rows: Sequence[str], at: int, hunk: re.Match[str], lines: list[Line]) -> int:
    """Read as many lines as the hunk's head says; the place behind them."""
    old, new = int(hunk[1]), int(hunk[3])
    left_old, left_new = int(hunk[2] or "1"), int(hunk[4] or "1")
    lines.append(Line(Kind.GAP, rows[at][hunk.end() :].strip()[:_LONGEST_LINE]))
    at += 1
    while at < len(rows):
        row = rows[at]
        kind = _KINDS.get(row[:1])
        if kind is None or (left_old <= 0 and left_new <= 0 and kind is not Kind.NOTE):
            break
        has_old, has_new = kind in _OLD, kind in _NEW
        shown = row[1:]
        if len(shown) > _LONGEST_LINE:
            shown = f"{shown[:_LONGEST_LINE]} …"
        lines.append(Line(kind, shown, old if has_old else None, new if has_new else None))
        old, left_old = old + has_old, left_old - has_old
        new, left_new = new + has_new, left_new - has_new
        at += 1
    return at


_OLD = frozenset({Kind.SAME, Kind.REMOVED})
_NEW = frozenset({Kind.SAME, Kind.ADDED})


def path_of(head: str) -> str:
    """The path in the head of a file: it stands there twice, quoted where it is odd."""
    rest = head.removeprefix(_FILE)
    if rest.startswith('"'):
        quoted = re.match(r'"((?:[^"\\]|\\.)*)"', rest)
        return _unquoted(quoted[1]).removeprefix("a/") if quoted else rest
    return rest[: (len(rest) - 1) // 2].removeprefix("a/")


def _unquoted(text: str) -> str:
    raw = bytearray()
    end = 0
    for found in _ESCAPED.finditer(text):
        raw += text[end : found.start()].encode()
        letter = found[1]
        raw.append(_LETTERS[letter] if letter in _LETTERS else int(letter, 8) & 0xFF)
        end = found.end()
    raw += text[end:].encode()
    return raw.decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Shown:
    """Lines of one file that stand on one page; `first` is the place of the first of them."""

    file: FilePatch
    first: int
    lines: list[Line]


def in_parts(files: Sequence[FilePatch], *, most_lines: int, most_weight: int) -> list[list[Shown]]:
    """A patch cut into pages, none with more lines, or a greater weight of letters."""
    parts: list[list[Shown]] = [[]]
    lines = weight = 0

    def turn() -> None:
        nonlocal lines, weight
        parts.append([])
        lines = weight = 0

    for file in files:
        if lines >= most_lines or weight >= most_weight:
            turn()
        parts[-1].append(Shown(file, file.first, []))
        weight += _weight(file.path) + 400
        for place, line in enumerate(file.lines, start=file.first):
            heavy = _weight(line.text)
            if lines + 1 > most_lines or weight + heavy > most_weight:
                turn()
                parts[-1].append(Shown(file, place, []))
            parts[-1][-1].lines.append(line)
            lines, weight = lines + 1, weight + heavy
    return [part for part in parts if part]


def _weight(text: str) -> int:
    """How many bytes a text takes on a page at most."""
    marks = sum(text.count(mark) for mark in "<>&\"'")
    return len(text.encode("utf-8", "replace")) + 4 * marks


def found_line(files: Sequence[FilePatch], place: int) -> tuple[FilePatch, Line] | None:
    """The line at a place of a patch, with its file."""
    for file in files:
        if file.first <= place < file.first + len(file.lines):
            return file, file.lines[place - file.first]
    return None


def comments_text(said: str, files: Sequence[FilePatch], comments: Mapping[int, str]) -> str:
    """What is said of all and of single lines, as one text that a worker can go by."""
    parts = [said.strip()]
    for place, comment in sorted(comments.items()):
        found = found_line(files, place)
        if found is None or not comment.strip():
            continue
        file, line = found
        mark = {Kind.ADDED: "+", Kind.REMOVED: "-"}.get(line.kind, " ")
        where = " ".join(file.path.split())
        if line.new is not None:
            where += f", line {line.new}"
        elif line.old is not None:
            where += f", line {line.old} before the change"
        quoted = "" if line.kind is Kind.GAP else f"\n\n    {mark} {line.text}"
        parts.append(f"{where}:{quoted}\n\n{comment.strip()}")
    return "\n\n".join(part for part in parts if part)
