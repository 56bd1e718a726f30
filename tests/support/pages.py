"""Pages that are printed from the code, so that they cannot fall behind it: `make docs`."""

from collections.abc import Callable, Collection
from enum import StrEnum
from pathlib import Path

from hiringhall.domain.lifecycle import ANY, MOVES, Hold, Move
from hiringhall.domain.tasks import Engagement, State, Waiting
from hiringhall.settings import describe
from tests.support import security_page
from tests.support.repository import ROOT


def settings_page() -> str:
    """`docs/settings.md`: every setting with its default and its meaning."""
    rows = [
        f"| `{name}` | {f'`{default}`' if default else ''} | {_cell(meaning)} |"
        for name, default, meaning in describe()
    ]
    return "\n".join([_SETTINGS, *rows, "", _SETTINGS_OF_TESTS])


def lifecycle_page() -> str:
    """`docs/lifecycle.md`: every move a task can make."""
    return "\n".join([_LIFECYCLE, *map(_row, MOVES), ""])


def _row(move: Move) -> str:
    moved = [f"sets {one}" for one in sorted(move.sets)]
    if move.clears:
        moved.append("clears all" if len(move.clears) > 1 else f"clears {_words(move.clears)}")
    when = [
        "" if move.engagements == ANY else _words(move.engagements),
        {True: "of a Task Force a part", False: "of a Task Force the whole", None: ""}[
            move.part if Engagement.TASK_FORCE in move.engagements else None
        ],
        {True: "with a hold", False: "without a hold", None: ""}[move.held],
        f"acceptance: {move.acceptance}" if move.acceptance else "",
        f"waiting for {_words(move.waiting)}" if move.waiting else "",
        move.guard.value,
    ]
    target = move.target.value
    if move.then_waits is not Waiting.NOTHING:
        target += f", waiting for {move.then_waits}"
    cells = (
        f"`{move.command}`",
        _words(move.sources, order=list(State)),
        target,
        _words(move.by),
        "; ".join(filter(None, when)),
        "" if move.hold is Hold.KEEP else move.hold.value,
        "; ".join(moved),
    )
    return f"| {' | '.join(cells)} |"


def _words(values: Collection[StrEnum], order: list[State] | None = None) -> str:
    ranked = [one for one in order if one in values] if order else sorted(values)
    return ", ".join(one.value for one in ranked)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


_SETTINGS = """\
# Settings

Everything works with none. Each is an environment variable, or the same name in lower case and
without its prefix in a TOML file: the one that `HIRINGHALL_CONFIG` names, else `hiringhall.toml` in
the data folder. The environment goes before the file, and options of the command line before both.

| setting | default | meaning |
|---|---|---|"""

_SETTINGS_OF_TESTS = """\
For the tests alone: `HIRINGHALL_TEST_DATABASE_URL` names a PostgreSQL server to use instead of the
one that the tests start.
"""

_LIFECYCLE = """\
# The life of a task

Every move a task can make, from the one table that the code asks (`domain/lifecycle.py`). A move
that is not here does not exist. Each is a compare-and-set on the task's row, with its event in the
same transaction.

| command | from | to | by | when | hold | timers |
|---|---|---|---|---|---|---|"""

PRINTED: dict[Path, Callable[[], str]] = {
    ROOT / "docs" / "settings.md": settings_page,
    ROOT / "docs" / "lifecycle.md": lifecycle_page,
    ROOT / "docs" / "security.md": security_page.page,
}

if __name__ == "__main__":
    for path, page in PRINTED.items():
        path.write_text(page())
