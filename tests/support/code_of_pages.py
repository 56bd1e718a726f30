"""The code that pages show: blocks by language, and what stands between single backticks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SHELLS = ("console", "bash", "sh")

_FENCE = re.compile(r"^ *```([a-z]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, what is in it, and the heading it stands under."""

    language: str
    text: str
    heading: str


def blocks(page: Path) -> list[Block]:
    """A page's fenced blocks, in order."""
    text = page.read_text()
    found: list[Block] = []
    for match in _FENCE.finditer(text):
        headings = re.findall(r"^#+ (.+)$", _without_blocks(text[: match.start()]), re.MULTILINE)
        found.append(Block(match[1], match[2], headings[-1] if headings else ""))
    return found


def snippets(page: Path) -> Iterator[str]:
    """Every piece of code in a page, with lines that go on joined."""
    for block in blocks(page):
        yield block.text.replace("\\\n", " ")
    yield from _INLINE.findall(_without_blocks(page.read_text()))


def _without_blocks(text: str) -> str:
    return _FENCE.sub("", text)
