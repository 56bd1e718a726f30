"""How a command ends: one exit code for each kind of ending, and the error that carries it."""

from enum import IntEnum


class Exit(IntEnum):
    """What a script can tell from the exit code; `--help` prints this table."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    UNAUTHORIZED = 4
    UNREACHABLE = 5
    REFUSED = 6
    LATER = 7
    INTERRUPTED = 130


MEANINGS: dict[Exit, str] = {
    Exit.OK: "it worked",
    Exit.FAILED: "it did not work: the task failed, a check found something, or a bug",
    Exit.USAGE: "the command, an option or a setting is wrong",
    Exit.NOT_FOUND: "no such task, user, role, file or hall",
    Exit.UNAUTHORIZED: "no key, a wrong key, or not allowed",
    Exit.UNREACHABLE: "the hall cannot be reached",
    Exit.REFUSED: "the hall says no: wrong state, wrong values, taken",
    Exit.LATER: "not now: out of credits, too many tries, busy, or not done in time",
    Exit.INTERRUPTED: "ended by Ctrl-C",
}


class CommandError(Exception):
    """A command that cannot be carried out: one sentence that says what to do, and a code."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def sentence(text: object) -> str:
    """What an error says, with one full stop at its end."""
    said = str(text).rstrip()
    return said if said.endswith((".", "!", "?")) else f"{said}."
