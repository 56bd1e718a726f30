"""What the hall asks models and what they say: quoted as material, and read as hostile input."""

import json
from typing import Any, cast

MOST_SHOWN_LENGTH = 20_000
"""How much of one text a model is shown."""


def quoted(parts: tuple[tuple[str, str], ...], *, mark: str) -> str:
    """Texts between markers; `mark` is drawn for this question, so that no text can hold it."""
    return "\n\n".join(f"<{mark} {name}>\n{_cut(text)}\n</{mark} {name}>" for name, text in parts)


def object_in(text: str) -> dict[str, Any] | None:
    """The one JSON object of an answer, whatever stands around it; None where there is none."""
    begin, end = text.find("{"), text.rfind("}")
    try:
        told = json.loads(text[begin : end + 1]) if 0 <= begin < end else None
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", told) if isinstance(told, dict) else None


def clean(text: str, most: int) -> str:
    """A model's text without what no database keeps: NUL, and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:most]


def _cut(text: str) -> str:
    if len(text) <= MOST_SHOWN_LENGTH:
        return text
    return f"{text[:MOST_SHOWN_LENGTH]}\n[{len(text) - MOST_SHOWN_LENGTH} further characters]"
