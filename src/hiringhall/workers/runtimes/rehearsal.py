"""Plays a script instead of working: for authors of clients, for demonstrations and for tests."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from hiringhall.actions.runs.working import RunBrief
from hiringhall.domain.errors import HallError, Invalid
from hiringhall.domain.questions import Question, make_question
from hiringhall.domain.runs import Run
from hiringhall.workers.runlog import open_log
from hiringhall.workers.runtimes.port import (
    Asked,
    Broke,
    Delivered,
    GaveUp,
    Outcome,
    Planned,
    Said,
    Stretch,
)

MAX_SLEEP_S = 3600

Write: TypeAlias = Callable[[str, str], None]
"""Writes a line of a run's log: whose it is, and the line."""


class AskLine(msgspec.Struct, forbid_unknown_fields=True):
    """One question of a script, as `architecture.md` ("Rehearsal") writes it."""

    type: str
    question: str
    options: list[str] | None = None


class Usage(msgspec.Struct, forbid_unknown_fields=True):
    """What a turn says it has used, in tokens."""

    input_tokens: int = 0
    output_tokens: int = 0


class Turn(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What one run plays: `sleep` (seconds), `progress` and `usage`, then one ending."""

    sleep: float = 0
    progress: list[str] = []
    usage: Usage | None = None
    ask: list[AskLine] | None = None
    message: str | None = None
    spec: str | None = None
    solution: str | None = None
    files: dict[str, str] = {}
    fail: str | None = None
    crash: bool = False


class Script(msgspec.Struct, forbid_unknown_fields=True):
    """The turns of a task's runs; the last repeats."""

    turns: list[Turn]


BUILT_IN = Script(
    [
        Turn(
            progress=["Reading the brief (rehearsal: no model is at work)"],
            ask=[
                AskLine(
                    type="single_select",
                    question="This is a rehearsal. How thorough should the pretended work be?",
                    options=["Quick sketch", "Complete"],
                ),
                AskLine(type="text", question="Anything else the worker should know?"),
            ],
        ),
        Turn(
            progress=["Playing the work", "Writing the result"],
            solution=(
                "This is a rehearsal: a script was played and nothing was worked on. "
                "Set up a role with the command runtime, or a model, for real work."
            ),
            files={"REHEARSAL.md": "# Rehearsal\n\nThis file was written by a script.\n"},
        ),
    ]
)
"""Played where no script is given, so that a client meets a question and a solution."""


def read_script(path: Path) -> Script:
    """A script from a JSON file, checked to its last question; raises Invalid with the place."""
    try:
        script = msgspec.json.decode(path.read_bytes(), type=Script)
    except (OSError, msgspec.DecodeError) as error:
        raise Invalid(f"The rehearsal script {path} cannot be read: {error}") from error
    if not script.turns:
        raise Invalid(f"The rehearsal script {path} has no turns")
    for number, turn in enumerate(script.turns, start=1):
        try:
            _check(turn)
        except HallError as error:
            raise Invalid(f"Turn {number} of {path}: {error.message}") from error
    return script


def _check(turn: Turn) -> None:
    endings: list[Any] = [turn.ask, turn.message, turn.spec, turn.solution, turn.fail]
    if sum(ending is not None for ending in endings) + turn.crash != 1:
        raise Invalid("a turn has exactly one of ask, message, spec, solution, fail, crash")
    if turn.files and turn.solution is None:
        raise Invalid("only a solution has files")
    if not 0 <= turn.sleep <= MAX_SLEEP_S:
        raise Invalid(f"sleep is 0 to {MAX_SLEEP_S} seconds")
    _questions(turn)


def _questions(turn: Turn) -> list[Question]:
    return [make_question(line.type, line.question, line.options) for line in turn.ask or ()]


class Rehearsal:
    """The runtime that plays a script; what it does names it as its actor."""

    name = "rehearsal"

    def __init__(self, script: Script = BUILT_IN, *, logs: Path | None = None) -> None:
        self._script = script
        self._logs = logs

    async def work(self, stretch: Stretch) -> Outcome:
        """Play the task's next turn, from where a lost predecessor broke off."""
        if self._logs is None:
            return await self._play(stretch, _unwritten)
        run_log = open_log(self._logs, stretch.brief.run.id, stretch.mask)
        try:
            return await self._play(stretch, run_log.write)
        finally:
            run_log.close()

    async def _play(self, stretch: Stretch, write: Write) -> Outcome:
        turn = self._turn(stretch)
        done = stretch.brief.run.steps_done
        write(">", f"Playing turn {stretch.brief.run.turn + 1} of a script: no model is at work")
        if turn.sleep:
            write(">", f"Sleeping {turn.sleep:g} s")
            await asyncio.sleep(turn.sleep)
        for line in turn.progress[done:]:
            write("<", line)
            await stretch.progress(line)
        if turn.usage is not None and done <= len(turn.progress):
            await stretch.used(
                input_tokens=turn.usage.input_tokens, output_tokens=turn.usage.output_tokens
            )
        write("<", _ending_words(turn))
        if turn.solution is not None:
            files = [
                await stretch.keep_file(name, text.encode()) for name, text in turn.files.items()
            ]
            return Delivered(turn.solution, files)
        return _ending(turn)

    def check_role(self, config: Mapping[str, Any]) -> None:
        """A role that rehearses takes no settings but those that every role may have."""
        if config.keys() - {"system_prompt", "timeout_s"}:
            raise Invalid("The rehearsal runtime takes no settings", {"config": "not empty"})

    async def save(self, brief: RunBrief) -> None:
        """A play has no state."""

    async def settled(self, brief: RunBrief) -> None:
        """Nothing is held."""

    async def tidy(self, unfinished: Sequence[Run]) -> None:
        """Nothing is ever left."""

    def _turn(self, stretch: Stretch) -> Turn:
        """The turn of this run: plans are only played where somebody wants to approve one."""
        task = stretch.brief.task
        turns = self._script.turns
        if not task.spec_approval:
            turns = [turn for turn in turns if turn.spec is None] or turns
        elif all(turn.spec is None for turn in turns):
            first = next(
                (at for at, turn in enumerate(turns) if turn.solution is not None), len(turns)
            )
            turns = [*turns[:first], Turn(spec=f"Plan: {task.title}"), *turns[first:]]
        return turns[_position(turns, stretch.brief)]


def _position(turns: list[Turn], brief: RunBrief) -> int:
    """Which turn is next after all that were played: the last repeats.

    A plan that was refused is proposed again, or the next one where another follows; an
    approved one is the last.
    """
    last = len(turns) - 1
    decided = iter(brief.plans)
    at = 0
    for _played in range(brief.run.turn):
        plan = next(decided, None) if turns[at].spec is not None else None
        again = plan is not None and plan.accepted is False
        if again and not (at < last and turns[at + 1].spec is not None):
            continue
        at = min(at + 1, last)
    while brief.task.plan_approved and turns[at].spec is not None and at < last:
        at += 1
    return at


def _unwritten(_mark: str, _text: str) -> None:
    """Nobody keeps a log."""


def _ending_words(turn: Turn) -> str:
    """How a turn ends, for its log."""
    if turn.solution is not None:
        return f"Delivers, with {len(turn.files)} files: {turn.solution}"
    if turn.ask is not None:
        return f"Asks: {' / '.join(line.question for line in turn.ask)}"
    said = {"Says": turn.message, "Plans": turn.spec, "Gives up": turn.fail}
    words = [f"{verb}: {text}" for verb, text in said.items() if text is not None]
    return words[0] if words else "Ends without a word"


def _ending(turn: Turn) -> Outcome:
    if turn.ask is not None:
        return Asked(_questions(turn))
    if turn.message is not None:
        return Said(turn.message)
    if turn.spec is not None:
        return Planned(turn.spec)
    if turn.fail is not None:
        return GaveUp(turn.fail)
    return Broke("The worker ended without a word (rehearsal)")
