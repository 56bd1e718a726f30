"""Holds the project to its shape: files and functions stay small, and nothing foreign gets in."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repository import ROOT, shown, tracked

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 70

_FOREIGN = {
    # What belongs to one machine or one network must not be in anybody's clone.
    "a registry's address": r"(pythonhosted|pypi|npmjs)\.org|(?<!no-emit-)index-url\b",
    "a path of one machine": r"(?<![\w.])/(work/(main|shared)|opt/pypi|root/\.\w|tmp/hall)\b",
    "a merge's leftovers": r"^(<{7}|>{7}) ",
    "a secret key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
}
_REQUIREMENT = re.compile(r"([a-z0-9-]+)==(\S+)( ; [^\\]+)? \\")


def test_files_are_short() -> None:
    lengths = {
        shown(path): len(path.read_text().splitlines())
        for path in _sources()
        if not _is_table(path)
    }
    assert {name: n for name, n in lengths.items() if n > MAX_FILE_LINES} == {}


def test_functions_are_short() -> None:
    lengths = {
        f"{shown(path)}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in _sources()
        for node in _functions(ast.parse(path.read_text(), path))
    }
    assert {name: n for name, n in lengths.items() if n > MAX_FUNCTION_LINES} == {}


def test_modules_say_why_they_exist() -> None:
    silent = [
        shown(path)
        for path in _sources()
        if path.read_text().strip() and not _opening(path).rstrip().endswith((".", "?"))
    ]
    assert silent == [], "each module opens with one sentence"


@pytest.mark.parametrize("what", _FOREIGN)
def test_nothing_foreign_is_committed(what: str) -> None:
    pattern = re.compile(_FOREIGN[what], re.MULTILINE)
    found = [
        f"{shown(path)}: {match.group().strip()}"
        for path in tracked()
        if path != Path(__file__)
        if (match := pattern.search(path.read_text(errors="replace")))
    ]
    assert found == []


@pytest.mark.parametrize("lock", tracked("requirements/*.txt"), ids=lambda path: path.name)
def test_locks_pin_by_hash_and_name_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert _REQUIREMENT.match(block), block
        assert "--hash=sha256:" in block, block


def test_the_locks_agree() -> None:
    """What is tested is what is shipped: `dev` holds everything of `base`, in the same versions."""
    base, dev = _pins("base"), _pins("dev")
    assert base.items() <= dev.items(), base.items() - dev.items()


def test_what_the_project_asks_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {re.split(r"[^\w-]", line)[0] for line in project["dependencies"]}
    assert asked <= _pins("base").keys()


def _sources() -> tuple[Path, ...]:
    # Migrations are generated, and are tables of data.
    return tuple(path for path in tracked("*.py") if path.parent.name != "versions")


def _is_table(path: Path) -> bool:
    """Whether a module is data and hardly anything else: a table is read by looking things up."""
    lines = {"data": 0, "code": 0}
    for node in ast.parse(path.read_text(), path).body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            kind = "data" if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr) else "code"
            lines[kind] += (node.end_lineno or 0) - node.lineno + 1
    return lines["data"] > 20 * lines["code"]


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _opening(path: Path) -> str:
    """The first paragraph of a module's docstring."""
    return (ast.get_docstring(ast.parse(path.read_text(), path)) or "").split("\n\n")[0]


def _pins(lock: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    return {name: version for name, version, _ in _REQUIREMENT.findall(text)}
