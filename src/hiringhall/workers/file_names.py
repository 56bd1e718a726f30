"""Makes a worker's names of files safe to save by, on any system, in a folder of one's own."""

import unicodedata
from collections.abc import Collection

MAX_PART_BYTES = 255
MAX_NAME_CHARACTERS = 1_000
NAMELESS = "file"

_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that show a name in another order than it has."""
_LONGEST_ENDING = 20


def safe_name(name: str, *, taken: Collection[str] = ()) -> str:
    """A relative path with no way out, as close to `name` as can be, and none of `taken`.

    A backslash counts as a slash and `C:` is no drive, for the systems where that is so. Where
    another file has the name already it gets a number: `a.txt`, then `a (2).txt`. Where another
    file has the name of one of its folders, it goes without folders.
    """
    plain = "".join(_plain(letter) for letter in name.replace("\\", "/"))
    # Some systems drop spaces and dots at a name's end, so `.. ` and `...` may be `..` too.
    parts = [_cut(part, MAX_PART_BYTES) for part in plain.split("/") if part.strip(" .")]
    if parts and len(parts[0]) > 1 and parts[0][1] == ":":
        parts[0] = parts[0].replace(":", "_", 1)
    while len("/".join(parts)) > MAX_NAME_CHARACTERS:
        del parts[0]
    *folders, last = parts or [NAMELESS]
    if any("/".join(folders[:count]) in taken for count in range(1, len(folders) + 1)):
        folders, last = [], _cut("_".join([*folders, last]), MAX_PART_BYTES)
    number = 1
    chosen = "/".join([*folders, last])
    while chosen in taken or any(one.startswith(f"{chosen}/") for one in taken):
        number += 1
        chosen = "/".join([*folders, _numbered(last, number)])
    return chosen


def _plain(letter: str) -> str:
    odd = unicodedata.category(letter) in _UNPRINTABLE or letter in _TURNING
    return "_" if odd else letter


def _numbered(part: str, number: int) -> str:
    stem, ending = _split(part)
    mark = f" ({number}){ending}"
    return _cut_end(stem, MAX_PART_BYTES - len(mark.encode())) + mark


def _cut(part: str, limit_bytes: int) -> str:
    """The part, shortened in its stem where it is too long: what kind of file it is stays."""
    if len(part.encode()) <= limit_bytes:
        return part
    stem, ending = _split(part)
    return _cut_end(stem, limit_bytes - len(ending.encode())) + ending


def _split(part: str) -> tuple[str, str]:
    stem, dot, ending = part.rpartition(".")
    if not stem or len(ending) > _LONGEST_ENDING:
        return part, ""
    return stem, dot + ending


def _cut_end(text: str, limit_bytes: int) -> str:
    return text.encode()[:limit_bytes].decode(errors="ignore")
