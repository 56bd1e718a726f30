"""Every English text of the pages, read from the one folder that they stand in."""

import functools
import tomllib
from pathlib import Path

_FOLDER = Path(__file__).with_name("english")


@functools.cache
def all_words() -> dict[str, dict[str, str]]:
    """The texts by section and key; a section may go over several files, a key stands once."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        for section, words in tomllib.loads(path.read_text("utf-8")).items():
            known = found.setdefault(section, {})
            twice = known.keys() & words.keys()
            if twice:
                raise ValueError(f"{path.name}: [{section}] has {sorted(twice)} a second time")
            known |= words
    return found


def word(name: str, /, **values: object) -> str:
    """The text of a name such as `sign_in.title`, with its values put in; raises KeyError."""
    section, _, key = name.partition(".")
    text = all_words()[section][key]
    return text.format(**values) if values else text


def word_or(name: str, otherwise: str) -> str:
    """The text of a name, or another where the folder has none."""
    section, _, key = name.partition(".")
    return all_words().get(section, {}).get(key, otherwise)
