"""`hiringhall admin`: the same commands beside a running server and without one."""

import contextlib
import json
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hiringhall.cli import adminsocket
from hiringhall.cli.outcome import Exit
from tests.cli.conftest import Ran, Shell
from tests.support.served import ServedHall, served_hall


class Operator:
    """Runs `admin` on one folder."""

    def __init__(self, shell: Shell, folder: Path) -> None:
        self.shell = shell
        self.folder = folder

    def __call__(self, *arguments: str, stdin: str = "") -> Ran:
        split = arguments.index("--") if "--" in arguments else len(arguments)
        options = ("--data-dir", str(self.folder))
        return self.shell("admin", *arguments[:split], *options, *arguments[split:], stdin=stdin)


@pytest.fixture(params=["beside a server", "alone"])
def operator(request: pytest.FixtureRequest, shell: Shell, tmp_path: Path) -> Iterator[Operator]:
    if request.param == "alone":
        yield Operator(shell, tmp_path / "hall")
        return
    with served_hall(tmp_path) as hall:
        yield Operator(shell, hall.data_dir)


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[ServedHall]:
    with served_hall(tmp_path) as hall:
        yield hall


def test_accounts(operator: Operator) -> None:
    made = operator("create-user", "--email", "Ada@example.org", "--name", "Ada", "--json")
    assert made.code == 0, made.err
    assert made.json["api_key"].startswith("aw_live_")
    shown = operator("create-user", "--email", "bob@example.org", "--name", "Bob", "--admin")
    assert shown.out.startswith("aw_live_")
    assert len(shown.lines) == 1
    again = operator("create-user", "--email", "ADA@EXAMPLE.ORG", "--name", "Ada")
    assert again.code == Exit.REFUSED
    assert again.err == "hiringhall: Email already registered.\n"
    invalid = operator("create-user", "--email", "nonsense", "--name", "Ada")
    assert invalid.code == Exit.REFUSED

    assert operator("make-admin", "--email", "ada@example.org").code == 0
    assert operator("make-admin", "--email", "bob@example.org", "--revoke").code == 0
    nobody = operator("make-admin", "--email", "nobody@example.org")
    assert nobody.code == Exit.NOT_FOUND
    assert operator("plan-approval", "--email", "ada@example.org", "--on").code == 0

    users = operator("list", "--json").json["users"]
    assert {user["email"]: user["is_admin"] for user in users} == {
        "Ada@example.org": True,
        "bob@example.org": False,
    }
    listed = operator("list")
    assert sorted(line.split("\t")[0] for line in listed.lines) == [
        "Ada@example.org",
        "bob@example.org",
    ]


def test_passwords_come_from_stdin_and_stay_out_of_sight(operator: Operator) -> None:
    ada = ("--email", "ada@example.org")
    operator("create-user", *ada, "--name", "Ada")
    assert operator("set-password", *ada).code == Exit.USAGE
    assert operator("set-password", *ada, "--password", "x").code == Exit.USAGE
    given = operator("set-password", *ada, "--password-stdin", stdin="correct horse battery\n")
    assert given.code == 0, given.err
    assert "horse" not in given.out + given.err
    assert operator("set-password", *ada, "--password-stdin").code == Exit.USAGE
    unknown = ("--email", "x@example.org", "--password-stdin")
    assert operator("set-password", *unknown, stdin="correct horse\n").code == Exit.NOT_FOUND


def test_a_password_that_was_set_gives_a_key(hall: ServedHall, shell: Shell) -> None:
    ada = ("--email", "ada@example.org")
    shell.set(HIRINGHALL_DATA_DIR=str(hall.data_dir), HIRINGHALL_URL=hall.url)
    shell("admin", "create-user", *ada, "--name", "Ada")
    shell("admin", "set-password", *ada, "--password-stdin", stdin="correct horse battery\n")
    assert shell("tasks", "list").code == Exit.UNAUTHORIZED
    wrong = shell("login", *ada, "--password-stdin", stdin="correct horse\n")
    assert wrong.code == Exit.UNAUTHORIZED
    assert shell("login", *ada, "--password-stdin", stdin="correct horse battery\n").code == 0
    assert shell("tasks", "list").code == 0


def test_keys_are_listed_and_revoked(operator: Operator) -> None:
    made = operator("create-user", "--email", "ada@example.org", "--name", "Ada", "--json")
    prefix = made.json["key_prefix"]
    listed = operator("key", "list", "--email", "ada@example.org", "--json")
    assert [(key["prefix"], key["revoked_at_us"]) for key in listed.json["keys"]] == [
        (prefix, None)
    ]
    assert made.json["api_key"] not in listed.out
    assert operator("key", "revoke", prefix, "--email", "ada@example.org").code == 0
    shown = operator("key", "list", "--email", "ada@example.org")
    assert prefix in shown.out
    unknown = operator("key", "revoke", "aw_live_xxxxxxxx", "--email", "ada@example.org")
    assert unknown.code == Exit.NOT_FOUND
    assert operator("key", "list", "--email", "no@example.org").code == Exit.NOT_FOUND


def test_an_invitation_is_printed_once(operator: Operator) -> None:
    made = operator("invite", "--days", "2", "--json")
    assert made.code == 0, made.err
    assert made.json["invitation"].startswith("inv_")
    assert operator("invite").lines[0].startswith("inv_")


