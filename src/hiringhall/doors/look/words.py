"""Every English text of the pages, read from the one file that they stand in."""

import functools
import tomllib
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("words.toml")


@functools.cache
def _all() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))


def word(name: str, /, **values: object) -> str:
    """The text of a name such as `sign_in.title`, with its values put in; raises KeyError."""
    section, _, key = name.partition(".")
    text: str = _all()[section][key]
    return text.format(**values) if values else text


def word_or(name: str, otherwise: str) -> str:
    """The text of a name, or another where the file has none."""
    section, _, key = name.partition(".")
    return str(_all().get(section, {}).get(key, otherwise))
