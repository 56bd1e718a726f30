"""What is played: the rehearsal script, the command roles, and the log each task must end with.

Everything said in a task is known before it begins, so that afterwards its log can be compared
line by line: what is missing was lost, what is there twice was done twice.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, NamedTuple

SOLUTION_FILES = {"src/made.txt": "made by rehearsal\n", "README.md": "# Made\n"}

SCRIPT: dict[str, Any] = {
    "turns": [
        {
            "progress": ["chaos: reading the brief", "chaos: looking around"],
            "ask": [
                {"type": "single_select", "question": "Which colour?", "options": ["red", "blue"]},
                {"type": "text", "question": "What else?"},
            ],
        },
        {"spec": "chaos: a plan"},
        {"sleep": 0.3, "progress": ["chaos: thinking"], "message": "chaos: shall I go on?"},
        {"progress": ["chaos: trying"], "crash": True},
        {
            "sleep": 0.4,
            "progress": ["chaos: building", "chaos: testing"],
            "usage": {"input_tokens": 1000, "output_tokens": 100},
            "solution": "chaos: done",
            "files": SOLUTION_FILES,
        },
    ]
}
"""A question, a plan where one is wanted, a message, a crash, and solutions ever after."""

_CRASHED = ("The worker ended without a word (rehearsal)", "Trying again")
_GAVE_UP = "The worker gave up: "
_SHOWN = ("chaos: ", "Plan ", "Fetching ", "Running ", "Pushed ", "Task cancelled", _GAVE_UP)

_APPEND = """set -e
sleep 600 >/dev/null 2>&1 </dev/null &
count=$(wc -l <log.txt)
echo "$HIRINGHALL_TASK_ID $count" >>log.txt
sleep 0.2
mkdir -p made
echo "$count" >"made/$count.txt"
echo "chaos: appended line $count"
"""
_COMMIT = """set -e
sleep 600 >/dev/null 2>&1 </dev/null &
count=$(wc -l <log.txt)
echo "$HIRINGHALL_TASK_ID $count" >>log.txt
git commit --quiet --all --message "step $count"
sleep 0.2
mkdir -p made
echo "$count" >"made/$count.txt"
echo "chaos: committed step $count"
"""
_MAKE = """set -e
test -s "$HIRINGHALL_BRIEF"
mkdir -p src
sleep 0.1
echo "$HIRINGHALL_TITLE" >>src/title.txt
echo "chaos: made the title"
"""
_FAIL = """echo "chaos: half" >half.txt
sleep 3
echo "chaos: cannot be done" >&2
exit 3
"""


class Kind(StrEnum):
    """What a task is given to; all but the first two are roles that run a command."""

    REHEARSED = "rehearsed"
    PLANNED = "planned"
    APPEND = "append"
    COMMIT = "commit"
    MAKE = "make"
    FAIL = "fail"

    @property
    def is_command(self) -> bool:
        """Whether a command does it."""
        return self in COMMANDS

    @property
    def has_repository(self) -> bool:
        """Whether it is work on a repository, with a branch to push."""
        return self in (Kind.APPEND, Kind.COMMIT)


COMMANDS = {
    kind: ["/bin/sh", "-c", script, "chaos"]
    for kind, script in (
        (Kind.APPEND, _APPEND),
        (Kind.COMMIT, _COMMIT),
        (Kind.MAKE, _MAKE),
        (Kind.FAIL, _FAIL),
    )
}
"""The argv of each role that runs a command."""


class Line(NamedTuple):
    """A line of a task's log; `text` is a part of what stands there."""

    type: str
    text: str
    by_poster: bool = False

    def fits(self, other: "Line") -> bool:
        """Whether a line of the log is this one."""
        return self.type == other.type and self.text in other.text


