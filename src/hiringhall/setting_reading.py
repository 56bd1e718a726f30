"""Reads one setting: a text or a number as what the setting is, between its bounds, or refused."""

import types
import typing
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from hiringhall.setting_forms import BOUNDS, FORMS, USUAL_BOUNDS

PREFIX = "HIRINGHALL_"


class SettingsError(Exception):
    """A setting that cannot be meant; the message names it and says what it takes."""


def convert(name: str, value: Any, kind: Any) -> Any:
    """A value out of TOML, the environment or an option, as its setting's type."""
    if isinstance(kind, types.UnionType):
        if value is None:
            return None
        kind = next(one for one in typing.get_args(kind) if one is not type(None))
    try:
        read = _READ.get(typing.get_origin(kind) or kind)
        return kind(value) if read is None else read(value)
    except (ValueError, TypeError) as error:
        raise SettingsError(
            f"{PREFIX}{name.upper()} cannot be {value!r}: it takes {_takes(kind)}"
        ) from error


def _list(value: Any) -> tuple[str, ...]:
    parts: list[Any] = value.split(",") if isinstance(value, str) else list(value)
    return tuple(str(part).strip() for part in parts if str(part).strip())


def _count(value: Any) -> int:
    if isinstance(value, bool | float) or (number := int(value)) < 0:
        raise ValueError("not a count")
    return number


def _truth(value: Any) -> bool:
    word = str(value).strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise ValueError("not a truth")


_READ: dict[Any, Callable[[Any], Any]] = {bool: _truth, int: _count, tuple: _list}


def _takes(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return " or ".join(word.value for word in kind)
    return _TAKES.get(kind, "a text")


_TAKES: dict[Any, str] = {bool: "1 or 0", int: "a whole number from 0", Path: "a path"}


def judge(name: str, value: Any) -> None:
    """Refuse at the start what would fail, or silently not work, in the middle of the service."""
    if isinstance(value, tuple):
        for part in typing.cast("tuple[str, ...]", value):
            judge(name, part)
        return
    takes = ""
    if isinstance(value, int) and not isinstance(value, bool):
        least, most = BOUNDS.get(name, USUAL_BOUNDS)
        if not least <= value <= most:
            takes = f"a whole number from {least} to {most}"
    elif isinstance(value, str) and name in FORMS:
        fits, takes_in_words = FORMS[name]
        takes = "" if fits(value) else takes_in_words
    if takes:
        # Not the value of a secret, nor of an address: there may be a password in it.
        hidden = {"url", "key", "email", "secret"} & set(name.split("_"))
        given = "what it is" if hidden else repr(value)
        raise SettingsError(f"{PREFIX}{name.upper()} cannot be {given}: it takes {takes}")
