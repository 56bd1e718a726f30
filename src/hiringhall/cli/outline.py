"""Reads how a task is split from a file in TOML or JSON, with shares as people write them."""

import json
import tomllib
from collections.abc import Callable
from typing import Any, cast

from hiringhall.cli.native import Item, cents_of
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.texts import read_text


def outline_of(file: str) -> Item:
    """The parts of an outline, and what else it says; - is standard input. Raises CommandError.

    It is what the native API takes, or its list of parts alone. A part may say its `share` as an
    amount ("20.00") in place of `share_cents`. Whether the plan is sound is the hall's to judge.
    """
    text = read_text(file)
    found = _parsed(file, text)
    outline: Item = {"subtasks": found} if isinstance(found, list) else cast("Item", found)
    if not isinstance(found, list | dict) or not isinstance(outline.get("subtasks"), list):
        raise CommandError(
            "An outline has its parts as subtasks: see 'hiringhall task-force plan --help'.",
            Exit.USAGE,
        )
    return {**outline, "subtasks": [_part(one) for one in outline["subtasks"]]}


def _parsed(file: str, text: str) -> object:
    """What a text holds: TOML by its name, JSON by its name or its first character."""
    is_json = file.endswith(".json") or (
        not file.endswith(".toml") and text.lstrip().startswith(("{", "["))
    )
    # A part of an array of tables in TOML begins with two brackets.
    is_json = is_json and not (file == "-" and text.lstrip().startswith("[["))
    read = cast("Callable[[str], Any]", json.loads if is_json else tomllib.loads)
    try:
        # Dates of TOML are texts to the hall.
        return json.loads(json.dumps(read(text), default=str))
    except (ValueError, RecursionError) as error:
        kind = "JSON" if is_json else "TOML"
        why = "it is nested too deeply" if isinstance(error, RecursionError) else f"{error}"
        raise CommandError(f"{file} cannot be read as {kind}: {why}.", Exit.USAGE) from None


def _part(part: object) -> object:
    if not isinstance(part, dict) or "share" not in part:
        return cast("object", part)
    given = cast("Item", part)
    rest = {name: value for name, value in given.items() if name != "share"}
    return {**rest, "share_cents": cents_of(str(given["share"]), "share")}
