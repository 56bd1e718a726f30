"""Names of delivered files lead nowhere but into the folder where a client saves them."""

from pathlib import Path

import pytest

from hiringhall.domain.tasks import State
from hiringhall.queries.tasks import task_result
from hiringhall.store.database import Database
from hiringhall.workers.file_names import safe_name
from hiringhall.workers.runtimes.rehearsal import Turn
from tests.support.halls import carrying, post, sign_up


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("src/App.tsx", "src/App.tsx"),
        (".github/workflows/ci.yml", ".github/workflows/ci.yml"),
        ("ein schöner Name.txt", "ein schöner Name.txt"),
        ("/etc/passwd", "etc/passwd"),
        ("../../evil.txt", "evil.txt"),
        ("a/../../b", "a/b"),
        ("a//./b/", "a/b"),
        ("..\\..\\evil.txt", "evil.txt"),
        ("\\\\server\\share\\x", "server/share/x"),
        ("C:\\x", "C_/x"),
        ("C:x", "C_x"),
        (".. /... /x", "x"),
        ("a\x00b\n\x1b[31m\x7f\u2028.txt", "a_b__[31m__.txt"),
        ("photo\u202egpj.exe", "photo_gpj.exe"),
        ("bad\udcff.bin", "bad_.bin"),
        ("", "file"),
        ("../..", "file"),
    ],
)
def test_it_leads_nowhere_else(name: str, safe: str) -> None:
    assert safe_name(name) == safe
    assert safe_name(safe) == safe


def test_it_is_as_short_as_file_systems_want_and_keeps_its_ending() -> None:
    long = safe_name("ü" * 300 + ".tar")
    assert len(long.encode()) <= 255
    assert long.endswith("ü.tar")
    deep = safe_name("/".join(["folder"] * 400) + "/last.txt")
    assert len(deep) <= 1_000
    assert deep.endswith("/folder/last.txt")


def test_two_that_become_one_get_a_number() -> None:
    taken: set[str] = set()
    for name in ("a/x.txt", "/a/x.txt", "../a/x.txt", "x" * 300, "x" * 301):
        taken.add(safe_name(name, taken=taken))
    assert taken == {
        *("a/x.txt", "a/x (2).txt", "a/x (3).txt"),
        *("x" * 255, "x" * 251 + " (2)"),
    }


def test_a_file_and_a_folder_never_have_one_name() -> None:
    taken: set[str] = set()
    for name in ("odd/a", "odd/...", "b", "b\\c", "b\\d\\e"):
        taken.add(safe_name(name, taken=taken))
    assert taken == {"odd/a", "odd (2)", "b", "b_c", "b_d_e"}


@pytest.mark.anyio
async def test_what_is_delivered_bears_them(database: Database, tmp_path: Path) -> None:
    turn = Turn(solution="Done", files={"../evil.txt": "1", "/evil.txt": "2", "b": "3"})
    async with carrying(database, tmp_path, turn) as house:
        ada = await sign_up(house.hall)
        task = await post(house.hall, ada)
        await house.until(ada, task.id, State.IN_REVIEW)
        result = await task_result(house.hall, actor=ada, task_id=task.id)
    assert [file.name for file in result.files] == ["b", "evil (2).txt", "evil.txt"]