@dataclass
class Story:
    """One task, as its poster means it and as far as the poster was told.

    `told` counts the poster's own lines that were acknowledged; `task_id`, `cancelled` and
    `ended` are what an answer said.
    """

    name: str
    kind: Kind
    rejections: int = 0
    refusals: int = 0
    cancels_after_s: float | None = None
    task_id: str | None = None
    told: int = 0
    cancelled: bool = False
    ended: Literal["completed", "cancelled"] | None = None
    lines: list[Line] = field(default_factory=list[Line])

    def __post_init__(self) -> None:
        play = _commanded if self.kind.is_command else _rehearsed
        self.lines = list(play(self))

    @property
    def poster_lines(self) -> list[Line]:
        """What its poster says, in order."""
        return [line for line in self.lines if line.by_poster]

    @property
    def next_line(self) -> Line:
        """What its poster says next."""
        return self.poster_lines[self.told]

    @property
    def rounds(self) -> int:
        """How many solutions it has when all is played."""
        return sum(line.type == "solution_proposed" for line in self.lines)


def draw_story(name: str, kind: Kind, chance: random.Random) -> Story:
    """A task with what will be said in it."""
    return Story(
        name,
        kind,
        rejections=chance.choice((0, 0, 1, 2)),
        refusals=chance.choice((0, 1)),
        cancels_after_s=chance.uniform(0, 2) if chance.random() < 0.12 else None,
    )


def is_shown(line: Line) -> bool:
    """Whether a line of a log is one that stories tell of; starts and losses are not."""
    return line.type != "status" or line.text.startswith((*_SHOWN, *_CRASHED))


def _rehearsed(story: Story) -> Iterator[Line]:
    replies = (Line("reply", f"{story.name} says {n}", by_poster=True) for n in itertools.count(1))
    yield Line("status", "chaos: reading the brief")
    yield Line("status", "chaos: looking around")
    yield Line("question", "Which colour?")
    yield next(replies)
    if story.kind is Kind.PLANNED:
        for n in range(story.refusals):
            yield Line("status", "Plan proposed: chaos: a plan")
            yield Line("status", f"Plan rejected: {story.name} refuses {n}", by_poster=True)
        yield Line("status", "Plan proposed: chaos: a plan")
        yield Line("status", "Plan approved", by_poster=True)
    yield Line("status", "chaos: thinking")
    yield Line("message_to_customer", "chaos: shall I go on?")
    yield next(replies)
    yield Line("status", "chaos: trying")
    yield from (Line("status", said) for said in _CRASHED)
    for decision in _decisions(story):
        yield Line("status", "chaos: building")
        yield Line("status", "chaos: testing")
        yield Line("solution_proposed", "chaos: done")
        yield decision


def _commanded(story: Story) -> Iterator[Line]:
    words = {
        Kind.APPEND: "chaos: appended line {}\n",
        Kind.COMMIT: "chaos: committed step {}\n",
        Kind.MAKE: "chaos: made the title\n",
    }
    for n, decision in enumerate(_decisions(story)):
        if story.kind.has_repository:
            yield Line("status", "Fetching ")
        yield Line("status", "Running ")
        if story.kind is Kind.FAIL:
            yield Line("status", _GAVE_UP)
            return
        if story.kind.has_repository:
            yield Line("status", "Pushed worker/task_")
        yield Line("solution_proposed", words[story.kind].format(n))
        yield decision


def _decisions(story: Story) -> Iterator[Line]:
    for n in range(story.rejections):
        yield Line("solution_decision", f"REJECTED: {story.name} wants more {n}", by_poster=True)
    yield Line("solution_decision", "CONFIRMED", by_poster=True)


def files_of(story: Story) -> dict[str, str]:
    """The files that a completed task has, with what is in them; of commits see `commits_of`."""
    rounds = range(story.rounds)
    if not story.kind.is_command:
        return SOLUTION_FILES
    if story.kind is Kind.MAKE:
        return {"src/title.txt": f"{story.name}\n" * story.rounds}
    lines = "".join(f"{story.task_id} {n}\n" for n in rounds)
    return {"log.txt": lines, **{f"made/{n}.txt": f"{n}\n" for n in rounds}}


def commits_of(story: Story, rounds: int) -> list[str]:
    """The subjects of the commits on a task's branch after that many solutions, oldest first."""
    if story.kind is Kind.APPEND:
        return [story.name] * rounds
    return [subject for n in range(rounds) for subject in (f"step {n}", story.name)]
