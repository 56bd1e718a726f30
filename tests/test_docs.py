"""The pages keep up with the project: links lead somewhere, decisions name a check that exists."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.support.pages import PRINTED
from tests.support.repository import ROOT, shown, tracked

PAGES = tracked("*.md")
DECISIONS = tracked("docs/decisions/*.md")
RECORDS = [path for path in DECISIONS if not path.name.startswith("0000-")]
SECTIONS = ["Context", "Decision", "What it costs", "Enforced by"]


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    local = [target for target in targets if "://" not in target and "NNNN" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_commands_of_make_exist(page: Path) -> None:
    """In code only: prose may make anything."""
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", page.read_text(), re.DOTALL))
    assert set(re.findall(r"\bmake ([a-z]+)\b", code)) <= _targets()


@pytest.mark.parametrize("path", PRINTED, ids=shown)
def test_printed_pages_are_up_to_date(path: Path) -> None:
    assert path.read_text() == PRINTED[path](), "print it again: make docs"


def test_the_readme_names_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text()
    assert re.search(r"^make demo\b", readme, re.MULTILINE)
    assert re.search(r"^make test\b", readme, re.MULTILINE)


def test_ci_calls_what_the_readme_names() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert re.findall(r"make (\w+)", script) == ["check", "test"]


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(len(DECISIONS)))


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_decision_is_one_page_in_the_usual_form(record: Path) -> None:
    text = record.read_text()
    assert text.startswith(f"# {record.name[:4]} ")
    assert re.search(r"^Status: (accepted|superseded by \[\d{4}\])", text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert len(text.splitlines()) <= 70


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_decision_names_a_check_that_exists(record: Path) -> None:
    enforced = record.read_text().partition("## Enforced by\n")[2]
    checks = re.findall(r"^- `([^`]+)`", enforced, re.MULTILINE)
    assert checks, "a decision that nothing checks is a wish"
    missing = [one for one in checks if not one.startswith("make ") and not (ROOT / one).exists()]
    assert missing == []
    # A line break in a quotation is the page's, not the name's.
    quoted = {re.sub(r"\s+", " ", name) for name in re.findall(r'"([^"]+)"', enforced)}
    assert quoted <= _contracts()


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def _contracts() -> set[str]:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    return {contract["name"] for contract in tools["importlinter"]["contracts"]}
