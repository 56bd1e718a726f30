"""Runs command lines in this process, with an environment and a home of the test's own."""

import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hiringhall.actions import accounts
from hiringhall.cli.main import main
from tests.cli.people import Person, Somebody
from tests.support.agentwork_standin import StandIn, running_standin
from tests.support.served import ServedHall, served_hall


@dataclass
class Ran:
    """What a command line left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Shell:
    """A shell of the test's own: `shell("tasks", "list", stdin="…")`."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path
    ) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.home = home
        for name in list(os.environ):
            if name.startswith(("HIRINGHALL_", "AGENTWORK_", "XDG_")):
                monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(home))

    def set(self, **environment: str) -> None:
        """Set variables for the commands to come."""
        for name, value in environment.items():
            self._monkeypatch.setenv(name, value)

    def unset(self, *names: str) -> None:
        for name in names:
            self._monkeypatch.delenv(name, raising=False)

    def __call__(self, *arguments: str, stdin: str = "") -> Ran:
        self._monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        self._capsys.readouterr()
        code = main(arguments)
        written = self._capsys.readouterr()
        return Ran(int(code), written.out, written.err)


@pytest.fixture
def shell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Shell:
    home = tmp_path / "home"
    home.mkdir()
    return Shell(monkeypatch, capsys, home)


@pytest.fixture(scope="session")
def shared_standin() -> Iterator[StandIn]:
    with running_standin() as standin:
        yield standin


@pytest.fixture
def standin(shared_standin: StandIn) -> StandIn:
    """A stand-in of the API that has heard nothing yet."""
    shared_standin.forget()
    return shared_standin


@pytest.fixture
def at_standin(shell: Shell, standin: StandIn) -> Shell:
    """A shell whose environment names the stand-in and a key for it."""
    shell.set(HIRINGHALL_URL=standin.url, HIRINGHALL_API_KEY=standin.register())
    return shell


@pytest.fixture
def hall(database_url: str, tmp_path: Path) -> Iterator[ServedHall]:
    with served_hall(tmp_path / "served", database_url=database_url) as hall:
        yield hall


@pytest.fixture
def somebody(hall: ServedHall, shell: Shell) -> Somebody:
    shell.set(HIRINGHALL_URL=hall.url)
    return lambda name: Person(shell, hall.key(name))


@pytest.fixture
def buyer(somebody: Somebody) -> Person:
    return somebody("buyer")


@pytest.fixture
def maker(somebody: Somebody) -> Person:
    return somebody("maker")


@pytest.fixture
def admin(somebody: Somebody, hall: ServedHall) -> Person:
    boss = somebody("boss")
    hall.do(accounts.make_admin(hall.app.hall, email="boss@example.org"))
    return boss
