"""`hiringhall account me`, `members`, `key` …: the people and the keys of an organization."""

import re
import stat
from pathlib import Path

import pytest

from hiringhall.cli.outcome import Exit
from tests.cli.conftest import Shell
from tests.cli.people import Person, agent_of
from tests.support.served import ServedHall


@pytest.fixture
def letters(hall: ServedHall) -> list[str]:
    """What the hall mails from now on."""
    found: list[str] = []
    object.__setattr__(hall.app.hall.mail, "write", found.append)
    return found


def test_who_you_are(buyer: Person, maker: Person, admin: Person) -> None:
    assert "buyer@example.org" in buyer("account", "me").out
    assert "runs this hall" not in buyer("account", "me").out
    assert "runs this hall" in admin("account", "me").out
    agent = agent_of(maker, admin, "scout")
    assert "scout" in agent("account", "me").out
    assert agent.json("account", "me")["kind"] == "agent"
    agent("account", "members", code=Exit.UNAUTHORIZED)


def test_keys_are_made_and_revoked(buyer: Person, shell: Shell, tmp_path: Path) -> None:
    made = buyer("account", "key", "create", "build server")
    key_id = made.out.strip()
    stored = shell.home / ".config" / "hiringhall" / "keys" / f"{key_id}.key"
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    secret = stored.read_text().strip()
    assert secret not in made.out + made.err
    listed = [line.split("\t") for line in buyer("account", "key", "list").lines]
    assert [row[2] for row in listed if row[0] == key_id] == ["build server"]
    assert not any(secret in cell for row in listed for cell in row)
    with_it = Person(shell, secret)
    assert with_it.json("account", "me")["user"]["email"] == "buyer@example.org"
    assert "opens nothing" in buyer("account", "key", "revoke", key_id).out
    with_it("account", "me", code=Exit.UNAUTHORIZED)
    buyer("account", "key", "revoke", "nonsense", code=Exit.NOT_FOUND)
    printed = buyer("account", "key", "create", "shown", "--print-key").out.strip()
    assert Person(shell, printed).json("account", "me")["kind"] == "user"
    taken = tmp_path / "taken"
    taken.write_text("mine")
    buyer("account", "key", "create", "x", "--key-to", str(taken), code=Exit.USAGE)
    assert taken.read_text() == "mine"


def test_members_are_asked_join_change_and_leave(
    buyer: Person, maker: Person, shell: Shell, letters: list[str], tmp_path: Path
) -> None:
    buyer("account", "invite", "eve@example.org")
    secret = secret_of(letters[-1])
    shell.unset("HIRINGHALL_API_KEY")
    ran = shell("account", "join", "--name", "Eve", stdin=f"{secret}\n")
    assert ran.code == 0, ran
    assert "eve@example.org is member" in ran.out
    # There was no key for this hall: commands use this one now.
    shell.unset("HIRINGHALL_API_KEY")
    assert "eve@example.org" in shell("account", "me").out
    assert shell("account", "join", "--name", "Eve", stdin=secret).code == Exit.NOT_FOUND
    assert shell("account", "join", "--name", "Eve").code == Exit.USAGE

    buyer("account", "invite", "maker@example.org", "--role", "owner")
    other = tmp_path / "other.key"
    shell.unset("HIRINGHALL_API_KEY")
    joined = shell(
        *("account", "join", "--name", "M", "--key-to", str(other), "--json"),
        stdin=secret_of(letters[-1]),
    )
    assert "api_key" not in joined.json
    assert stat.S_IMODE(other.stat().st_mode) == 0o600
    second = Person(shell, other.read_text().strip())
    assert (
        second.json("account", "me")["organization"] == buyer.json("account", "me")["organization"]
    )

    rows = [line.split("\t") for line in buyer("account", "members").lines]
    assert [(row[1], row[3]) for row in rows] == [
        ("buyer@example.org", "owner"),
        ("eve@example.org", "member"),
        ("maker@example.org", "owner"),
    ]
    eve, mate = rows[1][0], rows[2][0]
    assert "now: owner" in buyer("account", "set-role", eve, "owner").out
    buyer("account", "set-role", eve, "queen", code=Exit.REFUSED)
    buyer("account", "set-role", eve, "member")
    assert "no more" in buyer("account", "remove", mate).out
    second("account", "members", code=Exit.UNAUTHORIZED)
    maker("account", "members")
    me = rows[0][0]
    assert "keeps one owner" in buyer("account", "remove", me, code=Exit.REFUSED).err


def test_an_invitation_is_taken_back(buyer: Person, shell: Shell, letters: list[str]) -> None:
    made = buyer("account", "invite", "eve@example.org").out.strip()
    (row,) = buyer("account", "invitations").lines
    assert row.split("\t")[:3] == [made, "eve@example.org", "member"]
    buyer("account", "take-back", made)
    assert buyer("account", "invitations").out == ""
    ran = shell("account", "join", "--name", "Eve", stdin=secret_of(letters[-1]))
    assert ran.code == Exit.NOT_FOUND


def secret_of(letter: str) -> str:
    found = re.search(r"join_[\w-]+", letter)
    assert found is not None
    return found.group()