def test_roles(operator: Operator) -> None:
    ada = ("--email", "ada@example.org")
    operator("create-user", *ada, "--name", "Ada")
    assert operator("role", "set", "player", *ada, "--runtime", "rehearsal").code == 0
    assert operator("role", "list", *ada, "--json").json == {
        "roles": [{"name": "player", "runtime": "rehearsal", "config": {}}]
    }
    shown = operator("role", "set", "lister", *ada, "--timeout", "9", "--", "sh", "-c", "ls -R")
    assert shown.code == 0, shown.err
    assert operator("role", "list", *ada).lines == [
        "lister\tcommand\truns sh -c 'ls -R'; 9 seconds", "player\trehearsal\t-",
    ]  # fmt: skip
    assert operator("role", "remove", "lister", *ada).code == 0
    assert operator("role", "set", "x", *ada).code == Exit.USAGE
    for command in (("list",), ("remove", "player"), ("set", "x", "--runtime", "rehearsal")):
        astray = operator("role", *command, *ada, "--team", "no such team")
        assert (astray.code, astray.err) == (Exit.NOT_FOUND, "hiringhall: Team not found.\n")
        for whom in ((), (*ada, "--user", "user_x")):
            said = operator("role", *command, *whom)
            assert said.code == Exit.USAGE
            assert "Say whom you mean once" in said.err
    user = operator("list").lines[0].split("\t")[-1]
    assert user.startswith("user_")
    assert operator("role", "list", "--user", user, "--team", "Default").lines == [
        "player\trehearsal\t-"
    ]
    assert operator("role", "set", "x", *ada, "--runtime", "nonsense").code == Exit.REFUSED
    assert operator("role", "remove", "player", *ada).code == 0
    assert operator("role", "remove", "player", *ada).code == Exit.NOT_FOUND
    assert operator("role", "list", *ada).out == ""


def test_a_mistyped_folder_does_not_become_a_hall(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "typo"
    missing = shell("admin", "list", "--data-dir", str(folder))
    assert missing.code == Exit.NOT_FOUND
    assert not folder.exists()


def test_a_wrong_setting_is_a_usage_error(shell: Shell, tmp_path: Path) -> None:
    shell.set(HIRINGHALL_LOCAL_RUNS="many")
    wrong = shell("admin", "create-user", "--email", "a@b.org", "--name", "A")
    assert wrong.code == Exit.USAGE
    assert "HIRINGHALL_LOCAL_RUNS" in wrong.err
    assert list(shell.home.iterdir()) == []


def test_the_socket_is_its_owners_alone(hall: ServedHall) -> None:
    path = hall.data_dir / adminsocket.NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(hall.data_dir.stat().st_mode) == 0o700


def test_a_deep_folder_has_a_socket_too(shell: Shell, tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 6)
    with served_hall(deep) as hall:
        assert len(os.fsencode(hall.data_dir)) > 107
        folder = str(hall.data_dir)
        assert shell("admin", "list", "--data-dir", folder).code == 0
    assert not (hall.data_dir / adminsocket.NAME).exists()


def test_a_socket_left_by_a_killed_server_is_replaced(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "hall"
    folder.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as stale:
        monkeypatch.chdir(folder)
        stale.bind(adminsocket.NAME)
    with served_hall(tmp_path) as hall:
        assert shell("admin", "list", "--data-dir", str(hall.data_dir)).code == 0


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"nonsense\n",
        b"[]\n",
        b"{}\n",
        b'{"operation": 1, "arguments": {}}\n',
        b'{"operation": "create_user", "arguments": []}\n',
        b'{"operation": "nonsense", "arguments": {}}\n',
        b'{"operation": "list_users", "arguments": {"hall": 1}}\n',
        b'{"operation": "set_password", "arguments": {"email": "x"}}\n',
        b"x" * (adminsocket.MOST_BYTES + 1) + b"\n",
    ],
)
def test_nonsense_gets_an_answer_and_no_more(
    hall: ServedHall, line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hall.data_dir)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(adminsocket.NAME)
        with contextlib.suppress(BrokenPipeError):
            connection.sendall(line)
        answer = connection.makefile("rb").readline()
    assert "error" in json.loads(answer)
    assert adminsocket.ask(hall.data_dir, "list_users", {}) == {"value": {"users": []}}


def test_a_folder_in_use_by_something_else_is_said_to_be(shell: Shell, tmp_path: Path) -> None:
    with served_hall(tmp_path) as hall:
        (hall.data_dir / adminsocket.NAME).unlink()
        shell.set(HIRINGHALL_DATA_DIR=str(hall.data_dir))
        busy = shell("admin", "list")
    assert busy.code == Exit.LATER
    assert "in use" in busy.err


def test_budgets(operator: Operator) -> None:
    operator("create-user", "--email", "ada@example.org", "--name", "Ada")
    of_ada = ("budget", "--email", "ada@example.org")
    shown = operator(*of_ada, "--json")
    unspent = {"cap": None, "spent": "0.00", "put_by": "0.00", "calls": 0}
    assert shown.json == {"of": "organization", **unspent}
    assert operator(*of_ada, "--cap", "12.50", "--json").json["cap"] == "12.50"
    assert operator(*of_ada, "--team", "--json").json == {"of": "team", **unspent}
    assert "12.50" in operator(*of_ada).out
    assert operator(*of_ada, "--usual-cap", "--json").json["cap"] is None
    unknown = operator(*of_ada, "--task", "no-such-task")
    assert (unknown.code, unknown.err) == (Exit.NOT_FOUND, "hiringhall: Task not found.\n")
    for wrong in ("-1", "much", "NaN"):
        assert operator(*of_ada, "--cap", wrong).code == Exit.USAGE
    assert operator(*of_ada, "--cap", "1", "--usual-cap").code == Exit.USAGE
