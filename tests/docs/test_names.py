"""What the pages name exists: settings, commands, options; and their blocks can be read."""

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from hiringhall.cli.main import app
from hiringhall.settings import describe
from tests.support.code_of_pages import SHELLS, blocks, snippets
from tests.support.repository import shown, tracked

PAGES = tracked("*.md")

_VARIABLE = re.compile(r"\bHIRINGHALL_[A-Z][A-Z0-9_]*")
_COMMAND = re.compile(r"(?:(?<![\w/.-])|(?<=bin/))hiringhall((?: +[^\s#|;&)]+)+)")


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_variables_are_settings_or_read_somewhere(page: Path) -> None:
    assert set(_VARIABLE.findall(page.read_text())) - _variables() == set()


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_commands_and_their_options_exist(page: Path) -> None:
    lines = [line for code in snippets(page) for line in _COMMAND.findall(code)]
    assert [complaint for line in lines if (complaint := _complaint(line.split()))] == []


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_shell_blocks_can_be_read_by_a_shell(page: Path) -> None:
    for block in blocks(page):
        if block.language in SHELLS:
            read = subprocess.run(
                ["bash", "-n"], input=block.text, capture_output=True, text=True, check=False
            )
            assert read.stderr == "", block.text


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_json_blocks_are_json(page: Path) -> None:
    for block in blocks(page):
        if block.language == "json":
            json.loads(block.text)


def test_what_does_not_exist_is_found() -> None:
    assert _complaint(["tasks", "watch", "$task", "--until-done"]) is None
    assert _complaint(["admin", "…"]) is None
    assert _complaint(["admin", "role", "set", "x", "--", "ruff", "--fix"]) is None
    assert _complaint(["tasks", "wach"]) == "tasks wach"
    assert _complaint(["serve", "--data"]) == "serve --data"
    assert _complaint(["admin", "role", "set", "x", "--mounts=y"]) == "admin role set x --mounts=y"


def _complaint(words: list[str]) -> str | None:
    """The part of a command line up to the first word that does not exist; None when all do."""
    command: Any = typer.main.get_command(app)
    for count, word in enumerate(words, start=1):
        if word == "--":
            break
        option = word.partition("=")[0]
        if re.fullmatch(r"--?[a-z][a-z-]*", option):
            if option not in _options(command):
                return " ".join(words[:count])
        elif hasattr(command, "commands") and re.fullmatch(r"[a-z][a-z-]*", word):
            if word not in command.commands:
                return " ".join(words[:count])
            command = command.commands[word]
    return None


def _options(command: Any) -> set[str]:
    options = {"--help", "-h"}
    for parameter in command.params:
        options.update(parameter.opts)
        options.update(parameter.secondary_opts)
    return options


@cache
def _variables() -> frozenset[str]:
    """The settings, and every variable that stands in the code: clients', runs', the tests'."""
    named = {name for name, _, _ in describe()}
    for path in tracked("src/*.py", "tests/support/*.py"):
        named.update(_VARIABLE.findall(path.read_text()))
    return frozenset(named)
