"""On a real terminal: questions one by one, headings, and no power for a stranger's text."""

import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Self

import pytest

from hiringhall.cli.outcome import Exit
from tests.support.agentwork_standin import StandIn

PATIENCE_S = 120


class Terminal:
    """One command on a terminal of its own; what it wrote is in `screen`."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        # What is typed is not echoed, so that the screen holds what the command wrote.
        modes = termios.tcgetattr(theirs)
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(theirs, termios.TCSANOW, modes)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hiringhall.cli.main", *arguments],
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self.screen = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._process.kill()
        self._process.wait(PATIENCE_S)
        os.close(self._ours)

    def expect(self, text: str) -> None:
        """Wait until the command has written something."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.screen:
            assert time.monotonic() < deadline, self.screen
            assert self._read(), f"it ended without {text!r}: {self.screen}"

    def type(self, line: str) -> None:
        os.write(self._ours, f"{line}\n".encode())

    def end(self) -> int:
        """Wait for the end of the command; its exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while self._read():
            assert time.monotonic() < deadline, self.screen
        return self._process.wait(PATIENCE_S)

    def _read(self) -> bool:
        """Take in what is there; False once the command has closed its terminal."""
        if not select.select([self._ours], [], [], 1)[0]:
            return True
        try:
            piece = os.read(self._ours, 65_536)
        except OSError:  # the other side is closed
            return False
        self.screen += piece.decode(errors="replace")
        return bool(piece)


@pytest.fixture
def variables(standin: StandIn, tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "TERM": "xterm",
        "COLUMNS": "120",
        "HIRINGHALL_URL": standin.url,
        "HIRINGHALL_API_KEY": standin.register(),
    }


@pytest.fixture
def task_id(standin: StandIn, variables: dict[str, str]) -> str:
    import httpx

    answer = httpx.post(
        f"{standin.url}/api/v1/tasks/",
        json={"title": "Page", "description": "D"},
        headers={"Authorization": f"Bearer {variables['HIRINGHALL_API_KEY']}"},
    )
    return answer.json()["task_id"]


def test_questions_are_asked_one_by_one(
    standin: StandIn, variables: dict[str, str], task_id: str
) -> None:
    with Terminal(variables, "tasks", "reply", task_id) as terminal:
        terminal.expect("Your answer: ")
        terminal.type("")
        terminal.expect("2. Vue")
        terminal.type("2")
        terminal.expect("3. Payments")
        terminal.type("1, 3, Own words")
        assert terminal.end() == 0, terminal.screen
    assert standin.seen[-1].json == {
        "answers": [
            {"question_index": 1, "selected": "Vue"},
            {"question_index": 2, "selected": ["Auth", "Payments", "Own words"]},
        ]
    }


def test_no_answer_at_all_sends_nothing(
    standin: StandIn, variables: dict[str, str], task_id: str
) -> None:
    with Terminal(variables, "tasks", "reply", task_id) as terminal:
        for prompt in ("Your answer: ", "2. Vue", "3. Payments"):
            terminal.expect(prompt)
            terminal.type("")
        assert terminal.end() == Exit.REFUSED
    assert standin.seen[-1].method == "GET"


def test_the_end_of_input_is_no_bug(variables: dict[str, str], task_id: str) -> None:
    with Terminal(variables, "tasks", "reply", task_id) as terminal:
        terminal.expect("Your answer: ")
        terminal.type("\x04")
        assert terminal.end() == Exit.USAGE
    assert "The input ended" in terminal.screen


def test_a_password_is_asked_for_and_not_shown(standin: StandIn, variables: dict[str, str]) -> None:
    with Terminal(variables, "login", "--email", "a@example.org") as terminal:
        terminal.expect("Password of a@example.org: ")
        terminal.type("correct horse")
        terminal.end()
    assert standin.seen[-1].json["password"] == "correct horse"
    assert "horse" not in terminal.screen


def test_a_list_has_headings(variables: dict[str, str], task_id: str) -> None:
    with Terminal(variables, "tasks", "list") as terminal:
        assert terminal.end() == 0
    assert "created (UTC)" in terminal.screen
    assert task_id in terminal.screen


def test_a_strangers_text_moves_nothing(
    standin: StandIn, variables: dict[str, str], task_id: str
) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J[bold]x[/bold]"
    standin.tasks[task_id].title = hostile
    standin.tasks[task_id].log = [("status", hostile)]
    for command in (("tasks", "watch", task_id), ("tasks", "list"), ("tasks", "show", task_id)):
        with Terminal(variables, *command) as terminal:
            assert terminal.end() == 0
        assert "\x1b]" not in terminal.screen
        assert "\x1b[2J" not in terminal.screen
        assert "\x07" not in terminal.screen
        assert "[bold]x[/bold]" in terminal.screen


def test_json_is_json_on_a_terminal_too(variables: dict[str, str], task_id: str) -> None:
    with Terminal(variables, "tasks", "show", task_id, "--json") as terminal:
        assert terminal.end() == 0
    assert json.loads(terminal.screen)["task_id"] == task_id
