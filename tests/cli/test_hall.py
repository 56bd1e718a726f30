"""The command line against a whole hall, on both databases."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hiringhall.cli.outcome import Exit
from tests.cli.conftest import Shell
from tests.support.served import ServedHall, Turn, served_hall

TURNS: list[Turn] = [
    {
        "progress": ["Analyzing requirements..."],
        "ask": [
            {"type": "single_select", "question": "Which framework?", "options": ["React", "Vue"]},
            {"type": "multi_select", "question": "Which features?", "options": ["Auth", "Files"]},
        ],
    },
    {"message": "Shall I use TypeScript?"},
    {"progress": ["Building"], "solution": "Draft", "files": {"src/App.tsx": "draft\n"}},
    {"solution": "Done", "files": {"src/App.tsx": "export const a = 1;\n"}},
]


@pytest.fixture
def hall(database_url: str, tmp_path: Path) -> Iterator[ServedHall]:
    with served_hall(tmp_path / "served", database_url=database_url, turns=TURNS) as hall:
        yield hall


def test_a_task_from_registration_to_result(hall: ServedHall, shell: Shell, tmp_path: Path) -> None:
    shell.set(HIRINGHALL_URL=hall.url)
    assert shell("register", "--email", "ada@example.org", "--name", "Ada").code == 0
    made = shell("tasks", "create", "Page", "-d", "With a hero.", "--watch")
    assert made.code == 0, made.err
    assert "· Analyzing requirements..." in made.out
    assert "[0] Which framework?" in made.out
    task_id = shell("tasks", "list").out.split("\t")[0]

    replied = shell("tasks", "reply", task_id, "-a", "0=Vue", "-a", "1=Auth", "-a", "1=Own words")
    assert replied.code == 0, replied.err
    assert "Shall I use TypeScript?" in shell("tasks", "watch", task_id).out
    assert shell("tasks", "reply", task_id, "Yes").code == 0
    assert "Draft" in shell("tasks", "watch", task_id).out
    assert shell("tasks", "reject", task_id, "--reason", "More").code == 0
    assert "Done" in shell("tasks", "watch", task_id).out
    assert shell("tasks", "approve", task_id).code == 0

    target = tmp_path / "files"
    result = shell("tasks", "result", task_id, "--to", str(target), "--json")
    assert result.json["result_text"] == "Done"
    assert result.json["saved"] == [
        {"name": "src/App.tsx", "path": "src/App.tsx", "size_bytes": 20}
    ]
    assert (target / "src" / "App.tsx").read_text() == "export const a = 1;\n"
    log = shell("tasks", "events", task_id, "--json").json["events"]
    assert {"question", "reply", "message_to_customer", "solution_proposed"} <= {
        event["type"] for event in log
    }
    assert shell("tasks", "cancel", task_id).code == Exit.REFUSED
    assert shell("tasks", "approve", task_id).code == Exit.REFUSED


def test_plans_are_proposed_and_decided(hall: ServedHall, shell: Shell) -> None:
    shell.set(HIRINGHALL_URL=hall.url, HIRINGHALL_API_KEY=hall.key())
    task_id = shell("tasks", "create", "Page", "-d", "D", "--approve-plan").out.strip()
    for reply in ("React", "Yes"):
        assert shell("tasks", "watch", task_id).code == 0
        assert shell("tasks", "reply", task_id, reply).code == 0
    assert shell("tasks", "watch", task_id, "--timeout", "60").code == 0
    assert "Plan: Page" in shell("tasks", "plan", task_id).out
    assert shell("tasks", "plan", task_id, "--approve").code == 0
    watched = shell("tasks", "watch", task_id, "--json")
    status = json.loads(watched.lines[-1])["status"]
    assert status["status"] == "awaiting_solution_approval"


def test_cancel_ends_a_watch_with_a_code(hall: ServedHall, shell: Shell) -> None:
    shell.set(HIRINGHALL_URL=hall.url, HIRINGHALL_API_KEY=hall.key())
    task_id = shell("tasks", "create", "T", "-d", "D").out.strip()
    assert shell("tasks", "cancel", task_id).code == 0
    assert shell("tasks", "cancel", task_id).code == 0
    assert shell("tasks", "watch", task_id).code == Exit.FAILED


def test_creating_again_with_the_same_key_creates_nothing(hall: ServedHall, shell: Shell) -> None:
    shell.set(HIRINGHALL_URL=hall.url, HIRINGHALL_API_KEY=hall.key())
    once = ("tasks", "create", "T", "--idempotency-key", "k1")
    first = shell(*once, "-d", "D")
    assert shell(*once, "-d", "D").out == first.out
    assert shell(*once, "-d", "other").code == Exit.REFUSED
    assert len(shell("tasks", "list").lines) == 1


def test_audit_and_books_beside_a_server(hall: ServedHall, shell: Shell, database_url: str) -> None:
    shell.set(HIRINGHALL_URL=hall.url, HIRINGHALL_API_KEY=hall.key())
    task_id = shell("tasks", "create", "T", "-d", "D").out.strip()
    shell("tasks", "watch", task_id)
    there = ("--data-dir", str(hall.data_dir), "--database-url", database_url)
    audited = shell("audit", "--json", *there)
    assert audited.code == 0, audited.err
    assert audited.json["ok"] is True
    assert audited.json["tasks"] == 1
    assert audited.json["problems"] == []
    books = shell("ledger", "check", "--json", *there)
    assert books.json["ok"] is True
    assert "Everything holds." in shell("audit", *there).out


def test_a_check_of_no_hall_makes_none(shell: Shell, tmp_path: Path) -> None:
    for command in (("audit",), ("ledger", "check")):
        missing = shell(*command, "--data-dir", str(tmp_path / "none"))
        assert missing.code == Exit.NOT_FOUND
    assert not (tmp_path / "none").exists()


def test_openapi_is_the_doors_own(hall: ServedHall, shell: Shell) -> None:
    import httpx

    printed = shell("openapi").json
    served = httpx.get(f"{hall.url}/agentwork/openapi.json").json()
    assert printed["paths"] == served["paths"]
    assert printed["openapi"].startswith("3.1")
    assert shell("openapi", "nonsense").code == Exit.NOT_FOUND
