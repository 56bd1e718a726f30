"""The words of the pages stand in one folder: each that is used is there, each there is used."""

import re
from pathlib import Path

from hiringhall.actions.following import TYPES
from hiringhall.domain.tasks import State
from hiringhall.doors import look
from hiringhall.doors.look.words import all_words

LOOK = Path(look.__file__).parent
WORDS = all_words()
NAMED = re.compile(r"""(?:\bt|\bt_or|\bword|\bword_or)\(\s*f?["']([a-z_0-9]+\.[a-z_0-9]*)""")
BY_VALUE = re.compile(r"""["']([a-z_]+)\.(?:["'] ~|\{)""")


def _used() -> tuple[set[str], set[str]]:
    """Names that are asked for, and sections that are asked for by a value."""
    texts = [path.read_text() for path in (LOOK / "templates").rglob("*.html")]
    doors = LOOK.parent
    texts += [path.read_text() for path in doors.rglob("*.py") if path.parent.name != "built"]
    text = "\n".join(texts)
    quoted = set(re.findall(r"""["']([a-z_]+\.[a-z_0-9]+)["']""", text))
    by_value = set(BY_VALUE.findall(text))
    quoted = {one for one in quoted if one.partition(".")[2] not in {"html", "css", "js", "svg"}}
    return {one for one in NAMED.findall(text) if not one.endswith(".")} | quoted, by_value


def _there() -> set[str]:
    return {f"{section}.{key}" for section, keys in WORDS.items() for key in keys}


def test_each_word_that_is_used_is_there() -> None:
    used = {one for one in _used()[0] if one.partition(".")[0] in WORDS}
    assert used - _there() == set()


def test_each_word_there_is_used() -> None:
    used, by_value = _used()
    unused = {one for one in _there() - used if one.partition(".")[0] not in by_value}
    assert unused == set()


def test_templates_have_no_style_or_script_of_their_own() -> None:
    for path in (LOOK / "templates").rglob("*.html"):
        text = path.read_text()
        assert re.search(r"\s(style|on[a-z]+)\s*=", text) is None, path
        assert re.search(r"<style|<script(?! src=)|javascript:|\| ?safe\b", text) is None, path


def test_what_is_named_by_a_value_has_every_value() -> None:
    assert {one.value for one in State} == WORDS["state"].keys()
    assert set(TYPES) == WORDS["event"].keys() - {"reported_mark"}
